using System.Globalization;
using StreamRnn.Pipeline;

namespace StreamRnn.Mqtt;

/// <summary>How a payload is to be read.</summary>
public enum PayloadFormat
{
    /// <summary>JSON where it looks like JSON or the topic names no channel, a bare value otherwise.</summary>
    Auto,

    /// <summary>A bare value such as <c>21.5</c>, <c>true</c> or <c>off</c>.</summary>
    Value,

    /// <summary>One JSON object, or an array of them, oldest first.</summary>
    Json,
}

/// <summary>One entry of <c>StreamRnn:Ingest:Sources</c>: where devices publish, and in which form.</summary>
public sealed record SourceOptions
{
    /// <summary>A topic with placeholders, such as <c>devices/{device}/{channel}</c>. See <see cref="TopicTemplate"/>.</summary>
    public string Topic { get; init; } = "";

    /// <summary>Default <see cref="PayloadFormat.Auto"/>.</summary>
    public PayloadFormat Format { get; init; }

    /// <summary>The member of a JSON object that holds the time, as a path such as <c>meta.at</c>. Default: the first of timestamp, time, ts, t;
    /// <c>-</c> for the time of arrival in any case.</summary>
    public string? TimeField { get; init; }

    /// <summary>The member of a JSON object that holds the device's name, as a path. Default: the topic names the device.</summary>
    public string? DeviceField { get; init; }

    /// <summary>
    /// The member of a JSON object that holds a number by which the device counts its readings, as a path: a whole number, 0 or more, each higher than the one before. Of a channel, a reading whose number is
    /// not above the last is one that was sent again. For devices without a clock. Default: none.
    /// </summary>
    public string? SequenceField { get; init; }
}

/// <summary>Section <c>StreamRnn:Ingest</c>: what comes in, and how much of it.</summary>
public sealed record IngestOptions
{
    /// <summary>Default: <c>devices/{device}</c> with JSON and <c>devices/{device}/{channel}</c> with a bare value or JSON.</summary>
    public IReadOnlyList<SourceOptions> Sources { get; init; } = [];

    /// <summary>Devices beyond this number are refused. 1 to 10,000,000, default 100,000.</summary>
    public int MaxDevices { get; init; } = 100_000;

    /// <summary>Channels of one device beyond this number are refused. 1 to 10,000, default 256.</summary>
    public int MaxChannelsPerDevice { get; init; } = 256;

    /// <summary>Channels of all devices together; more are refused. Each costs some 3 KB of memory. Range 1 to 50,000,000, default 500,000.</summary>
    public int MaxSeries { get; init; } = 500_000;

    /// <summary>A reading whose time lies further in the future than this is refused. 0 to 365 days, default 1 h.</summary>
    public TimeSpan MaxClockSkew { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// A reading may come so much later than one that was measured after it and is still put back in its place. Costs as much delay: every reading waits until none can overtake it
    /// any more. 0 to 1 h, default 0: nothing waits, and a reading that was overtaken is dropped and counted as late.
    /// </summary>
    public TimeSpan MaxLateness { get; init; } = TimeSpan.Zero;

    /// <summary>A larger payload is refused unread. Bytes, 16 to 64 MB, default 1 MB.</summary>
    public int MaxPayloadBytes { get; init; } = 1 << 20;

    /// <summary>Payloads that may be inside, read and not yet acknowledged. 1 to 1,000,000, default 10,000.</summary>
    public int MaxWaitingPayloads { get; init; } = 10_000;

    /// <summary>Their bytes together. 1 KB to 4 GB, default 64 MB.</summary>
    public long MaxWaitingBytes { get; init; } = 64L << 20;

    /// <summary>The sources as set, or the default ones.</summary>
    public IReadOnlyList<SourceOptions> SourcesOrDefault() => Sources.Count > 0 ? Sources :
    [
        new SourceOptions { Topic = "devices/{device}", Format = PayloadFormat.Json },
        new SourceOptions { Topic = "devices/{device}/{channel}", Format = PayloadFormat.Auto },
    ];

    public DoorLimits ToDoorLimits() => new(MaxWaitingPayloads, MaxWaitingBytes);

    /// <inheritdoc cref="MqttOptions.Validate"/>
    public IEnumerable<string> Validate()
    {
        for (var i = 0; i < Sources.Count; i++)
        {
            var source = Sources[i];
            if (!TopicTemplate.TryParse(source.Topic, out var template, out var problem))
                yield return Found($"Sources:{i}:Topic", source.Topic, "a topic template: " + problem);
            else if (!template.HasDevice && source.DeviceField is null)
                yield return Found($"Sources:{i}:Topic", source.Topic, "a topic with {device} in it, or set DeviceField");
            else if (!template.HasChannel && source.Format == PayloadFormat.Value)
                yield return Found($"Sources:{i}:Format", source.Format, "json where the topic has no {channel}: a bare value does not say what it measures");
            if (source.TimeField is "")
                yield return Found($"Sources:{i}:TimeField", "", "the path of a member such as meta.at, or nothing at all");
            if (source.DeviceField is "")
                yield return Found($"Sources:{i}:DeviceField", "", "the path of a member such as meta.id, or nothing at all");
            if (source.SequenceField is "")
                yield return Found($"Sources:{i}:SequenceField", "", "the path of a member such as meta.seq, or nothing at all");
        }

        if (MaxDevices is < 1 or > 10_000_000)
            yield return Found("MaxDevices", MaxDevices, "1 to 10000000");
        if (MaxChannelsPerDevice is < 1 or > 10_000)
            yield return Found("MaxChannelsPerDevice", MaxChannelsPerDevice, "1 to 10000");
        if (MaxSeries is < 1 or > 50_000_000)
            yield return Found("MaxSeries", MaxSeries, "1 to 50000000");
        if (MaxClockSkew < TimeSpan.Zero || MaxClockSkew > TimeSpan.FromDays(365))
            yield return Found("MaxClockSkew", MaxClockSkew, "00:00:00 to 365.00:00:00");
        if (MaxLateness < TimeSpan.Zero || MaxLateness > TimeSpan.FromHours(1))
            yield return Found("MaxLateness", MaxLateness, "00:00:00 to 01:00:00");
        if (MaxPayloadBytes is < 16 or > 64 << 20)
            yield return Found("MaxPayloadBytes", MaxPayloadBytes, "16 to 67108864 bytes");
        if (MaxWaitingPayloads is < 1 or > 1_000_000)
            yield return Found("MaxWaitingPayloads", MaxWaitingPayloads, "1 to 1000000");
        if (MaxWaitingBytes is < 1024 or > 4L << 30)
            yield return Found("MaxWaitingBytes", MaxWaitingBytes, "1024 to 4294967296 bytes");
    }

    private static string Found(string key, object value, string allowed) =>
        string.Create(CultureInfo.InvariantCulture, $"StreamRnn:Ingest:{key} is '{value}'; allowed is {allowed}");
}
