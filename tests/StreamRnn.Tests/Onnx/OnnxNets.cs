using StreamRnn.Nets;
using StreamRnn.Onnx;

namespace StreamRnn.Tests.Onnx;

/// <summary>Nets for the tests of ONNX files, and what they make of a sequence.</summary>
internal static class OnnxNets
{
    /// <summary>One net for every layer type and loss, and some of several layers.</summary>
    public static readonly string[] All =
    [
        """{"layers":[{"type":"lstm","units":5}]}""",
        """{"layers":[{"type":"lstm","units":20},{"type":"lstm","units":7},{"type":"rnnOutput","units":3,"loss":"mse"}]}""",
        """{"layers":[{"type":"dense","units":6,"activation":"relu"},{"type":"lstm","units":8},{"type":"dense","units":5,"activation":"tanh"},{"type":"rnnOutput","units":3,"activation":"sigmoid","loss":"mae"}]}""",
        """{"layers":[{"type":"dense","units":4},{"type":"dense","units":4,"activation":"sigmoid"},{"type":"rnnOutput","units":2,"activation":"relu"}]}""",
        """{"layers":[{"type":"gravesLstm","units":5},{"type":"rnnOutput","units":2}]}""",
        """{"layers":[{"type":"gru","units":5}]}""",
        """{"layers":[{"type":"gru","units":17},{"type":"dropout","rate":0.3},{"type":"gravesLstm","units":6},{"type":"simpleRnn","units":5},{"type":"rnnOutput","units":2}]}""",
        """{"layers":[{"type":"simpleRnn","units":6},{"type":"rnnOutput","units":4,"loss":"crossEntropy"}]}""",
        """{"layers":[{"type":"lstm","units":6},{"type":"rnnOutput","units":2,"activation":"sigmoid","loss":"crossEntropy"}]}""",
        """{"layers":[{"type":"lstm","units":6},{"type":"rnnOutput","units":2,"loss":"quantile","levels":[0.1,0.5,0.9]}]}""",
        """{"layers":[{"type":"lstm","units":6},{"type":"rnnOutput","units":2,"loss":"studentT","components":2}]}""",
        """{"layers":[{"type":"lstm","units":6},{"type":"rnnOutput","units":3,"residual":true}]}""",
        """{"layers":[{"type":"gru","units":6},{"type":"rnnOutput","units":3,"loss":"quantile","levels":[0.1,0.9],"residual":true}]}""",
        """{"layers":[{"type":"lstm","units":6},{"type":"rnnOutput","units":3,"loss":"studentT","components":2,"residual":true}]}""",
    ];

    public static TheoryData<string> Topologies => [.. All];

    public static Net Net(string topology, int inputs = 3, ulong seed = 1)
    {
        var seeded = new Seeded(seed);
        var net = new Net(Topology.Parse(topology), inputs, seeded);
        foreach (var parameter in net.Parameters)
            foreach (ref var weight in parameter.Values.AsSpan())
                weight += (float)(0.2 * seeded.NextNormal()); // no bias is zero
        return net;
    }

    public static byte[] Bytes(Net net, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var stream = new MemoryStream();
        OnnxFile.Write(stream, net, metadata);
        return stream.ToArray();
    }

    public static OnnxFile Read(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        return OnnxFile.Read(stream);
    }

    public static float[] Normal(int count, ulong seed = 2)
    {
        var seeded = new Seeded(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)seeded.NextNormal())];
    }

    /// <param name="x">(T, B, I).</param>
    /// <returns>(T, B, O).</returns>
    public static float[] Step(Net net, int steps, int batch, float[] x)
    {
        using var step = net.Prepare();
        using var bank = net.CreateBank(batch);
        var rows = Enumerable.Range(0, batch).ToArray();
        var y = new float[steps * batch * net.Outputs];
        for (var t = 0; t < steps; t++)
            step.Step(bank, rows, x.AsSpan(t * batch * net.Inputs, batch * net.Inputs), y.AsSpan(t * batch * net.Outputs, batch * net.Outputs));
        return y;
    }

    public static void Near(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, double tolerance, string what)
    {
        Assert.Equal(expected.Length, found.Length);
        for (var n = 0; n < expected.Length; n++)
            Assert.True(Math.Abs((double)expected[n] - found[n]) <= tolerance, $"{what}, index {n}: expected {expected[n]:R}, found {found[n]:R}");
    }
}
