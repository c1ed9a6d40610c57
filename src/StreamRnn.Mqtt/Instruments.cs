using System.Diagnostics.Metrics;

namespace StreamRnn.Mqtt;

/// <summary>All instruments of this room, under the meter <c>StreamRnn.Mqtt</c>.</summary>
internal static class Instruments
{
    public const string MeterName = "StreamRnn.Mqtt";

    private static readonly Meter Meter = new(MeterName);
    private static readonly KeyValuePair<string, object?> FormatValue = new("format", "value");
    private static readonly KeyValuePair<string, object?> FormatJson = new("format", "json");
    private static readonly Counter<long> ReadingsReceived = Meter.CreateCounter<long>("streamrnn.readings.received", "{reading}", "Readings taken in");
    private static readonly Counter<long> ReadingsRejected = Meter.CreateCounter<long>("streamrnn.readings.rejected", "{payload}", "Payloads that could not be used, or not all of it");

    public static readonly Counter<long> RetainedIgnored = Meter.CreateCounter<long>("streamrnn.readings.retained_ignored", "{payload}", "Retained payloads sent because we subscribed: not readings");
    public static readonly Counter<long> StringsIgnored = Meter.CreateCounter<long>("streamrnn.readings.strings_ignored", "{member}", "Texts in JSON payloads: no input");
    public static readonly UpDownCounter<long> Connected = Meter.CreateUpDownCounter<long>("streamrnn.mqtt.connected", "{connection}", "1 while the source is connected and subscribed");
    public static readonly Counter<long> Reconnects = Meter.CreateCounter<long>("streamrnn.mqtt.reconnects", "{connection}", "Connections of the source after its first");
    public static readonly Counter<long> SessionsLost = Meter.CreateCounter<long>("streamrnn.mqtt.sessions_lost", "{session}", "The broker had forgotten our session: readings may be missing");
    public static readonly Counter<long> Published = Meter.CreateCounter<long>("streamrnn.mqtt.published", "{message}", "Messages that the broker took from us");
    public static readonly Counter<long> PublishRefused = Meter.CreateCounter<long>("streamrnn.mqtt.publish_refused", "{message}", "Messages that the broker refused");
    public static readonly Counter<long> AlertsDropped = Meter.CreateCounter<long>("streamrnn.mqtt.alerts_dropped", "{event}", "Alert events dropped because the broker was away for too long");
    public static readonly UpDownCounter<long> OutboxDepth = Meter.CreateUpDownCounter<long>("streamrnn.mqtt.outbox_depth", "{message}", "Alert events that wait to be published");
    public static readonly Counter<long> BrokerRefused = Meter.CreateCounter<long>("streamrnn.mqtt.embedded_refused", "{message}", "Connections and payloads that the embedded broker refused");

    public static void Received(int readings, PayloadFormat format) => ReadingsReceived.Add(readings, format == PayloadFormat.Json ? FormatJson : FormatValue);

    public static void Rejected(string reason) => ReadingsRejected.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
