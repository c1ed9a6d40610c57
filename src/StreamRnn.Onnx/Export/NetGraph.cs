using System.Globalization;
using StreamRnn.Nets;
using StreamRnn.Onnx.Format;

namespace StreamRnn.Onnx.Export;

/// <summary>From a net to a graph.</summary>
internal sealed class NetGraph
{
    /// <summary>The version of the file's form that goes with <see cref="OnnxFile.Opset"/>.</summary>
    private const int IrVersion = 7;

    private static readonly Dim s_time = new(null, "time"), s_batch = new(null, "batch");

    private readonly List<NodeMessage> _nodes = [];
    private readonly List<TensorMessage> _initializers = [];
    private readonly List<PortMessage> _inputs = [];
    private readonly List<PortMessage> _states = [];

    private NetGraph()
    {
    }

    /// <exception cref="OnnxException">A layer or a loss cannot be written, or a weight is not finite.</exception>
    public static ModelMessage Of(Net net, IReadOnlyDictionary<string, string> metadata)
    {
        foreach (var parameter in net.Parameters)
            if (Array.FindIndex(parameter.Values, value => !float.IsFinite(value)) is var bad && bad >= 0)
                throw new OnnxException($"'{parameter.Name}' has {parameter.Values[bad]} at index {bad}; only finite weights can be written");
        var graph = new NetGraph();
        graph._inputs.Add(Port("x", s_time, s_batch, net.Inputs));
        var value = "x";
        for (var l = 0; l < net.Layers.Count; l++)
            value = graph.Add(net.Topology.Layers[l], net.Layers[l], l + 1, value);
        if (net.Topology.Layers[^1].Residual)
            value = graph.AddInput(net, value);
        graph.Name(value, "y");
        return new ModelMessage(new GraphMessage("net")
        {
            Nodes = graph._nodes,
            Initializers = graph._initializers,
            Inputs = graph._inputs,
            Outputs = [Port("y", s_time, s_batch, net.Outputs), .. graph._states],
        })
        {
            IrVersion = IrVersion,
            Producer = "streamrnn",
            Opsets = new Dictionary<string, long> { [""] = OnnxFile.Opset },
            Metadata = metadata,
        };
    }

    /// <returns>The name of what the layer gives, (T, B, O).</returns>
    private string Add(LayerSpec spec, Layer layer, int number, string x) => layer switch
    {
        LstmLayer lstm => Lstm(lstm, null, number, x),
        GravesLstmLayer graves => Lstm(graves, graves.P, number, x),
        GruLayer gru => Gru(gru, number, x),
        SimpleRnnLayer rnn => Rnn(rnn, number, x),
        DenseLayer dense => Dense(dense.W, dense.B, spec, number, x),
        OutputLayer output => Dense(output.W, output.B, spec, number, x),
        DropoutLayer => x,
        _ => throw new OnnxException($"layer {number} is '{spec.Type}', which cannot be written as ONNX"),
    };

    private string Lstm(RecurrentLayer layer, Parameter? peepholes, int number, string x)
    {
        var n = Name(number);
        var inputs = new List<string> { x, Tensor($"w_{n}", layer.W, Gates.Lstm), Tensor($"r_{n}", layer.U, Gates.Lstm) };
        inputs.Add(Biases(n, Gates.ToOnnx(layer.B.Values, Gates.Lstm), new float[layer.B.Values.Length]));
        inputs.AddRange(["", State($"h0_{n}", layer.Units), State($"c0_{n}", layer.Units)]);
        if (peepholes is not null)
            inputs.Add(Tensor($"p_{n}", [1, 3 * layer.Units], Gates.ToOnnx(peepholes.Values, Gates.Peepholes)));
        Node("LSTM", $"lstm_{n}", [.. inputs], [$"all_{n}", Final($"hn_{n}", layer.Units), Final($"cn_{n}", layer.Units)], Int("hidden_size", layer.Units));
        return WithoutDirections(n);
    }

    private string Gru(GruLayer layer, int number, string x)
    {
        var (n, gates, units) = (Name(number), layer.B.Values, layer.Units);
        // Ours has blocks r z n m; ONNX has z r n of the input and z r m of the state, of which z and r are added.
        var biases = Biases(n, Gates.ToOnnx(gates.AsSpan(0, 3 * units), Gates.Gru), [.. new float[2 * units], .. gates[(3 * units)..]]);
        Node("GRU", $"gru_{n}", [x, Tensor($"w_{n}", layer.W, Gates.Gru), Tensor($"r_{n}", layer.U, Gates.Gru), biases, "", State($"h0_{n}", units)], [$"all_{n}", Final($"hn_{n}", units)],
            Int("hidden_size", units), Int("linear_before_reset", 1));
        return WithoutDirections(n);
    }

