using StreamRnn.Onnx.Format;

namespace StreamRnn.Onnx.Import;

/// <summary>
/// Finds the net in a graph. Every tensor's meaning is followed from node to node without running anything: weights, shapes, states, and the one sequence that flows through the layers.
/// What is not understood is carried on as <see cref="Unknown"/> with its reason, and refused where the net needs it; so the shape arithmetic around a net may be what it likes.
/// </summary>
internal sealed class GraphReader
{
    /// <summary>Squeeze and others have their present form from 7 on.</summary>
    private const long OldestOpset = 7;

    private static readonly Dictionary<string, Func<Call, GraphReader, IReadOnlyList<Value>>> s_operators = new(StringComparer.Ordinal)
    {
        ["LSTM"] = Recurrent.Lstm,
        ["GRU"] = Recurrent.Gru,
        ["RNN"] = Recurrent.Rnn,
        ["Gemm"] = Dense.Gemm,
        ["MatMul"] = Dense.MatMul,
        ["Add"] = Dense.Add,
        ["Relu"] = (call, reader) => Dense.Activate(call, reader, "relu"),
        ["Tanh"] = (call, reader) => Dense.Activate(call, reader, "tanh"),
        ["Sigmoid"] = (call, reader) => Dense.Activate(call, reader, "sigmoid"),
        ["Softmax"] = Dense.Softmax,
        ["Identity"] = (call, _) => [call[0]],
        ["Dropout"] = Plumbing.Dropout,
        ["Cast"] = Plumbing.Cast,
        ["Squeeze"] = Plumbing.Squeeze,
        ["Unsqueeze"] = Plumbing.Unsqueeze,
        ["Transpose"] = Plumbing.Transpose,
        ["Reshape"] = Reshaping.Reshape,
        ["Slice"] = Selection.Slice,
        ["Gather"] = Selection.Gather,
        ["Split"] = Selection.Split,
        ["Concat"] = Plumbing.Concat,
        ["Expand"] = Plumbing.Expand,
        ["Constant"] = Sizes.Constant,
        ["ConstantOfShape"] = Sizes.ConstantOfShape,
        ["Shape"] = Sizes.Shape,
    };

    private readonly GraphMessage _graph;
    private readonly long _opset;
    private readonly Dictionary<string, PortMessage> _ports = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Value> _values = new(StringComparer.Ordinal);

    private GraphReader(ModelMessage model)
    {
        _graph = model.Graph;
        if (!model.Opsets.TryGetValue("", out _opset))
            throw new OnnxException("the file does not say which version of ONNX's operators it uses: it is cut off, or not an ONNX file");
        if (_opset < OldestOpset)
            throw new OnnxException($"the file uses version {_opset} of ONNX's operators; supported are {OldestOpset} and newer: export it again with a newer opset");
    }

    /// <summary>The input whose values flow through the layers, once a layer has been met.</summary>
    public string? Source { get; private set; }

    /// <summary>Which axis time runs along, once a recurrent layer has been met.</summary>
    public Axis? Time { get; private set; }

    private Axis? Batch { get; set; }

    /// <returns>The last layer, whose path leads back to the input.</returns>
    /// <exception cref="OnnxException">The graph is no net that we can step; the message says which operator and node, and what is supported.</exception>
    public static Link Read(ModelMessage model)
    {
        var reader = new GraphReader(model);
        reader.Begin();
        foreach (var node in reader._graph.Nodes)
            reader.Follow(node);
        return reader.Result();
    }

    /// <summary>The size of an axis of the input, where the file says it.</summary>
    public long? SizeOf(Signal signal, Axis axis) =>
        axis.IsOne ? 1 : axis.IsValues ? WidthOf(signal) : axis.Of is [var one] ? _ports[signal.Source].Dims?[one].Size : null;

    /// <summary>Values of a step, where it is known.</summary>
    public int? WidthOf(Signal signal) => signal.Chain?.Units;

    /// <summary>The values that go into a layer.</summary>
    /// <exception cref="OnnxException">They are a state, a part of an input, or of another sequence.</exception>
    public Signal Flowing(Call call, Value value)
    {
        var signal = value switch
        {
            Unknown unknown => throw new OnnxException(unknown.Reason),
            Signal { Kind: SignalKind.Cell } => throw call.Refused("reads the cell state of a layer; layers can read hidden states only"),
            Signal { Cut: true } => throw call.Refused("reads a part of an input; supported is an input whose steps are read whole"),
            Signal { Chain: null } input => WithValues(input),
            Signal other => other,
            _ => throw call.Refused($"reads {Call.Named(value)}; expected are the values of a sequence"),
        };
        if (Source is not null && Source != signal.Source)
            throw call.Refused($"reads the input '{signal.Source}' where '{Source}' flows through the layers already; supported are nets of one input besides their states");
        if (!signal.Axes[^1].IsValues)
            throw call.Refused($"works along an axis that is not the values of a step (axes: {string.Join(", ", signal.Axes)})");
        Source = signal.Source;
        return signal with { Kind = SignalKind.Flow };
    }

