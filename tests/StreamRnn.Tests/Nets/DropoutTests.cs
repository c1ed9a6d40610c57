using StreamRnn.Nets;

namespace StreamRnn.Tests.Nets;

public class DropoutTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    [InlineData(0.95)]
    public void TrainingDropsTheStatedShareAndScalesTheRest(double rate)
    {
        const int Steps = 50, Batch = 20, Width = 21;
        using var tape = new DropoutLayer("dropout", Width, rate, new Seeded(3)).CreateTape(Steps, Batch);
        var (x, y) = (Enumerable.Repeat(2f, Steps * Batch * Width).ToArray(), new float[Steps * Batch * Width]);
        tape.Forward(Steps, x, [], y);
        var kept = (float)(1 / (1 - rate)) * 2;
        Assert.All(y, value => Assert.True(value == 0 || value == kept, $"{value} is neither 0 nor {kept}"));
        Assert.Equal(rate, y.Count(value => value == 0) / (double)y.Length, tolerance: 4 * Math.Sqrt(rate * (1 - rate) / y.Length) + 1e-12);
    }

    [Fact]
    public void AStepAndAPassThatIsNotForLearningDropNothing()
    {
        var layer = new DropoutLayer("dropout", 4, 0.5, new Seeded(3));
        var x = Draw.Normal(new Seeded(1), 3 * 2 * 4);
        var (y, dx) = (new float[x.Length], new float[x.Length]);
        using var tape = layer.CreateTape(3, 2);
        tape.Training = false;
        tape.Forward(3, x, [], y);
        tape.Backward(x, dx);
        Assert.Equal(x, y);
        Assert.Equal(x, dx);
        using var step = new Net(new Topology(new LayerSpec("dropout") { Rate = 0.5 }), 4).Prepare();
        using var bank = new StateBank(1, 6);
        step.Step(bank, [0, 1, 2, 3, 4, 5], x, y);
        Assert.Equal(x, y);
    }

    [Fact]
    public void GradientsPassWhereValuesPassed()
    {
        using var tape = new DropoutLayer("dropout", 30, 0.4, new Seeded(3)).CreateTape(5, 2);
        var ones = Enumerable.Repeat(1f, 300).ToArray();
        var (y, dx) = (new float[300], new float[300]);
        tape.Forward(5, ones, [], y);
        tape.Backward(ones, dx);
        Assert.Equal(y, dx);
    }

    [Fact]
    public void MasksComeFromTheSeedAndDifferFromChunkToChunkAndFromTwinToTwin()
    {
        var layer = new DropoutLayer("dropout", 30, 0.5, new Seeded(3));
        var masks = new[] { layer, layer, new DropoutLayer("dropout", 30, 0.5, new Seeded(3)), new DropoutLayer("dropout", 30, 0.5, new Seeded(4)), layer.Twin(), layer.Twin(), layer.Twin().Twin() }
            .Select(Chunks).ToList();
        Assert.Equal(masks[0], masks[1]);
        Assert.Equal(masks[0], masks[2]);
        Assert.Equal(6, masks.Skip(1).Select(mask => string.Concat(mask.Select(value => value > 0 ? 1 : 0))).Append(string.Concat(masks[0].Select(value => value > 0 ? 1 : 0))).Distinct().Count() + 1);
        Assert.NotEqual(masks[0][..60], masks[0][60..]);

        static float[] Chunks(Layer layer)
        {
            using var tape = layer.CreateTape(2, 1);
            var (ones, y) = (Enumerable.Repeat(1f, 60).ToArray(), new float[120]);
            tape.Forward(2, ones, [], y.AsSpan(0, 60));
            tape.Forward(2, ones, [], y.AsSpan(60));
            return y;
        }
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(0.96)]
    [InlineData(double.NaN)]
    public void ARateOutOfRangeIsRefusedWithTheRange(double rate)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DropoutLayer("dropout", 4, rate));
        var message = Assert.Throws<TopologyException>(() => new Net(new Topology(new LayerSpec("lstm") { Units = 2 }, new LayerSpec("dropout") { Rate = rate }), 1)).Message;
        Assert.Contains("layer 2 (dropout): 'rate'", message, StringComparison.Ordinal);
        Assert.Contains("0 to 0.95", message, StringComparison.Ordinal);
    }
}
