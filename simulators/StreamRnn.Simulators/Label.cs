using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace StreamRnn.Simulators;

/// <summary>Ground truth: what was done to whom, and when.</summary>
/// <param name="Device">Name of the device.</param>
/// <param name="Channel">Null: the device as a whole.</param>
/// <param name="Kind">Name of the fault.</param>
/// <param name="Start">Onset, in device time; readings from here on are touched.</param>
/// <param name="End">The first instant that is untouched again.</param>
/// <param name="Anomalous">False for a disturbance that a detector should not alert on.</param>
/// <param name="Size">In <paramref name="Unit"/>; null where the fault has none.</param>
/// <param name="Unit">Unit of the size; null where the fault has none.</param>
public sealed record Label(
    string Device, string? Channel, string Kind, DateTimeOffset Start, DateTimeOffset End, bool Anomalous, double? Size = null, string? Unit = null)
{
    private static readonly JsonSerializerOptions AsWritten = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }; // "°C", not "\u00B0C"

    /// <summary>One English sentence for people.</summary>
    public string Summary => $"{Kind} on {Device}{(Channel is null ? "" : "/" + Channel)} for {Durations.Say(End - Start)}"
        + (Size is { } size ? string.Create(CultureInfo.InvariantCulture, $", size {size:0.###} {Unit}") : "");

    /// <summary>One line of JSON: <c>{"device", "channel", "kind", "start", "end", "anomalous", "size", "unit"}</c>.</summary>
    public string ToJson() => Object().ToJsonString(AsWritten);

    /// <summary>The same with <c>"event"</c> (<c>start</c> or <c>end</c>) first, as it goes to the labels topic.</summary>
    public string ToJson(LabelEdge edge)
    {
        var json = Object();
        json.Insert(0, "event", edge == LabelEdge.Start ? "start" : "end");
        return json.ToJsonString(AsWritten);
    }

    /// <summary>Reads what <see cref="ToJson()"/> wrote.</summary>
    /// <exception cref="FormatException">Not a label.</exception>
    public static Label Parse(string line)
    {
        try
        {
            var json = JsonNode.Parse(line)!.AsObject();
            return new Label(
                json["device"]!.GetValue<string>(), json["channel"]?.GetValue<string>(), json["kind"]!.GetValue<string>(),
                Time("start"), Time("end"), json["anomalous"]!.GetValue<bool>(), json["size"]?.GetValue<double>(), json["unit"]?.GetValue<string>());

            DateTimeOffset Time(string key) =>
                DateTimeOffset.Parse(json[key]!.GetValue<string>(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            throw new FormatException($"'{line}' is not a label; expected {{\"device\", \"channel\", \"kind\", \"start\", \"end\", \"anomalous\"}}.", e);
        }
    }

    private JsonObject Object() => new()
    {
        ["device"] = Device,
        ["channel"] = Channel,
        ["kind"] = Kind,
        ["start"] = Payloads.TimeText(Start),
        ["end"] = Payloads.TimeText(End),
        ["anomalous"] = Anomalous,
        ["size"] = Size,
        ["unit"] = Unit,
    };
}

/// <summary>Which end of a label an emission tells of.</summary>
public enum LabelEdge
{
    Start,
    End,
}
