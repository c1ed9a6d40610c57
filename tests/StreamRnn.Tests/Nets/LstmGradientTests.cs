using StreamRnn.Nets;
using StreamRnn.Nets.Training;

namespace StreamRnn.Tests.Nets;

public class LstmGradientTests
{
    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(3, 4, 7, 3)]
    [InlineData(5, 17, 6, 2)]
    [InlineData(2, 16, 9, 7)]
    public void GradientsOfTheLstmAgreeWithFiniteDifferences(int inputs, int units, int steps, int batch)
    {
        var seeded = new Seeded(42);
        var layer = new LstmLayer("lstm", inputs, units, seeded);
        var x = Draw.Normal(seeded, steps * batch * inputs);
        var h0 = Draw.Normal(seeded, batch * units, 0.5);
        var c0 = Draw.Normal(seeded, batch * units);
        var dh = Draw.Normal(seeded, steps * batch * units);
        using var tape = new LstmTape(layer, steps + 3, batch);
        var dx = new float[x.Length];
        tape.Forward(steps, x, [.. h0], [.. c0], new float[dh.Length]);
        tape.Backward(dh, dx);

        foreach (var parameter in layer.Parameters)
            Compare(parameter.Values, parameter.Gradients, parameter.Name);
        Compare(x, dx, "x");

        void Compare(float[] values, float[] gradients, string name)
        {
            for (var n = 0; n < values.Length; n += Math.Max(1, values.Length / 60))
            {
                var (value, step) = (values[n], 1 / 256f);
                values[n] = value + step;
                var (above, high) = (DoubleLstm.Loss(layer, steps, batch, x, h0, c0, dh), (double)values[n]);
                values[n] = value - step;
                var (below, low) = (DoubleLstm.Loss(layer, steps, batch, x, h0, c0, dh), (double)values[n]);
                values[n] = value;
                var expected = (above - below) / (high - low);
                Assert.True(Math.Abs(expected - gradients[n]) < 1e-3 * (1 + Math.Abs(expected)), $"{name}[{n}]: finite difference {expected}, backward {gradients[n]}");
            }
        }
    }

    [Fact]
    public void BackwardAddsToGradientsAndIsTheSameWithAndWithoutInputGradients()
    {
        var seeded = new Seeded(7);
        var layer = new LstmLayer("lstm", 5, 20, seeded);
        var (x, dh) = (Draw.Normal(seeded, 4 * 3 * 5), Draw.Normal(seeded, 4 * 3 * 20));
        using var tape = new LstmTape(layer, 4, 3);
        tape.Forward(4, x, new float[60], new float[60], new float[dh.Length]);
        tape.Backward(dh);
        var once = layer.U.Gradients.ToArray();
        Assert.Contains(once, g => g != 0);
        tape.Backward(dh, new float[x.Length]);
        Assert.Equal(once.Select(g => g + g), layer.U.Gradients);
    }

    [Fact]
    public void ACutChunkGoesForwardAsTheWholeBitwise()
    {
        var seeded = new Seeded(8);
        var layer = new LstmLayer("lstm", 3, 10, seeded);
        var x = Draw.Normal(seeded, 12 * 2 * 3);
        using var tape = new LstmTape(layer, 12, 2);
        var (h, c, whole) = (new float[20], new float[20], new float[12 * 20]);
        tape.Forward(12, x, h, c, whole);
        for (var cut = 1; cut < 12; cut++)
        {
            var (h2, c2, parts) = (new float[20], new float[20], new float[12 * 20]);
            tape.Forward(cut, x.AsSpan(0, cut * 6), h2, c2, parts.AsSpan(0, cut * 20));
            tape.Forward(12 - cut, x.AsSpan(cut * 6), h2, c2, parts.AsSpan(cut * 20));
            Assert.Equal(whole, parts);
            Assert.Equal(h, h2);
            Assert.Equal(c, c2);
        }
    }

    [Fact]
    public void TrainingTwiceFromOneSeedGivesTheSameBits() => Assert.Equal(Train(), Train());

    [Fact]
    public void ALstmLearnsToRememberAValueThatItSawManyStepsAgo()
    {
        var (first, last) = (0.0, 0.0);
        Train((step, loss) => (first, last) = (step == 0 ? loss : first, loss));
        Assert.True(last < 0.05 * first, $"the loss fell from {first} to {last} only");
    }

    /// <summary>The first input is to be told at the 12th step; the inputs between are noise.</summary>
    private static float[] Train(Action<int, double>? progress = null)
    {
        const int Steps = 12, Batch = 32, Units = 12;
        var seeded = new Seeded(3);
        var lstm = new LstmLayer("lstm", 1, Units, seeded);
        var dense = new DenseLayer("out", Units, 1, Activation.Identity, seeded);
        List<Parameter> all = [.. lstm.Parameters, .. dense.Parameters];
        var adam = new Adam(all);
        var schedule = new CosineSchedule(0.02, 0.001, 300);
        using var tape = new LstmTape(lstm, Steps, Batch);
        using var output = new DenseTape(dense, Batch);
        var (hs, dh) = (new float[Steps * Batch * Units], new float[Steps * Batch * Units]);
        var (y, dy) = (new float[Batch], new float[Batch]);
        for (var step = 0; step < schedule.Steps; step++)
        {
            var x = Draw.Normal(seeded, Steps * Batch);
            tape.Forward(Steps, x, new float[Batch * Units], new float[Batch * Units], hs);
            output.Forward(hs.AsSpan((Steps - 1) * Batch * Units), y);
            var loss = 0.0;
            for (var b = 0; b < Batch; b++)
            {
                dy[b] = 2 * (y[b] - x[b]) / Batch;
                loss += (y[b] - x[b]) * (y[b] - x[b]) / Batch;
            }

            Gradients.Clear(all);
            output.Backward(dy, dh.AsSpan((Steps - 1) * Batch * Units));
            tape.Backward(dh);
            Gradients.Clip(all, 1);
            adam.Step(schedule.At(step));
            progress?.Invoke(step, loss);
        }

        return [.. all.SelectMany(parameter => parameter.Values)];
    }
}
