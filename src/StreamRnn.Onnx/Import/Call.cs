using StreamRnn.Onnx.Format;

namespace StreamRnn.Onnx.Import;

/// <summary>A node with what is known of its inputs. An attribute that nobody asked for is refused at the end: it may change the meaning.</summary>
internal sealed class Call(NodeMessage node, IReadOnlyList<Value?> inputs, long opset)
{
    private readonly Dictionary<string, AttributeMessage> _attributes = Indexed(node);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    public NodeMessage Node { get; } = node;

    /// <summary>Version of ONNX's operators.</summary>
    public long Opset { get; } = opset;

    public int Count { get; } = inputs.Count;

    /// <summary>Operator and node, for messages to people.</summary>
    public string Place { get; } = PlaceOf(node);

    public static string PlaceOf(NodeMessage node) =>
        $"operator '{(node.Domain.Length == 0 ? "" : node.Domain + ".")}{node.Operator}' (node '{(node.Name.Length > 0 ? node.Name : string.Join(", ", node.Outputs))}')";

    /// <summary>Null where the node does not give it.</summary>
    public Value? Optional(int input) => input < inputs.Count ? inputs[input] : null;

    public Value this[int input] => Optional(input) ?? throw Refused($"input {input + 1} is missing");

    /// <summary>Numbers of a shape, or places.</summary>
    public Block<Extent> Extents(int input) => this[input] as Block<Extent> ?? throw Refused($"input {input + 1} is {Named(this[input])}; supported are whole numbers that stand in the file");

    /// <summary>Weights.</summary>
    public Block<float> Weights(int input, params ReadOnlySpan<int> dims)
    {
        var block = this[input] as Block<float> ?? throw Refused($"input {input + 1} is {Named(this[input])}; supported are float32 weights that stand in the file");
        if (dims.Length > 0 && (block.Dims.Count != dims.Length || !block.Dims.SequenceEqual(dims.ToArray())))
            throw Refused($"input {input + 1} has the shape ({string.Join(", ", block.Dims)}); expected is ({string.Join(", ", dims.ToArray())})");
        return block;
    }

    public long[] Numbers(int input) =>
        [.. Extents(input).Items.Select(extent => extent.Number ?? throw Refused($"input {input + 1} depends on the size of the batch or of the sequence; supported are numbers that stand in the file"))];

    public long Int(string name, long otherwise)
    {
        _asked.Add(name);
        return !_attributes.TryGetValue(name, out var attribute) ? otherwise : attribute.Int ?? throw Refused($"attribute '{name}' is no whole number");
    }

    public float Float(string name, float otherwise)
    {
        _asked.Add(name);
        return !_attributes.TryGetValue(name, out var attribute) ? otherwise : attribute.Float ?? throw Refused($"attribute '{name}' is no number");
    }

    public AttributeMessage? Attribute(string name)
    {
        _asked.Add(name);
        return _attributes.GetValueOrDefault(name);
    }

    /// <summary>Numbers that older files have as an attribute and newer ones as an input; null where there are none.</summary>
    public long[]? NumbersOf(string name, int input)
    {
        var attribute = Attribute(name);
        return attribute is not null ? [.. attribute.Ints] : Optional(input) is null ? null : Numbers(input);
    }

    /// <summary>An axis, negative ones counted from the end.</summary>
    public int Axis(long axis, int rank) =>
        axis >= -rank && axis < rank ? (int)(axis < 0 ? axis + rank : axis) : throw Refused($"axis {axis} of a tensor with {rank}");

    public OnnxException Refused(string why) => new($"{Place}: {why}");

    public void EveryAttributeWasAsked()
    {
        foreach (var name in _attributes.Keys)
            if (!_asked.Contains(name))
                throw Refused($"attribute '{name}' is not supported{(_asked.Count > 0 ? $"; supported are {string.Join(", ", _asked)}" : "")}");
    }

    public static string Named(Value value) => value switch
    {
        Signal { Kind: SignalKind.Cell } => "a cell state",
        Signal { Cut: true } => "a part of an input",
        Signal { Chain: null } => "an input of the graph",
        Signal => "the output of a layer",
        States => "the states of several layers",
        Filled => "a constant fill",
        Block<float> => "float weights",
        Block<Extent> => "whole numbers",
        Unknown unknown => unknown.Reason,
        _ => value.GetType().Name,
    };

    private static Dictionary<string, AttributeMessage> Indexed(NodeMessage node)
    {
        var attributes = new Dictionary<string, AttributeMessage>(StringComparer.Ordinal);
        foreach (var attribute in node.Attributes)
            if (!attributes.TryAdd(attribute.Name, attribute))
                throw new OnnxException($"{PlaceOf(node)}: attribute '{attribute.Name}' comes twice");
        return attributes;
    }
}
