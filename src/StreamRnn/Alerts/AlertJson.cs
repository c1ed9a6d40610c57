using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using StreamRnn.Readings;

namespace StreamRnn.Alerts;

/// <summary>An alert event as the JSON object of docs/alert.schema.json: what stands in a CloudEvent's <c>data</c>, or alone where the format is plain.</summary>
public static class AlertJson
{
    public const string Schema = "io.streamrnn.alert/1";

    // Published as UTF-8 over MQTT, never into a web page: letters of all languages stay readable.
    internal static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the plain form.</summary>
    /// <exception cref="ArgumentException">Score, false alarms per week, a share or a recent value is not finite.</exception>
    public static void WriteData(AlertEvent alert, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, Options);
        Write(json, alert);
    }

    /// <summary>Reads the plain form. Any bytes give an event or the reason why not, never an exception.</summary>
    public static bool TryReadData(ReadOnlySpan<byte> utf8, out AlertEvent alert, out string error) =>
        TryParse(utf8, static root => ReadData(root), out alert, out error);

    internal static void Write(Utf8JsonWriter json, AlertEvent alert)
    {
        json.WriteStartObject();
        json.WriteString("schema", Schema);
        json.WriteString("alertId", alert.AlertId);
        json.WriteNumber("sequence", alert.Sequence);
        json.WriteString("status", AlertWords.Of(alert.Status));
        json.WriteString("kind", AlertWords.Of(alert.Kind));
        json.WriteString("severity", AlertWords.Of(alert.Severity));
        json.WriteString("device", alert.Device);
        WriteText(json, "channel", alert.Channel);
        WriteText(json, "unit", alert.Unit);
        json.WriteString("openedAt", alert.OpenedAt.ToString());
        json.WriteString("eventTime", alert.EventTime.ToString());
        json.WriteString("detectedAt", alert.DetectedAt.ToString());
        WriteText(json, "resolvedAt", alert.ResolvedAt?.ToString());
        WriteText(json, "resolution", alert.Resolution is { } resolution ? AlertWords.Of(resolution) : null);
        WriteNumber(json, "value", alert.Value);
        WriteNumber(json, "expected", alert.Expected);
        WriteNumber(json, "lower", alert.Lower);
        WriteNumber(json, "upper", alert.Upper);
        json.WriteNumber("score", Finite(alert.Score, "score"));
        json.WriteNumber("falseAlarmsPerWeek", Finite(alert.FalseAlarmsPerWeek, "falseAlarmsPerWeek"));
        json.WriteStartArray("contributions");
        foreach (var part in alert.Contributions)
        {
            json.WriteStartObject();
            json.WriteString("channel", part.Channel);
            json.WriteNumber("share", Finite(part.Share, "share"));
            WriteNumber(json, "value", part.Value);
            WriteNumber(json, "expected", part.Expected);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("recent");
        foreach (var (time, value) in alert.Recent)
        {
            json.WriteStartArray();
            json.WriteStringValue(time.ToString());
            json.WriteNumberValue(Finite(value, "recent"));
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteString("summary", alert.Summary);
        json.WriteNumber("count", alert.Count);
        json.WriteBoolean("flapping", alert.Flapping);
        json.WriteBoolean("suppressed", alert.Suppressed);
        json.WriteStartObject("model");
        json.WriteString("id", alert.ModelId);
        json.WriteString("version", alert.ModelVersion);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    internal static AlertEvent ReadData(JsonElement data)
    {
        var schema = Text(data, "schema");
        if (schema != Schema)
            throw new FormatException($"schema is '{schema}', expected '{Schema}'");
        var model = Member(data, "model", JsonValueKind.Object);
        return new AlertEvent
        {
            AlertId = Text(data, "alertId"),
            Sequence = Whole(data, "sequence"),
            Status = Word<AlertStatus>(data, "status", AlertWords.TryParse),
            Kind = Word<AlertKind>(data, "kind", AlertWords.TryParse),
            Severity = Word<Severity>(data, "severity", AlertWords.TryParse),
            Device = Text(data, "device"),
            Channel = Has(data, "channel") ? Text(data, "channel") : null,
            Unit = Has(data, "unit") ? Text(data, "unit") : null,
            OpenedAt = Time(data, "openedAt"),
            EventTime = Time(data, "eventTime"),
            DetectedAt = Time(data, "detectedAt"),
            ResolvedAt = Has(data, "resolvedAt") ? Time(data, "resolvedAt") : null,
            Resolution = Has(data, "resolution") ? Word<Resolution>(data, "resolution", AlertWords.TryParse) : null,
            Value = Has(data, "value") ? Number(data, "value") : null,
            Expected = Has(data, "expected") ? Number(data, "expected") : null,
            Lower = Has(data, "lower") ? Number(data, "lower") : null,
            Upper = Has(data, "upper") ? Number(data, "upper") : null,
            Score = Number(data, "score"),
            FalseAlarmsPerWeek = Number(data, "falseAlarmsPerWeek"),
            Contributions = [.. Member(data, "contributions", JsonValueKind.Array).EnumerateArray().Select(ReadContribution)],
            Recent = [.. Member(data, "recent", JsonValueKind.Array).EnumerateArray().Select(ReadRecent)],
            Summary = Text(data, "summary"),
            Count = Whole(data, "count"),
            Flapping = Truth(data, "flapping"),
            Suppressed = Truth(data, "suppressed"),
            ModelId = Text(model, "id"),
            ModelVersion = Text(model, "version"),
        };
    }

    internal static bool TryParse(ReadOnlySpan<byte> utf8, Func<JsonElement, AlertEvent> read, out AlertEvent alert, out string error)
    {
        try
        {
            var reader = new Utf8JsonReader(utf8);
            using var document = JsonDocument.ParseValue(ref reader);
            if (!utf8[(int)reader.BytesConsumed..].Trim(" \t\r\n"u8).IsEmpty)
                throw new FormatException($"more follows after the JSON value, at byte {reader.BytesConsumed}");
            (alert, error) = (read(document.RootElement), "");
            return true;
        }
        // Not JSON; another shape than expected; a string with a lone surrogate, which the parser lets pass and GetString does not.
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            (alert, error) = (null!, e.Message);
            return false;
        }
    }

    internal static JsonElement Member(JsonElement of, string name, JsonValueKind kind)
    {
        if (of.ValueKind != JsonValueKind.Object)
            throw new FormatException($"found {Found(of)} where an object with '{name}' was expected");
        if (!of.TryGetProperty(name, out var member))
            throw new FormatException($"'{name}' is missing");
        return member.ValueKind == kind ? member : throw new FormatException($"'{name}' is {Found(member)}, expected {kind}");
    }

    internal static string Text(JsonElement of, string name) => Member(of, name, JsonValueKind.String).GetString()!;

    private static Contribution ReadContribution(JsonElement part) =>
        new(Text(part, "channel"), Number(part, "share"), NumberOrNaN(part, "value"), NumberOrNaN(part, "expected"));

    private static (Instant, double) ReadRecent(JsonElement pair)
    {
        if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2)
            throw new FormatException($"an entry of 'recent' is {Found(pair)}, expected [time, value]");
        if (pair[0].ValueKind != JsonValueKind.String || pair[1].ValueKind != JsonValueKind.Number)
            throw new FormatException($"an entry of 'recent' has {Found(pair[0])} and {Found(pair[1])}, expected a time and a number");
        return (Time(pair[0].GetString()!, "recent"), Finite(pair[1], "recent"));
    }

    private static bool Has(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null;

    private static double Number(JsonElement of, string name) => Finite(Member(of, name, JsonValueKind.Number), name);

    private static double NumberOrNaN(JsonElement of, string name) => Has(of, name) ? Number(of, name) : double.NaN;

    private static double Finite(JsonElement number, string name) =>
        number.TryGetDouble(out var value) && double.IsFinite(value) ? value : throw new FormatException($"'{name}' is {number.GetRawText()}, too large for a number");

    private static int Whole(JsonElement of, string name)
    {
        var member = Member(of, name, JsonValueKind.Number);
        return member.TryGetInt32(out var value) && value >= 0 ? value : throw new FormatException($"'{name}' is {member.GetRawText()}, expected 0, 1, 2, …");
    }

    private static bool Truth(JsonElement of, string name)
    {
        if (of.TryGetProperty(name, out var member) && member.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return member.GetBoolean();
        throw new FormatException($"'{name}' is missing or not true or false");
    }

    private static Instant Time(JsonElement of, string name) => Time(Text(of, name), name);

    private static Instant Time(string text, string name) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? Instant.From(time)
            : throw new FormatException($"'{name}' is '{text}', expected a time such as 2026-03-01T12:00:00Z");

    private delegate bool WordParser<T>(string word, out T found);

    private static T Word<T>(JsonElement of, string name, WordParser<T> parse)
    {
        var word = Text(of, name);
        return parse(word, out var found) ? found : throw new FormatException($"'{name}' is '{word}', which is no {typeof(T).Name}");
    }

    private static string Found(JsonElement element) => element.ValueKind.ToString();

    private static void WriteText(Utf8JsonWriter json, string name, string? text)
    {
        if (text is null)
            json.WriteNull(name);
        else
            json.WriteString(name, text);
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double? number)
    {
        if (number is { } value && double.IsFinite(value))
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }

    private static double Finite(double number, string name) => double.IsFinite(number)
        ? number
        : throw new ArgumentException($"{name} is {number.ToString(CultureInfo.InvariantCulture)}; JSON has finite numbers only");
}
