using System.Buffers;
using System.Text.Unicode;
using StreamRnn.Readings;

namespace StreamRnn.Mqtt;

/// <summary>What came of one payload.</summary>
/// <param name="Source">Which of the configured sources it fits, or −1.</param>
/// <param name="Format">What the payload was, <see cref="PayloadFormat.Value"/> or <see cref="PayloadFormat.Json"/>.</param>
/// <param name="TimeForm">How its time was written.</param>
/// <param name="IgnoredStrings">Texts that are no input.</param>
/// <param name="Failure">Why it could not be used, or not all of it: names beyond a cap are left out, what else it holds is used.</param>
public readonly record struct Decoded(int Source, PayloadFormat Format, TimeForm TimeForm, int IgnoredStrings, DecodeFailure? Failure);

/// <summary>
/// Topic and payload to readings. Any bytes give readings, a failure, or neither (an object without numbers); never an exception. Nothing of a payload that
/// fails to decode is used, and no device comes into being by it. Not safe for several threads: it keeps its buffers.
/// </summary>
public sealed class PayloadDecoder
{
    /// <summary>Longest topic that is looked at, bytes.</summary>
    public const int LongestTopic = 1024;

    private readonly DeviceRegistry _registry;
    private readonly IngestOptions _options;
    private readonly (TopicTemplate Template, PayloadFormat Format, JsonCodec Json)[] _sources;
    private readonly PayloadRows _rows = new();
    private readonly char[] _topic = new char[LongestTopic];
    private readonly char[] _name = new char[4 * DeviceRegistry.LongestName];

    /// <exception cref="FormatException">A source's topic template is wrong.</exception>
    public PayloadDecoder(IngestOptions options, DeviceRegistry registry)
    {
        (_options, _registry) = (options, registry);
        _sources = [.. options.SourcesOrDefault().Select(source =>
        {
            var template = TopicTemplate.Parse(source.Topic);
            return (template, source.Format, new JsonCodec(source.TimeField, source.DeviceField, template.HasChannel, source.SequenceField));
        })];
    }

    /// <summary>The templates of the sources, in order; the first that fits a topic decides.</summary>
    public IReadOnlyList<TopicTemplate> Templates => [.. _sources.Select(source => source.Template)];

    /// <summary>Adds the readings of a payload to <paramref name="into"/>.</summary>
    /// <param name="topic">UTF-8.</param>
    /// <param name="arrival">Our clock now: the time of readings that bear none, and the measure of those that do.</param>
    public Decoded Decode(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, Instant arrival, ReadingBuffer into)
    {
        if (topic.Length > LongestTopic || Utf8.ToUtf16(topic, _topic, out _, out var length, replaceInvalidSequences: false) != OperationStatus.Done)
            return Unfit(topic, Reasons.BadName, topic.Length > LongestTopic ? $"the topic has {topic.Length} bytes, allowed are {LongestTopic}" : "the topic is not valid UTF-8");
        ReadOnlySpan<char> text = _topic.AsSpan(0, length);
        for (var i = 0; i < _sources.Length; i++)
        {
            var (template, format, json) = _sources[i];
            if (!template.Matches(text, out var device, out var channel))
                continue;
            if (payload.Length > _options.MaxPayloadBytes)
                return TooLarge(topic, payload.Length);
            _rows.Clear();
            var asJson = format == PayloadFormat.Json || (format == PayloadFormat.Auto && (!template.HasChannel || LooksLikeJson(payload)));
            var fault = NamesFault(template, device, channel) ?? (asJson ? json.Decode(payload, _rows) : ValueCodec.Decode(payload, _rows)) ?? TimesFault(arrival);
            fault = fault is null ? Write(text, device, channel, arrival, into) : fault;
            return new Decoded(i, asJson ? PayloadFormat.Json : PayloadFormat.Value, _rows.TimeForm, _rows.IgnoredStrings,
                fault is { } f ? new DecodeFailure(text.ToString(), f.Reason, f.Message, f.Offset) : null);
        }

        return Unfit(topic, Reasons.TopicMismatch, "the topic fits none of the sources (Ingest:Sources)");
    }

