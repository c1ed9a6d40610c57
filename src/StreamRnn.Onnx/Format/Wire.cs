using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;

namespace StreamRnn.Onnx.Format;

/// <summary>A message as it stands in the bytes: fields by number, nothing copied.</summary>
/// <param name="Place">Where in the file, for messages to people.</param>
internal readonly record struct WireMessage(byte[] Bytes, int From, int To, string Place)
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="OnnxException">The bytes are no message, or end amid it.</exception>
    public List<WireField> Fields()
    {
        var fields = new List<WireField>();
        try
        {
            var input = new CodedInputStream(Bytes, From, To - From);
            for (uint tag; (tag = input.ReadTag()) != 0;)
            {
                var (number, type) = (WireFormat.GetTagFieldNumber(tag), WireFormat.GetTagWireType(tag));
                switch (type)
                {
                    case WireFormat.WireType.Varint:
                        fields.Add(new WireField(this, number, type, input.ReadUInt64(), 0, 0));
                        break;
                    case WireFormat.WireType.Fixed32:
                        fields.Add(new WireField(this, number, type, input.ReadFixed32(), 0, 0));
                        break;
                    case WireFormat.WireType.Fixed64:
                        fields.Add(new WireField(this, number, type, input.ReadFixed64(), 0, 0));
                        break;
                    case WireFormat.WireType.LengthDelimited:
                        var at = (int)input.Position;
                        input.SkipLastField();
                        var end = (int)input.Position;
                        var length = new CodedInputStream(Bytes, at, end - at).ReadLength();
                        fields.Add(new WireField(this, number, type, 0, end - length, end));
                        break;
                    default:
                        throw new OnnxException($"{Place}: field {number} has the wire type '{type}', which ONNX does not use: this is another kind of file, or damaged");
                }
            }
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or ArgumentOutOfRangeException)
        {
            throw new OnnxException($"{Place}, bytes {From} to {To}: {e.Message} The file is cut off, damaged, or of another kind.", e);
        }

        return fields;
    }

    internal string Text(int from, int to)
    {
        try
        {
            return s_strict.GetString(Bytes, from, to - from);
        }
        catch (DecoderFallbackException e)
        {
            throw new OnnxException($"{Place}, bytes {from} to {to}: not UTF-8, where a text was expected: the file is damaged or of another kind", e);
        }
    }
}

/// <param name="Bits">The value of a number.</param>
/// <param name="From">First byte of what is not a number.</param>
/// <param name="To">The byte after its last.</param>
internal readonly record struct WireField(WireMessage Owner, int Number, WireFormat.WireType Type, ulong Bits, int From, int To)
{
    public ReadOnlySpan<byte> Span => Owner.Bytes.AsSpan(From, To - From);

    public long Int() => Type == WireFormat.WireType.Varint ? (long)Bits : throw Wrong("a whole number");

    public float Float() => Type == WireFormat.WireType.Fixed32 ? BitConverter.UInt32BitsToSingle((uint)Bits) : throw Wrong("a number of 32 bits");

    public string Text() => Type == WireFormat.WireType.LengthDelimited ? Owner.Text(From, To) : throw Wrong("a text");

    public ReadOnlySpan<byte> Blob() => Type == WireFormat.WireType.LengthDelimited ? Span : throw Wrong("bytes");

    public WireMessage Message(string place) => Type == WireFormat.WireType.LengthDelimited ? new WireMessage(Owner.Bytes, From, To, place) : throw Wrong("a message");

    /// <summary>A repeated field: all its numbers at once, or one of them.</summary>
    public void AddInts(List<long> to)
    {
        if (Type != WireFormat.WireType.LengthDelimited)
        {
            to.Add(Int());
            return;
        }

        try
        {
            var input = new CodedInputStream(Owner.Bytes, From, To - From);
            while (!input.IsAtEnd)
                to.Add(input.ReadInt64());
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new OnnxException($"{Owner.Place}: the numbers of field {Number} are cut off or damaged: {e.Message}", e);
        }
    }

    /// <summary>A repeated field: all its numbers at once, or one of them.</summary>
    public void AddFloats(List<float> to)
    {
        if (Type != WireFormat.WireType.LengthDelimited)
        {
            to.Add(Float());
            return;
        }

        if (Span.Length % sizeof(float) != 0)
            throw new OnnxException($"{Owner.Place}: field {Number} has {Span.Length} bytes, which is no whole number of floats");
        for (var at = 0; at < Span.Length; at += sizeof(float))
            to.Add(BinaryPrimitives.ReadSingleLittleEndian(Span[at..]));
    }

    private OnnxException Wrong(string expected) =>
        new($"{Owner.Place}: field {Number} has the wire type '{Type}'; expected is {expected}: the file is damaged, or of another kind");
}
