using System.Buffers.Binary;
using Google.Protobuf;

namespace StreamRnn.Onnx.Format;

/// <summary>From messages to bytes; equal messages give equal bytes.</summary>
internal static class MessageWriter
{
    /// <summary>The graph comes last: of a file that is cut off it is missing or damaged, so that it is refused.</summary>
    public static byte[] Model(ModelMessage model) => Bytes(output =>
    {
        Int(output, Number.Model.IrVersion, model.IrVersion);
        Text(output, Number.Model.Producer, model.Producer);
        foreach (var (domain, version) in model.Opsets.OrderBy(opset => opset.Key, StringComparer.Ordinal))
            Message(output, Number.Model.Opset, entry =>
            {
                Text(entry, Number.Opset.Domain, domain);
                Int(entry, Number.Opset.Version, version);
            });
        foreach (var (key, value) in model.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            Message(output, Number.Model.Metadata, entry =>
            {
                Text(entry, Number.Entry.Key, key);
                Text(entry, Number.Entry.Value, value);
            });
        Message(output, Number.Model.Graph, graph => Graph(graph, model.Graph));
    });

    private static void Graph(CodedOutputStream output, GraphMessage graph)
    {
        foreach (var node in graph.Nodes)
            Message(output, Number.Graph.Node, body => Node(body, node));
        Text(output, Number.Graph.Name, graph.Name);
        foreach (var tensor in graph.Initializers)
            Message(output, Number.Graph.Initializer, body => Tensor(body, tensor));
        foreach (var port in graph.Inputs)
            Message(output, Number.Graph.Input, body => Port(body, port));
        foreach (var port in graph.Outputs)
            Message(output, Number.Graph.Output, body => Port(body, port));
    }

    private static void Node(CodedOutputStream output, NodeMessage node)
    {
        foreach (var input in node.Inputs)
            Text(output, Number.Node.Input, input);
        foreach (var name in node.Outputs)
            Text(output, Number.Node.Output, name);
        Text(output, Number.Node.Name, node.Name);
        Text(output, Number.Node.Operator, node.Operator);
        if (node.Domain.Length > 0)
            Text(output, Number.Node.Domain, node.Domain);
        foreach (var attribute in node.Attributes)
            Message(output, Number.Node.Attribute, body => Attribute(body, attribute));
    }

    private static void Attribute(CodedOutputStream output, AttributeMessage attribute)
    {
        const int Float = 1, Whole = 2, Word = 3, OfInts = 7, OfTexts = 8;
        Text(output, Number.Attribute.Name, attribute.Name);
        if (attribute.Float is { } real)
        {
            output.WriteTag(Number.Attribute.Float, WireFormat.WireType.Fixed32);
            output.WriteFloat(real);
        }

        if (attribute.Int is { } whole)
            Int(output, Number.Attribute.Int, whole);
        if (attribute.Text is { } text)
            Text(output, Number.Attribute.Text, text);
        foreach (var one in attribute.Ints)
            Int(output, Number.Attribute.Ints, one);
        foreach (var one in attribute.Texts)
            Text(output, Number.Attribute.Texts, one);
        Int(output, Number.Attribute.Type, attribute switch { { Float: not null } => Float, { Int: not null } => Whole, { Text: not null } => Word, { Texts.Count: > 0 } => OfTexts, _ => OfInts });
    }

    private static void Tensor(CodedOutputStream output, TensorMessage tensor)
    {
        foreach (var size in tensor.Dims)
            Int(output, Number.Tensor.Dims, size);
        Int(output, Number.Tensor.Type, (long)tensor.Type);
        Text(output, Number.Tensor.Name, tensor.Name);
        output.WriteTag(Number.Tensor.Raw, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(UnsafeByteOperations.UnsafeWrap(Raw(tensor)));
    }

    private static byte[] Raw(TensorMessage tensor)
    {
        if (tensor.Floats is { } floats)
        {
            var bytes = new byte[checked(floats.Length * sizeof(float))];
            for (var n = 0; n < floats.Length; n++)
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(n * sizeof(float)), floats[n]);
            return bytes;
        }

        var ints = tensor.Ints!;
        var wide = new byte[checked(ints.Length * sizeof(long))];
        for (var n = 0; n < ints.Length; n++)
            BinaryPrimitives.WriteInt64LittleEndian(wide.AsSpan(n * sizeof(long)), ints[n]);
        return wide;
    }

    private static void Port(CodedOutputStream output, PortMessage port)
    {
        Text(output, Number.Port.Name, port.Name);
        Message(output, Number.Port.Type, type => Message(type, Number.Type.Tensor, tensor =>
        {
            Int(tensor, Number.TensorType.Element, (long)port.Type);
            Message(tensor, Number.TensorType.Shape, shape =>
            {
                foreach (var dim in port.Dims ?? [])
                    Message(shape, Number.Shape.Dim, body =>
                    {
                        if (dim.Size is { } size)
                            Int(body, Number.Dim.Size, size);
                        if (dim.Symbol is { } symbol)
                            Text(body, Number.Dim.Symbol, symbol);
                    });
            });
        }));
    }

    private static void Int(CodedOutputStream output, int number, long value)
    {
        output.WriteTag(number, WireFormat.WireType.Varint);
        output.WriteInt64(value);
    }

    private static void Text(CodedOutputStream output, int number, string text)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteString(text);
    }

    private static void Message(CodedOutputStream output, int number, Action<CodedOutputStream> write)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(UnsafeByteOperations.UnsafeWrap(Bytes(write)));
    }

    private static byte[] Bytes(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
            write(output);
        return stream.ToArray();
    }
}
