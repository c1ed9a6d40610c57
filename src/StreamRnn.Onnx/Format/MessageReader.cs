using System.Buffers.Binary;

namespace StreamRnn.Onnx.Format;

/// <summary>From bytes to messages. Unknown fields are passed over, as protocol buffers demand; what would change a net's meaning is refused.</summary>
internal static class MessageReader
{
    /// <exception cref="OnnxException">The bytes are not an ONNX file.</exception>
    public static ModelMessage Model(byte[] bytes, int length)
    {
        GraphMessage? graph = null;
        var (irVersion, producer) = (0L, "");
        var opsets = new Dictionary<string, long>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in new WireMessage(bytes, 0, length, "the file").Fields())
            switch (field.Number)
            {
                case Number.Model.IrVersion:
                    irVersion = field.Int();
                    break;
                case Number.Model.Producer:
                    producer = field.Text();
                    break;
                case Number.Model.Graph:
                    graph = graph is null ? Graph(field.Message("graph")) : throw new OnnxException("the file has two graphs; one was expected");
                    break;
                case Number.Model.Opset:
                    var (domain, version) = ("", 0L);
                    foreach (var part in field.Message("opset_import").Fields())
                        if (part.Number == Number.Opset.Domain)
                            domain = part.Text();
                        else if (part.Number == Number.Opset.Version)
                            version = part.Int();
                    opsets[domain == "ai.onnx" ? "" : domain] = version;
                    break;
                case Number.Model.Metadata:
                    var (key, value) = ("", "");
                    foreach (var part in field.Message("metadata_props").Fields())
                        if (part.Number == Number.Entry.Key)
                            key = part.Text();
                        else if (part.Number == Number.Entry.Value)
                            value = part.Text();
                    metadata[key] = value;
                    break;
            }

