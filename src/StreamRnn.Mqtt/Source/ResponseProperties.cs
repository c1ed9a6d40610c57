using System.Buffers.Binary;
using System.Text;
using StreamRnn.Pipeline;

namespace StreamRnn.Mqtt;

/// <summary>Where an MQTT 5 publisher wants its answer: Response Topic and Correlation Data among a PUBLISH packet's properties. MQTT 5, section 3.3.2.3.</summary>
internal static class ResponseProperties
{
    private const byte ResponseTopic = 0x08, CorrelationData = 0x09;

    /// <returns>Null where no answer is wanted, or the properties are not those of a PUBLISH packet.</returns>
    public static ReplyAddress? Read(ReadOnlySpan<byte> properties)
    {
        string? topic = null;
        byte[] correlation = [];
        while (properties.Length > 0)
        {
            var id = properties[0];
            properties = properties[1..];
            var length = LengthOf(id, properties);
            if (length < 0 || length > properties.Length)
                return null;
            if (id == ResponseTopic)
                topic = Encoding.UTF8.GetString(properties[2..length]);
            else if (id == CorrelationData)
                correlation = properties[2..length].ToArray();
            properties = properties[length..];
        }

        return topic is null ? null : new ReplyAddress(topic, correlation);
    }

    /// <returns>Bytes of the property's value, or −1: not one of a PUBLISH packet, or cut off.</returns>
    private static int LengthOf(byte id, ReadOnlySpan<byte> rest)
    {
        switch (id)
        {
            case 0x01:                                           // payload format indicator
                return 1;
            case 0x02:                                           // message expiry interval
                return 4;
            case 0x23:                                           // topic alias
                return 2;
            case 0x0B:                                           // subscription identifier
                var last = rest[..Math.Min(4, rest.Length)].IndexOfAnyInRange((byte)0, (byte)0x7F);          // the first byte of a number that says that none follows
                return last < 0 ? -1 : last + 1;
            case 0x03 or ResponseTopic or CorrelationData:       // content type
                return Text(rest);
            case 0x26:                                           // user property: name and value
                var name = Text(rest);
                var value = name < 0 || name > rest.Length ? -1 : Text(rest[name..]);
                return value < 0 ? -1 : name + value;
            default:
                return -1;
        }
    }

    private static int Text(ReadOnlySpan<byte> rest) => rest.Length < 2 ? -1 : 2 + BinaryPrimitives.ReadUInt16BigEndian(rest);
}
