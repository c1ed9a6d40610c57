using StreamRnn.Nets;

namespace StreamRnn.Tests.Nets;

/// <summary>Nets that predict the change from the row that went in.</summary>
public sealed class ResidualTests
{
    private const int Width = 3, Steps = 6, Batch = 4;

    public static TheoryData<string> Losses => ["mse", "mae", "quantile", "studentT"];

    [Theory, MemberData(nameof(Losses))]
    public void TheWordIsTheSameAfterJson(string loss) => Assert.True(Topology.Parse(Of(loss, residual: true).ToJson()).Layers[^1].Residual);

    [Theory, MemberData(nameof(Losses))]
    public void LearningRowsIsLearningTheirChangesWithAPlainNet(string loss)
    {
        var (plain, residual) = (new Net(Of(loss, residual: false), Width, new Seeded(1)), new Net(Of(loss, residual: true), Width, new Seeded(1)));
        foreach (var (from, to) in plain.Parameters.Zip(residual.Parameters))
            from.Values.CopyTo(to.Values, 0);
        var seeded = new Seeded(2);
        var (x, rows) = (Draw.Normal(seeded, Steps * Batch * Width), Draw.Normal(seeded, Steps * Batch * Width));
        var changes = rows.Zip(x, (row, before) => row - before).ToArray();
        Assert.Equal(Learn(plain, x, changes), Learn(residual, x, rows), 1e-4);
        foreach (var (expected, found) in plain.Parameters.Zip(residual.Parameters))
            for (var n = 0; n < expected.Gradients.Length; n++)
                Assert.Equal(expected.Gradients[n], found.Gradients[n], 1e-4);
        Assert.Contains(residual.Parameters[0].Gradients, g => Math.Abs(g) > 1e-2);
    }

    [Theory, MemberData(nameof(Losses))]
    public void SteppingGivesWhatTrainingSaw(string loss)
    {
        var net = new Net(Of(loss, residual: true), Width, new Seeded(1));
        Draw.Normal(new Seeded(3), net.Parameters[^1].Values.Length).CopyTo(net.Parameters[^1].Values, 0);
        var x = Draw.Normal(new Seeded(2), Steps * Batch * Width);
        using var tape = net.CreateTape(Steps, Batch);
        var expected = tape.Forward(Steps, x).ToArray();
        using var step = net.Prepare();
        using var bank = net.CreateBank(Batch);
        var y = new float[Batch * net.Outputs];
        for (var t = 0; t < Steps; t++)
        {
            step.Step(bank, [0, 1, 2, 3], x.AsSpan(t * Batch * Width, Batch * Width), y);
            for (var n = 0; n < y.Length; n++)
                Assert.Equal(expected[(t * y.Length) + n], y[n], 1e-5);
        }
    }

    [Theory, MemberData(nameof(Losses))]
    public void ANewNetPredictsThatNothingChanges(string loss)
    {
        var net = new Net(Of(loss, residual: true), Width, new Seeded(1));
        using var step = net.Prepare();
        using var bank = net.CreateBank(1);
        var (y, point) = (new float[net.Outputs], new float[Width]);
        step.Step(bank, [0], [0.5f, -2, 7], y);
        net.Output!.Loss.Point(y, point);
        Assert.Equal(0.5, point[0], 1e-6);
        Assert.Equal(-2, point[1], 1e-6);
        Assert.Equal(7, point[2], 1e-6);
    }

    [Fact]
    public void ATwinKeepsTheWeights()
    {
        var net = new Net(Of("mse", residual: true), Width, new Seeded(1));
        net.Output!.W.Values[0] = 5;
        _ = net.Twin();
        Assert.Equal(5, net.Output.W.Values[0]);
    }

    private static double Learn(Net net, float[] x, float[] targets)
    {
        using var tape = net.CreateTape(Steps, Batch);
        var y = tape.Forward(Steps, x);
        var dz = new float[y.Length];
        var loss = net.Output!.Loss.Evaluate(y, targets, Enumerable.Repeat(1f, Steps * Batch).ToArray(), dz);
        tape.Backward(dz);
        return loss;
    }

    private static Topology Of(string loss, bool residual) =>
        new(new LayerSpec("lstm") { Units = 5 }, new LayerSpec("rnnOutput") { Units = Width, Loss = loss, Residual = residual });
}