        if (graph is null)
            throw new OnnxException(length == 0 ? "the file is empty" : "the file has no graph: it is cut off, or not an ONNX file");
        return new ModelMessage(graph) { IrVersion = irVersion, Producer = producer, Opsets = opsets, Metadata = metadata };
    }

    private static GraphMessage Graph(WireMessage message)
    {
        var name = "";
        var (nodes, initializers, inputs, outputs) = (new List<NodeMessage>(), new List<TensorMessage>(), new List<PortMessage>(), new List<PortMessage>());
        foreach (var field in message.Fields())
            switch (field.Number)
            {
                case Number.Graph.Name:
                    name = field.Text();
                    break;
                case Number.Graph.Node:
                    nodes.Add(Node(field.Message($"graph, node {nodes.Count + 1}")));
                    break;
                case Number.Graph.Initializer:
                    initializers.Add(Tensor(field.Message($"graph, initializer {initializers.Count + 1}")));
                    break;
                case Number.Graph.Input:
                    inputs.Add(Port(field.Message($"graph, input {inputs.Count + 1}")));
                    break;
                case Number.Graph.Output:
                    outputs.Add(Port(field.Message($"graph, output {outputs.Count + 1}")));
                    break;
                case Number.Graph.SparseInitializer:
                    throw new OnnxException("the graph has a sparse initializer; weights are supported as dense float32 only");
            }

        return new GraphMessage(name) { Nodes = nodes, Initializers = initializers, Inputs = inputs, Outputs = outputs };
    }

    private static NodeMessage Node(WireMessage message)
    {
        var (op, name, domain) = ("", "", "");
        var (inputs, outputs, attributes) = (new List<string>(), new List<string>(), new List<AttributeMessage>());
        foreach (var field in message.Fields())
            switch (field.Number)
            {
                case Number.Node.Input:
                    inputs.Add(field.Text());
                    break;
                case Number.Node.Output:
                    outputs.Add(field.Text());
                    break;
                case Number.Node.Name:
                    name = field.Text();
                    break;
                case Number.Node.Operator:
                    op = field.Text();
                    break;
                case Number.Node.Domain:
                    domain = field.Text();
                    break;
                case Number.Node.Attribute:
                    attributes.Add(Attribute(field.Message($"{message.Place} ({op}), attribute {attributes.Count + 1}")));
                    break;
            }

        return new NodeMessage(op, name, inputs, outputs) { Domain = domain == "ai.onnx" ? "" : domain, Attributes = attributes };
    }

    private static AttributeMessage Attribute(WireMessage message)
    {
        var attribute = new AttributeMessage("");
        var (floats, ints, texts) = (new List<float>(), new List<long>(), new List<string>());
        foreach (var field in message.Fields())
            switch (field.Number)
            {
                case Number.Attribute.Name:
                    attribute = attribute with { Name = field.Text() };
                    break;
                case Number.Attribute.Float:
                    attribute = attribute with { Float = field.Float() };
                    break;
                case Number.Attribute.Int:
                    attribute = attribute with { Int = field.Int() };
                    break;
                case Number.Attribute.Text:
                    attribute = attribute with { Text = field.Text() };
                    break;
                case Number.Attribute.Tensor:
                    attribute = attribute with { Tensor = Tensor(field.Message($"{message.Place}, tensor")) };
                    break;
                case Number.Attribute.Floats:
                    field.AddFloats(floats);
                    break;
                case Number.Attribute.Ints:
                    field.AddInts(ints);
                    break;
                case Number.Attribute.Texts:
                    texts.Add(field.Text());
                    break;
            }

        return attribute with { Floats = floats, Ints = ints, Texts = texts };
    }

    private static TensorMessage Tensor(WireMessage message)
    {
        var (name, type, external) = ("", ElementType.Undefined, false);
        var (dims, floats, ints) = (new List<long>(), new List<float>(), new List<long>());
        WireField? raw = null;
        foreach (var field in message.Fields())
            switch (field.Number)
            {
                case Number.Tensor.Dims:
                    field.AddInts(dims);
                    break;
                case Number.Tensor.Type:
                    type = (ElementType)field.Int();
                    break;
                case Number.Tensor.Name:
                    name = field.Text();
                    break;
                case Number.Tensor.Floats:
                    field.AddFloats(floats);
                    break;
                case Number.Tensor.Ints32 or Number.Tensor.Ints64:
                    field.AddInts(ints);
                    break;
                case Number.Tensor.Raw:
                    _ = field.Blob();
                    raw = field;
                    break;
                case Number.Tensor.External:
                    external = true;
                    break;
                case Number.Tensor.Location:
                    external |= field.Int() != 0;
                    break;
            }

        if (external)
            throw new OnnxException($"tensor '{name}' lies in another file; only files that hold their own weights are supported: save the model as one file");
        var count = 1L;
        foreach (var size in dims)
            count = size is < 0 or > int.MaxValue || (count *= size) > int.MaxValue ? throw new OnnxException($"{message.Place} '{name}': the shape ({string.Join(", ", dims)}) is impossible") : count;
        var tensor = new TensorMessage(name, [.. dims.Select(size => (int)size)]) { Type = type };
        if (type is not (ElementType.Float or ElementType.Int32 or ElementType.Int64))
            return tensor;
        var found = type == ElementType.Float
            ? raw is null ? floats.Count : raw.Value.Span.Length / (double)sizeof(float)
            : raw is null ? ints.Count : raw.Value.Span.Length / (type == ElementType.Int32 ? 4.0 : 8.0);
        if (found != count)
            throw new OnnxException($"{message.Place} '{name}': the shape ({string.Join(", ", dims)}) needs {count} values of type {type}; there are {found:0.##}");
        if (type == ElementType.Float)
            return tensor with { Floats = raw is null ? [.. floats] : RawFloats(raw.Value.Span) };
        return tensor with { Ints = raw is null ? [.. ints] : RawInts(raw.Value.Span, type == ElementType.Int32) };
    }

    private static float[] RawFloats(ReadOnlySpan<byte> bytes)
    {
        var values = new float[bytes.Length / sizeof(float)];
        for (var n = 0; n < values.Length; n++)
            values[n] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(n * sizeof(float))..]);
        return values;
    }

    private static long[] RawInts(ReadOnlySpan<byte> bytes, bool narrow)
    {
        var values = new long[bytes.Length / (narrow ? sizeof(int) : sizeof(long))];
        for (var n = 0; n < values.Length; n++)
            values[n] = narrow ? BinaryPrimitives.ReadInt32LittleEndian(bytes[(n * sizeof(int))..]) : BinaryPrimitives.ReadInt64LittleEndian(bytes[(n * sizeof(long))..]);
        return values;
    }

    private static PortMessage Port(WireMessage message)
    {
        var (name, type) = ("", ElementType.Undefined);
        List<Dim>? dims = null;
        foreach (var field in message.Fields())
            if (field.Number == Number.Port.Name)
                name = field.Text();
            else if (field.Number == Number.Port.Type)
                foreach (var kind in field.Message(message.Place).Fields())
                    if (kind.Number == Number.Type.Tensor)
                        foreach (var part in kind.Message(message.Place).Fields())
                            if (part.Number == Number.TensorType.Element)
                                type = (ElementType)part.Int();
                            else if (part.Number == Number.TensorType.Shape)
                                dims = [.. part.Message(message.Place).Fields().Where(dim => dim.Number == Number.Shape.Dim).Select(dim => Dim(dim.Message(message.Place)))];
        return new PortMessage(name, dims) { Type = type };
    }

    private static Dim Dim(WireMessage message)
    {
        var dim = default(Dim);
        foreach (var field in message.Fields())
            if (field.Number == Number.Dim.Size)
                dim = dim with { Size = field.Int() };
            else if (field.Number == Number.Dim.Symbol)
                dim = dim with { Symbol = field.Text() };
        return dim;
    }
}
