using Microsoft.ML.OnnxRuntime;
using StreamRnn.Nets;
using StreamRnn.Onnx.Export;
using StreamRnn.Onnx.Format;

namespace StreamRnn.Benchmarks.Peers;

/// <summary>
/// ONNX Runtime with all that makes it fast: one thread (no hand-over), every optimisation, batch and time fixed, inputs and outputs bound to memory of ours so that nothing is copied or allocated.
/// The state goes to and fro between two sets of buffers. The graph is that of our file without what only names an output: the recurrent operators and their states.
/// </summary>
internal sealed class OnnxRuntimePeer : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly OrtIoBinding[] _bindings = new OrtIoBinding[2];
    private readonly List<OrtValue> _values = [];
    private readonly float[] _last;
    private int _turn;

    /// <param name="net">Of LSTM layers alone.</param>
    /// <param name="x">(B, I): what is read at every step; may be changed between steps.</param>
    public OnnxRuntimePeer(Net net, int batch, float[] x)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        options.AddFreeDimensionOverrideByName("batch", batch);
        options.AddFreeDimensionOverrideByName("time", 1);
        var file = MessageWriter.Model(StatesOnly(NetGraph.Of(net, new Dictionary<string, string>())));
        _session = new InferenceSession(file, options);
        var states = new[] { new Dictionary<string, OrtValue>(), new Dictionary<string, OrtValue>() };
        _last = [];
        for (var l = 1; l <= net.Layers.Count; l++)
            foreach (var part in new[] { 'h', 'c' })
                foreach (var side in states)
                {
                    var units = net.Layers[l - 1].Outputs;
                    var memory = new float[batch * units];
                    side[$"{part}{l}"] = Bound(memory, [1, batch, units]);
                    if (part == 'h' && side == states[1])
                        _last = memory;
                }

        var input = Bound(x, [1, batch, net.Inputs]);
        for (var side = 0; side < 2; side++)
        {
            var binding = _bindings[side] = _session.CreateIoBinding();
            binding.BindInput("x", input);
            for (var l = 1; l <= net.Layers.Count; l++)
                foreach (var part in new[] { 'h', 'c' })
                {
                    binding.BindInput($"{part}0_{l}", states[side][$"{part}{l}"]);
                    binding.BindOutput($"{part}n_{l}", states[1 - side][$"{part}{l}"]);
                }
        }
    }

    public static string Version => OrtEnv.Instance().GetVersionString();

    /// <summary>(B, H) of the last layer after an odd number of steps.</summary>
    public ReadOnlySpan<float> AfterOddStep => _last;

    public void Step()
    {
        _session.RunWithBinding(_options, _bindings[_turn]);
        _turn = 1 - _turn;
    }

    public void Dispose()
    {
        foreach (var binding in _bindings)
            binding.Dispose();
        foreach (var value in _values)
            value.Dispose();
        _options.Dispose();
        _session.Dispose();
    }

    private OrtValue Bound(float[] memory, long[] shape)
    {
        var value = OrtValue.CreateTensorValueFromMemory(memory, shape);
        _values.Add(value);
        return value;
    }

    private static ModelMessage StatesOnly(ModelMessage model)
    {
        var nodes = model.Graph.Nodes.SkipLast(1).ToList(); // the squeeze that makes y of the last layer's outputs
        nodes[^1] = nodes[^1] with { Outputs = ["", .. nodes[^1].Outputs.Skip(1)] };
        return model with { Graph = model.Graph with { Nodes = nodes, Outputs = [.. model.Graph.Outputs.Where(output => output.Name != "y")] } };
    }
}
