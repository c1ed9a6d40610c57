namespace StreamRnn.Onnx.Format;

/// <summary>What of an ONNX file a net needs. The form is protocol buffers; the messages and their field numbers are those that the ONNX project publishes (onnx.proto).</summary>
internal sealed record ModelMessage(GraphMessage Graph)
{
    public long IrVersion { get; init; }

    public string Producer { get; init; } = "";

    /// <summary>Version of the operators, by domain; the domain "" is ONNX's own.</summary>
    public IReadOnlyDictionary<string, long> Opsets { get; init; } = new Dictionary<string, long>();

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

internal sealed record GraphMessage(string Name)
{
    /// <summary>In an order in which each can be computed from those before.</summary>
    public IReadOnlyList<NodeMessage> Nodes { get; init; } = [];

    public IReadOnlyList<TensorMessage> Initializers { get; init; } = [];

    public IReadOnlyList<PortMessage> Inputs { get; init; } = [];

    public IReadOnlyList<PortMessage> Outputs { get; init; } = [];
}

/// <param name="Inputs">Names of tensors; an empty name stands for an optional one that is not given.</param>
internal sealed record NodeMessage(string Operator, string Name, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs)
{
    public string Domain { get; init; } = "";

    public IReadOnlyList<AttributeMessage> Attributes { get; init; } = [];
}

internal sealed record AttributeMessage(string Name)
{
    public float? Float { get; init; }

    public long? Int { get; init; }

    public string? Text { get; init; }

    public TensorMessage? Tensor { get; init; }

    public IReadOnlyList<float> Floats { get; init; } = [];

    public IReadOnlyList<long> Ints { get; init; } = [];

    public IReadOnlyList<string> Texts { get; init; } = [];
}

/// <summary>Numbers, row-major: <see cref="Floats"/> or <see cref="Ints"/> (of int32 or int64), neither for an element type that we do not read.</summary>
internal sealed record TensorMessage(string Name, IReadOnlyList<int> Dims)
{
    public ElementType Type { get; init; }

    public float[]? Floats { get; init; }

    public long[]? Ints { get; init; }
}

/// <summary>An input or output of the graph.</summary>
/// <param name="Dims">A size, or the name of one that is open; null where the rank is not said.</param>
internal sealed record PortMessage(string Name, IReadOnlyList<Dim>? Dims)
{
    public ElementType Type { get; init; } = ElementType.Float;
}

internal readonly record struct Dim(long? Size, string? Symbol);

/// <summary>ONNX's numbers of element types.</summary>
internal enum ElementType
{
    Undefined = 0,
    Float = 1,
    Uint8 = 2,
    Int8 = 3,
    Uint16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    String = 8,
    Bool = 9,
    Float16 = 10,
    Double = 11,
    Uint32 = 12,
    Uint64 = 13,
    Complex64 = 14,
    Complex128 = 15,
    Bfloat16 = 16,
}

/// <summary>The field numbers of onnx.proto.</summary>
internal static class Number
{
    public static class Model
    {
        public const int IrVersion = 1, Producer = 2, Graph = 7, Opset = 8, Metadata = 14;
    }

    public static class Opset
    {
        public const int Domain = 1, Version = 2;
    }

    public static class Entry
    {
        public const int Key = 1, Value = 2;
    }

    public static class Graph
    {
        public const int Node = 1, Name = 2, Initializer = 5, Input = 11, Output = 12, SparseInitializer = 15;
    }

    public static class Node
    {
        public const int Input = 1, Output = 2, Name = 3, Operator = 4, Attribute = 5, Domain = 7;
    }

    public static class Attribute
    {
        public const int Name = 1, Float = 2, Int = 3, Text = 4, Tensor = 5, Floats = 7, Ints = 8, Texts = 9, Type = 20;
    }

    public static class Tensor
    {
        public const int Dims = 1, Type = 2, Floats = 4, Ints32 = 5, Ints64 = 7, Name = 8, Raw = 9, External = 13, Location = 14;
    }

    public static class Port
    {
        public const int Name = 1, Type = 2;
    }

    public static class Type
    {
        public const int Tensor = 1;
    }

    public static class TensorType
    {
        public const int Element = 1, Shape = 2;
    }

    public static class Shape
    {
        public const int Dim = 1;
    }

    public static class Dim
    {
        public const int Size = 1, Symbol = 2;
    }
}