    private string Rnn(SimpleRnnLayer layer, int number, string x)
    {
        var (n, units) = (Name(number), layer.Units);
        Node("RNN", $"rnn_{n}", [x, Tensor($"w_{n}", layer.W, Gates.Rnn), Tensor($"r_{n}", layer.U, Gates.Rnn), Biases(n, layer.B.Values, new float[units]), "", State($"h0_{n}", units)],
            [$"all_{n}", Final($"hn_{n}", units)], Int("hidden_size", units));
        return WithoutDirections(n);
    }

    /// <summary>ONNX has two biases for each gate, which it adds.</summary>
    private string Biases(string n, float[] ofInput, float[] ofState) => Tensor($"b_{n}", [1, ofInput.Length + ofState.Length], [.. ofInput, .. ofState]);

    private string Dense(Parameter w, Parameter b, LayerSpec spec, int number, string x)
    {
        var n = Name(number);
        var (outputs, inputs) = (w.Shape[0], w.Shape[1]);
        var transposed = new float[w.Values.Length];
        for (var output = 0; output < outputs; output++)
            for (var input = 0; input < inputs; input++)
                transposed[input * outputs + output] = w.Values[output * inputs + input];
        Node("MatMul", $"product_{n}", [x, Tensor($"w_{n}", [inputs, outputs], transposed)], [$"product_{n}_out"]);
        Node("Add", $"sum_{n}", [$"product_{n}_out", Tensor($"b_{n}", [outputs], b.Values)], [$"sum_{n}_out"]);
        if (Phi.Operator(spec) is not { } activation)
            return $"sum_{n}_out";
        Node(activation, $"activation_{n}", [$"sum_{n}_out"], [$"activation_{n}_out"], activation == "Softmax" ? [Int("axis", -1)] : []);
        return $"activation_{n}_out";
    }

    /// <summary>y + x, or y + E x where a value that goes in moves several that come out.</summary>
    private string AddInput(Net net, string y)
    {
        var moved = "x";
        var map = ResidualMap.Of(net.Output!.Loss);
        if (!ResidualMap.IsIdentity(map, net.Inputs))
        {
            Node("MatMul", "spread", ["x", Tensor("e", [net.Inputs, net.Outputs], map)], ["spread_out"]);
            moved = "spread_out";
        }

        Node("Add", "residual", [y, moved], ["residual_out"]);
        return "residual_out";
    }

    /// <summary>What the last layer gives is the graph's output; of a net without a layer that does something, the input is.</summary>
    private void Name(string value, string output)
    {
        if (_nodes.Count == 0)
            Node("Identity", "nothing", [value], [output]);
        else
            _nodes[^1] = _nodes[^1] with { Outputs = [.. _nodes[^1].Outputs.Select(name => name == value ? output : name)] };
    }

    /// <summary>A recurrent operator gives (T, directions, B, H).</summary>
    private string WithoutDirections(string n)
    {
        var axes = $"axes_{n}";
        _initializers.Add(new TensorMessage(axes, [1]) { Type = ElementType.Int64, Ints = [1] });
        Node("Squeeze", $"squeeze_{n}", [$"all_{n}", axes], [$"out_{n}"]);
        return $"out_{n}";
    }

    private string State(string name, int units)
    {
        _inputs.Add(Port(name, new Dim(1, null), s_batch, units));
        return name;
    }

    private string Final(string name, int units)
    {
        _states.Add(Port(name, new Dim(1, null), s_batch, units));
        return name;
    }

    private string Tensor(string name, Parameter parameter, int[] order) => Tensor(name, [1, .. parameter.Shape], Gates.ToOnnx(parameter.Values, order));

    private string Tensor(string name, IReadOnlyList<int> dims, float[] values)
    {
        _initializers.Add(new TensorMessage(name, dims) { Type = ElementType.Float, Floats = values });
        return name;
    }

    private void Node(string op, string name, string[] inputs, string[] outputs, params ReadOnlySpan<AttributeMessage> attributes) =>
        _nodes.Add(new NodeMessage(op, name, inputs, outputs) { Attributes = [.. attributes] });

    private static AttributeMessage Int(string name, long value) => new(name) { Int = value };

    private static PortMessage Port(string name, Dim first, Dim second, int width) => new(name, [first, second, new Dim(width, null)]);

    private static string Name(int layer) => layer.ToString(CultureInfo.InvariantCulture);
}
