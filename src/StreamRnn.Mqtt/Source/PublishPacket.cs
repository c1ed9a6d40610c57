using MQTTnet.Exceptions;

namespace StreamRnn.Mqtt;

/// <summary>A PUBLISH packet where it lies in the receive buffer: no copy, nothing allocated. MQTT 5, section 3.3; MQTT 3.1.1, section 3.3.</summary>
internal readonly ref struct PublishPacket
{
    private PublishPacket(byte flags, ReadOnlySpan<byte> topic, ushort packetId, ReadOnlySpan<byte> properties, int payloadAt)
    {
        (QualityOfService, Retained, PacketId, PayloadAt) = ((flags >> 1) & 3, (flags & 1) != 0, packetId, payloadAt);
        Topic = topic;
        Properties = properties;
    }

    public const byte PacketType = 3;

    public int QualityOfService { get; }

    /// <summary>Set on what the broker kept and sends because we subscribe, not on what was published just now.</summary>
    public bool Retained { get; }

    public ReadOnlySpan<byte> Topic { get; }

    /// <summary>0 with quality of service 0.</summary>
    public ushort PacketId { get; }

    /// <summary>MQTT 5: the properties as they lie there; see <see cref="ResponseProperties"/>.</summary>
    public ReadOnlySpan<byte> Properties { get; }

    /// <summary>Where in the body the payload begins.</summary>
    public int PayloadAt { get; }

    /// <summary>The first bytes of a packet: its type, flags and size.</summary>
    /// <returns>False when there are not enough bytes yet.</returns>
    /// <exception cref="MqttProtocolViolationException">The size is longer than four bytes.</exception>
    public static bool TryReadFixedHeader(ReadOnlySpan<byte> bytes, out byte first, out int headerLength, out int bodyLength)
    {
        (first, headerLength, bodyLength) = (0, 0, 0);
        if (bytes.Length < 2)
            return false;
        first = bytes[0];
        var read = TryReadVariable(bytes[1..], out bodyLength);
        headerLength = 1 + read;
        return read > 0;
    }

    /// <summary>Reads the part before the payload.</summary>
    /// <param name="body">The body of the packet, or the first 64 KB of it; then the payload is taken to begin after properties that are longer still.</param>
    /// <exception cref="MqttProtocolViolationException">The packet is not well formed.</exception>
    public static PublishPacket Read(byte first, ReadOnlySpan<byte> body, bool version5, bool whole = true)
    {
        if (body.Length < 2)
            throw Malformed("it has no topic");
        var topicLength = (body[0] << 8) | body[1];
        var at = 2 + topicLength;
        if (topicLength == 0 || at > body.Length)
            throw Malformed(topicLength == 0 ? "its topic is empty, and we allow no aliases" : "its topic is longer than the packet");
        var topic = body[2..at];
        ushort id = 0;
        if ((first & 0b110) != 0)
        {
            if (at + 2 > body.Length)
                throw Malformed("it has no packet id");
            id = (ushort)((body[at] << 8) | body[at + 1]);
            at += 2;
        }

        ReadOnlySpan<byte> all = [];
        if (version5)
        {
            var read = TryReadVariable(body[at..], out var properties);
            var fits = read > 0 && read + properties <= body.Length - at;
            if (!fits && whole)
                throw Malformed("its properties are longer than the packet");
            if (fits)
                all = body.Slice(at + read, properties);
            at = fits ? at + read + properties : body.Length;
        }

        return new PublishPacket(first, topic, id, all, at);
    }

    /// <returns>How many bytes it took; 0 when there are not enough.</returns>
    internal static int TryReadVariable(ReadOnlySpan<byte> bytes, out int value)
    {
        value = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            if (i == 4)
                throw Malformed("a length has more than four bytes");
            value |= (bytes[i] & 0x7F) << (7 * i);
            if ((bytes[i] & 0x80) == 0)
                return i + 1;
        }

        return 0;
    }

    private static MqttProtocolViolationException Malformed(string what) => new("The broker sent a malformed PUBLISH packet: " + what + ".");
}
