using System.Text.Json;
using StreamRnn.Nets;
using StreamRnn.Onnx;
using StreamRnn.Onnx.Export;
using StreamRnn.Onnx.Format;

namespace StreamRnn.Tests.Onnx;

/// <summary>Files of others, made by Files/make_files.py: PyTorch's own exporter, and Keras' plumbing.</summary>
public sealed class OnnxReadTests
{
    private const int Batch = 2;

    private static readonly JsonElement Expected = Load();

    [Theory]
    [InlineData("lstm", "lstm 5, rnnOutput 2")]
    [InlineData("lstm-fixed-shape", "lstm 5, rnnOutput 2")]
    [InlineData("lstm-two-layers-states", "lstm 5, lstm 5, rnnOutput 2")]
    [InlineData("lstm-alone-states", "lstm 5")]
    [InlineData("lstm-last-step-classes", "lstm 5, dense 4 relu, rnnOutput 3 softmax")]
    [InlineData("lstm-opset-9", "lstm 5, dense 5 tanh, rnnOutput 2")]
    [InlineData("lstm-change", "lstm 5, rnnOutput 3")]
    [InlineData("gru", "gru 5, rnnOutput 2")]
    [InlineData("gru-two-layers-unfolded", "gru 5, gru 5, rnnOutput 1")]
    [InlineData("rnn-states", "simpleRnn 5, rnnOutput 2 sigmoid")]
    [InlineData("keras-plumbing", "lstm 5, rnnOutput 2 sigmoid")]
    public void AFileOfAnotherRunsHereWithTheSameOutputs(string name, string layers)
    {
        var net = OnnxNets.Read(File(name)).Net;
        Assert.Equal(layers, string.Join(", ", net.Topology.Layers.Select(spec => $"{spec.Type} {spec.Units} {spec.Activation}".TrimEnd())));
        var expected = Expected.GetProperty(name);
        Assert.Equal(expected.GetProperty("inputs").GetInt32(), net.Inputs);
        Assert.Equal(expected.GetProperty("outputs").GetInt32(), net.Outputs);
        var x = Numbers(expected, "x");
        var steps = x.Length / Batch / net.Inputs;
        var y = OnnxNets.Step(net, steps, Batch, x);
        OnnxNets.Near(Numbers(expected, "y"), expected.GetProperty("last").GetBoolean() ? y[^(Batch * net.Outputs)..] : y, 1e-6, name);
    }

    [Fact]
    public void ANetReadFromPyTorchIsWrittenAndReadAgainToTheBit()
    {
        var net = OnnxNets.Read(File("lstm-two-layers-states")).Net;
        var back = OnnxNets.Read(OnnxNets.Bytes(net)).Net;
        Assert.Equal(net.Topology, back.Topology);
        Assert.All(net.Parameters.Zip(back.Parameters), pair => Assert.Equal(pair.First.Values, pair.Second.Values));
    }

    [Fact]
    public void ANetThatPredictsTheChangeSaysSo() => Assert.True(OnnxNets.Read(File("lstm-change")).Net.Topology.Layers[^1].Residual);

    [Fact]
    public void ANotedTopologyThatIsNotTheGraphsIsPassedOver()
    {
        var net = OnnxNets.Net("""{"layers":[{"type":"lstm","units":5},{"type":"rnnOutput","units":2,"loss":"mae"}]}""");
        Assert.Equal("mae", Noting(net.Topology.ToJson()).Layers[1].Loss);
        Assert.Equal("mse", Noting("""{"layers":[{"type":"lstm","units":6},{"type":"rnnOutput","units":2,"loss":"mae"}]}""").Layers[1].Loss);
        Assert.Equal("mse", Noting("""{"layers":[{"type":"lstm","units":5},{"type":"rnnOutput","units":2,"loss":"mae","activation":"tanh"}]}""").Layers[1].Loss);
        Assert.Equal("mse", Noting("""{"layers":[{"type":"gru","units":5},{"type":"rnnOutput","units":2,"loss":"mae"}]}""").Layers[1].Loss);
        Assert.Equal("mse", Noting("not a topology").Layers[1].Loss);

        Topology Noting(string topology)
        {
            var model = NetGraph.Of(net, new Dictionary<string, string> { ["streamrnn.topology"] = topology });
            return OnnxNets.Read(MessageWriter.Model(model)).Net.Topology;
        }
    }

    private static byte[] File(string name)
    {
        using var stream = typeof(OnnxReadTests).Assembly.GetManifestResourceStream($"OnnxFiles.{name}.onnx") ?? throw new InvalidOperationException($"{name}.onnx is not embedded in the test assembly");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static float[] Numbers(JsonElement file, string name) => [.. file.GetProperty(name).EnumerateArray().Select(number => (float)number.GetDouble())];

    private static JsonElement Load()
    {
        using var stream = typeof(OnnxReadTests).Assembly.GetManifestResourceStream("OnnxFiles.expected.json") ?? throw new InvalidOperationException("Files/expected.json is not embedded in the test assembly");
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }
}
