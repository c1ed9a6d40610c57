using System.Buffers;
using System.Text.Json;

namespace StreamRnn.Alerts;

/// <summary>
/// An alert event as a CloudEvent 1.0 in structured JSON mode (<c>application/cloudevents+json</c>), the one mode that MQTT 3.1.1 allows too.
/// </summary>
public static class CloudEvent
{
    public const string ContentType = "application/cloudevents+json";
    private const string TypePrefix = "io.streamrnn.alert.";

    public static string TypeOf(AlertStatus status) => TypePrefix + AlertWords.Of(status);

    /// <summary>Writes one event: attributes, then <c>data</c> as <see cref="AlertJson.WriteData"/> writes it.</summary>
    /// <param name="alert">The event.</param>
    /// <param name="output">Receives UTF-8.</param>
    /// <param name="source">Who says it: a URI reference, such as <c>streamrnn</c>; with the id it is unique.</param>
    /// <exception cref="ArgumentException">Score, false alarms per week, a share or a recent value is not finite.</exception>
    public static void Write(AlertEvent alert, IBufferWriter<byte> output, string source)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        using var json = new Utf8JsonWriter(output, AlertJson.Options);
        json.WriteStartObject();
        json.WriteString("specversion", "1.0");
        json.WriteString("id", alert.Id);
        json.WriteString("source", source);
        json.WriteString("type", TypeOf(alert.Status));
        json.WriteString("subject", alert.Channel is null ? alert.Device : $"{alert.Device}/{alert.Channel}");
        json.WriteString("time", alert.EventTime.ToString());
        json.WriteString("datacontenttype", "application/json");
        json.WritePropertyName("data");
        AlertJson.Write(json, alert);
        json.WriteEndObject();
    }

    /// <summary>Reads one event. Any bytes give an event or the reason why not, never an exception. Attributes beyond ours are passed over.</summary>
    public static bool TryRead(ReadOnlySpan<byte> utf8, out AlertEvent alert, out string error) => AlertJson.TryParse(utf8, Read, out alert, out error);

    private static AlertEvent Read(JsonElement root)
    {
        var version = AlertJson.Text(root, "specversion");
        if (version != "1.0")
            throw new FormatException($"specversion is '{version}', expected '1.0'");
        var type = AlertJson.Text(root, "type");
        if (!type.StartsWith(TypePrefix, StringComparison.Ordinal))
            throw new FormatException($"type is '{type}', expected one that begins with '{TypePrefix}'");
        var alert = AlertJson.ReadData(AlertJson.Member(root, "data", JsonValueKind.Object));
        if (TypeOf(alert.Status) != type)
            throw new FormatException($"type is '{type}', but the data's status is '{AlertWords.Of(alert.Status)}'");
        var id = AlertJson.Text(root, "id");
        return alert.Id == id ? alert : throw new FormatException($"id is '{id}', but alertId and sequence make '{alert.Id}'");
    }
}