    /// <summary>All recurrent layers run along the same axes.</summary>
    public void RunAlong(Call call, Axis time, Axis batch)
    {
        if (Time is null)
            (Time, Batch) = (time, batch);
        else if (!Time.Equals(time) || !Batch!.Equals(batch))
            throw call.Refused($"runs along {time} for sequences along {batch}; the layers before it run along {Time} for sequences along {Batch}: supported are layers that all run along the same axis");
    }

    /// <summary>Of an input, the last axis is the values of a step.</summary>
    private static Signal WithValues(Signal input) => input.Axes.Count == 0 || input.Axes[^1].IsValues || input.Axes[^1].Of.Count != 1
        ? input
        : input with { Axes = [.. input.Axes.Take(input.Axes.Count - 1), Axis.Values] };

    private void Begin()
    {
        foreach (var tensor in _graph.Initializers)
            Define(tensor.Name, Sizes.Of(tensor), "an initializer");
        foreach (var port in _graph.Inputs.Where(port => !_values.ContainsKey(port.Name))) // an input of that name besides an initializer only allows to replace it
        {
            _ports.Add(port.Name, port);
            Define(port.Name, port switch
            {
                { Type: not (ElementType.Float or ElementType.Undefined) } => new Unknown($"input '{port.Name}' has the element type {port.Type}; supported is float32"),
                { Dims: null or { Count: 0 } } => new Unknown($"input '{port.Name}' does not say how many axes it has"),
                { Dims: var dims } => new Signal(port.Name, [.. dims.Select((_, axis) => new Axis([axis]))]),
            }, "an input");
        }
    }

    private void Define(string name, Value value, string what)
    {
        if (!_values.TryAdd(name, value))
            throw new OnnxException($"'{name}' is made twice, the second time by {what}: the graph is damaged");
    }

    private void Follow(NodeMessage node)
    {
        var place = Call.PlaceOf(node);
        IReadOnlyList<Value> results;
        try
        {
            var inputs = new List<Value?>(node.Inputs.Count);
            foreach (var name in node.Inputs)
                inputs.Add(name.Length == 0 ? null
                    : _values.TryGetValue(name, out var value) ? value
                    : throw new OnnxException($"{place} reads '{name}', which no node before it makes: the graph is damaged"));
            var work = node.Domain.Length == 0 ? s_operators.GetValueOrDefault(node.Operator) : null;
            if (work is null)
                throw new OnnxException($"{place} is not supported; supported are {string.Join(", ", s_operators.Keys)}");
            if (inputs.OfType<Unknown>().FirstOrDefault() is { } unknown && node.Operator != "Expand") // of Expand only the first matters
                throw new OnnxException(unknown.Reason);
            var call = new Call(node, inputs, _opset);
            results = work(call, this);
            call.EveryAttributeWasAsked();
        }
        catch (OnnxException e)
        {
            results = [new Unknown(e.Message)];
        }

        for (var output = 0; output < node.Outputs.Count; output++)
            if (node.Outputs[output].Length > 0)
                Define(node.Outputs[output],
                    output < results.Count ? results[output] : results is [Unknown reason] ? reason : new Unknown($"output {output + 1} of {place} is not supported"),
                    place);
    }

    private Link Result()
    {
        if (_graph.Outputs.Count == 0)
            throw new OnnxException("the graph has no output: it is cut off, or holds no net");
        Signal? net = null;
        string? netName = null;
        var states = new List<Signal>();
        foreach (var port in _graph.Outputs)
            switch (_values.GetValueOrDefault(port.Name))
            {
                case null:
                    throw new OnnxException($"the graph's output '{port.Name}' is made by no node: the graph is damaged");
                case Unknown unknown:
                    throw new OnnxException(unknown.Reason);
                case Signal { Chain: not null, Kind: SignalKind.Flow } signal:
                    if (net is not null && !ReferenceEquals(net.Chain, signal.Chain))
                        throw new OnnxException($"the graph has two outputs besides its states, '{netName}' and '{port.Name}'; supported is one");
                    (net, netName) = (signal, port.Name);
                    break;
                case Signal { Chain: not null } state:
                    states.Add(state);
                    break;
                case States several:
                    states.AddRange(several.Layers);
                    break;
                case var other:
                    throw new OnnxException($"the graph's output '{port.Name}' is {Call.Named(other)}; expected is what layers make of a sequence");
            }

        // A net may end in a hidden state and nothing else.
        return net?.Chain ?? states.Where(state => state.Kind == SignalKind.Hidden).MaxBy(state => state.Chain!.Path().Count)?.Chain
            ?? throw new OnnxException("no layer leads from the graph's input to its output");
    }
}
