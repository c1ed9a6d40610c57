using System.Globalization;
using System.Text;

namespace StreamRnn.Simulators;

/// <summary>Readings to bytes. Invariant culture; a value has as many digits as its instrument shows.</summary>
public static class Payloads
{
    /// <summary>ISO 8601, UTC, milliseconds.</summary>
    public static string TimeText(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static string ValueText(ChannelSpec channel, double value) => value.ToString("F" + channel.Decimals, CultureInfo.InvariantCulture);

    /// <summary>One JSON object: <c>{"time":"2026-01-05T00:00:17.250Z","temperature":21.3,…}</c>; absent channels (NaN) are left out.</summary>
    public static byte[] Object(SimulatedReading reading)
    {
        var text = new StringBuilder(64 + 24 * reading.Values.Length);
        text.Append("{\"time\":\"").Append(TimeText(reading.Time)).Append('"');
        for (var i = 0; i < reading.Values.Length; i++)
        {
            if (!double.IsNaN(reading.Values[i]))
                text.Append(",\"").Append(reading.Channels[i].Name).Append("\":").Append(ValueText(reading.Channels[i], reading.Values[i]));
        }

        return Encoding.UTF8.GetBytes(text.Append('}').ToString());
    }

    /// <summary>A bare value, as it goes to a topic of its own.</summary>
    public static byte[] Bare(ChannelSpec channel, double value) => Encoding.UTF8.GetBytes(ValueText(channel, value));

    /// <summary>Something that is no reading: the <paramref name="which"/>-th of a fixed set. Never a line break, so that it survives on a line.</summary>
    public static byte[] Malformed(SimulatedReading reading, int which)
    {
        var good = Object(reading);
        return (which % 7) switch
        {
            0 => good[..(good.Length / 2)],
            1 => Encoding.UTF8.GetBytes($"{{\"time\":\"{TimeText(reading.Time)}\",\"{reading.Channels[0].Name}\":NaN}}"),
            2 => "ERR sensor"u8.ToArray(),
            3 => Encoding.UTF8.GetBytes($"{{\"time\":\"{TimeText(reading.Time)}\",\"{reading.Channels[0].Name}\":1e400}}"),
            4 => [0xff, 0xfe, 0x00, 0xc3, 0x28],
            5 => [],
            _ => "{\"time\":\"yesterday\"}"u8.ToArray(),
        };
    }
}
