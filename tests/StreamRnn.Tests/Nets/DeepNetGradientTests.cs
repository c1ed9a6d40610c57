using StreamRnn.Nets;

namespace StreamRnn.Tests.Nets;

public class DeepNetGradientTests
{
    private const int Inputs = 3, Steps = 5, Batch = 3;

    [Theory]
    [MemberData(nameof(Cells.Data), MemberType = typeof(Cells))]
    public void GradientsThroughTwoRecurrentLayersDropoutAndADenseLayerAgreeWithFiniteDifferences(string cell)
    {
        var seeded = new Seeded(9);
        var net = new Net(Parse(cell), Inputs, seeded);
        foreach (var parameter in net.Parameters)
            foreach (ref var value in parameter.Values.AsSpan())
                value += (float)(0.1 * seeded.NextNormal());
        var (x, dy) = (Draw.Normal(seeded, Steps * Batch * Inputs), Draw.Normal(seeded, Steps * Batch * 2));
        using var tape = net.CreateTape(Steps, Batch);
        var expected = Outputs(net, x);
        var found = tape.Forward(Steps, x).ToArray();
        for (var n = 0; n < found.Length; n++)
            Assert.True(Math.Abs(expected[n] - found[n]) < 1e-5, $"y[{n}]: expected {expected[n]}, found {found[n]}");
        tape.Backward(dy);
        FiniteDifferences.Compare([.. net.Parameters.Select(p => (p.Name, p.Values, p.Gradients))], () => Outputs(net, x), dy);
    }

    [Fact]
    public void RowsHeldOutAreLookedAtWithoutDropping()
    {
        var net = new Net(Parse("gru"), Inputs, new Seeded(9));
        var x = Draw.Normal(new Seeded(1), Steps * Batch * Inputs);
        using var tape = net.CreateTape(Steps, Batch);
        tape.Training = false;
        var found = tape.Forward(Steps, x).ToArray();
        using var step = net.Prepare();
        using var bank = net.CreateBank(Batch);
        var y = new float[Batch * 2];
        for (var t = 0; t < Steps; t++)
        {
            step.Step(bank, [0, 1, 2], x.AsSpan(t * Batch * Inputs, Batch * Inputs), y);
            for (var n = 0; n < y.Length; n++)
                Assert.Equal(y[n], found[(t * y.Length) + n], 1e-6);
        }
    }

    private static Topology Parse(string cell) => Topology.Parse($$"""
        {"layers":[{"type":"{{cell}}","units":5},{"type":"dropout","rate":0.3},{"type":"{{cell}}","units":17},{"type":"dense","units":4,"activation":"tanh"},
        {"type":"rnnOutput","units":2,"activation":"identity","loss":"mse"}]}
        """);

    /// <summary>The net's forward pass in double, layer after layer; what dropout dropped is asked of a second tape of it.</summary>
    private static double[] Outputs(Net net, float[] x)
    {
        var values = DoubleCell.Widen(x);
        foreach (var layer in net.Layers)
            values = layer switch
            {
                RecurrentLayer recurrent => DoubleCell.Run(recurrent, Steps, Batch, values, new float[Batch * recurrent.StateWidth]),
                DropoutLayer dropout => [.. values.Zip(Mask(dropout), (value, factor) => value * factor)],
                DenseLayer dense => [.. Product(dense.W, dense.B, values).Select(Math.Tanh)],
                OutputLayer output => Product(output.W, output.B, values),
                _ => throw new InvalidOperationException($"{layer.GetType().Name} has no equations here: add them"),
            };
        return values;
    }

    private static double[] Mask(DropoutLayer dropout)
    {
        using var tape = dropout.CreateTape(Steps, Batch);
        var (ones, mask) = (Enumerable.Repeat(1f, Steps * Batch * dropout.Inputs).ToArray(), new float[Steps * Batch * dropout.Inputs]);
        tape.Forward(Steps, ones, [], mask);
        return DoubleCell.Widen(mask);
    }

    private static double[] Product(Parameter w, Parameter b, double[] x)
    {
        var (outputs, inputs) = (w.Shape[0], w.Shape[1]);
        var y = new double[x.Length / inputs * outputs];
        for (var n = 0; n < y.Length; n++)
        {
            y[n] = b.Values[n % outputs];
            for (var k = 0; k < inputs; k++)
                y[n] += w.Values[(n % outputs * inputs) + k] * x[(n / outputs * inputs) + k];
        }

        return y;
    }
}