    /// <summary>The outcome for a payload that was not even read.</summary>
    public Decoded TooLarge(ReadOnlySpan<byte> topic, long bytes) =>
        Unfit(topic, Reasons.TooLarge, $"the payload has {bytes} bytes, allowed are {_options.MaxPayloadBytes} (Ingest:MaxPayloadBytes)");

    private static Decoded Unfit(ReadOnlySpan<byte> topic, string reason, string message) =>
        new(-1, PayloadFormat.Auto, TimeForm.Arrival, 0,
            new DecodeFailure(System.Text.Encoding.UTF8.GetString(topic[..Math.Min(topic.Length, LongestTopic)]), reason, message, -1));

    private static bool LooksLikeJson(ReadOnlySpan<byte> payload) => payload.TrimStart("\uFEFF \t\r\n"u8) is [(byte)'{' or (byte)'[', ..];

    private static Fault? NamesFault(TopicTemplate template, ReadOnlySpan<char> device, ReadOnlySpan<char> channel) =>
        template.HasDevice && DeviceRegistry.Unusable(device) is { } bad ? new Fault(Reasons.BadName, "the device in the topic: " + bad, -1)
        : template.HasChannel && DeviceRegistry.Unusable(channel) is { } worse ? new Fault(Reasons.BadName, "the channel in the topic: " + worse, -1)
        : null;

    private Fault? TimesFault(Instant arrival)
    {
        var latest = arrival + _options.MaxClockSkew;
        for (var row = 0; row < _rows.Count; row++)
        {
            if (_rows.Time(row) is { } time && (time < TimeText.Earliest || time > latest))
                return new Fault(Reasons.TimeOutOfRange, $"the time {time} (read as {_rows.TimeForm}) is not between {TimeText.Earliest} and {latest}, our clock plus Ingest:MaxClockSkew", -1);
        }

        return null;
    }

    private Fault? Write(ReadOnlySpan<char> topic, ReadOnlySpan<char> topicDevice, ReadOnlySpan<char> topicChannel, Instant arrival, ReadingBuffer into)
    {
        Fault? leftOut = null;
        for (var row = 0; row < _rows.Count; row++)
        {
            var count = _rows.ValueCount(row);
            if (count == 0)
                continue;
            var name = _rows.Device(row);
            if (name.IsEmpty)
                name = topicDevice;
            if (!_registry.TryGetDevice(name, out var device, out var refusal, topic))
            {
                leftOut = new Fault(DeviceRegistry.Unusable(name) is null ? Reasons.TooManyDevices : Reasons.BadName, refusal!, -1);
                continue;
            }

            // Rows without a time came at the same instant; a microsecond keeps them in order and apart.
            into.Begin(device, _rows.Time(row) ?? new Instant(arrival.Microseconds + row), _rows.Sequence(row));
            for (var i = 0; i < count; i++)
            {
                var channelName = ChannelName(topicChannel, _rows.Name(row, i));
                if (_registry.TryGetChannel(device, channelName, out var channel, out refusal))
                    into.Add(channel, _rows.Number(row, i));
                else
                    leftOut = new Fault(DeviceRegistry.Unusable(channelName) is null ? Reasons.TooManyChannels : Reasons.BadName, refusal!, -1);
            }

            into.End();
        }

        return leftOut;
    }

    /// <summary>A member's name on a device's topic; <c>channel</c> or <c>channel.member</c> on a channel's.</summary>
    private ReadOnlySpan<char> ChannelName(ReadOnlySpan<char> topicChannel, ReadOnlySpan<char> member)
    {
        if (topicChannel.IsEmpty)
            return member;
        if (member.IsEmpty)
            return topicChannel;
        topicChannel.CopyTo(_name);
        _name[topicChannel.Length] = '.';
        member.CopyTo(_name.AsSpan(topicChannel.Length + 1));
        return _name.AsSpan(0, topicChannel.Length + 1 + member.Length);
    }
}
