using System.Globalization;
using System.Text;
using System.Text.Json;
using StreamRnn.Pipeline;

namespace StreamRnn.Mqtt;

/// <summary>
/// Commands from MQTT: <c>{root}/cmd/normal</c> and <c>{root}/cmd/sensitivity</c>, a JSON object each. Any bytes give a command or a <see cref="NoCommand"/> that says what was found and
/// what was expected, never an exception.
/// </summary>
internal sealed class CommandCodec(string root)
{
    /// <summary>Below the root.</summary>
    public const string Below = "/cmd/";

    /// <summary>Longest payload that is looked at, bytes.</summary>
    public const int LongestPayload = 16 << 10;

    /// <summary>The one place where an answer may go, below our root: whoever may send a command must not be able to make us publish elsewhere, with our rights.</summary>
    private const string Answers = "/reply/";

    private const string Normal = "normal", Sensitivity = "sensitivity";
    private const int LongestReplyTopic = 1000, LongestCorrelation = 1024;
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1), Longest = TimeSpan.FromDays(3650);
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 4 };
    private readonly byte[] _prefix = Encoding.UTF8.GetBytes(root + Below);

    /// <summary>What the topics of commands begin with, UTF-8.</summary>
    public ReadOnlySpan<byte> Prefix => _prefix;

    /// <summary>The last level of a command's topic, for people.</summary>
    public static string NameOf(DetectorCommand command) => command switch
    {
        CallNormal or UndoNormal or ListNormal => Normal,
        SetSensitivity => Sensitivity,
        _ => "that is none",
    };

    /// <param name="topic">Begins with <see cref="Prefix"/>.</param>
    public DetectorCommand Decode(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, bool retained, ReadOnlySpan<byte> properties)
    {
        var address = ResponseProperties.Read(properties);
        if (address is not null && Wrong(address) is { } wrong)
            return new NoCommand(wrong);
        DetectorCommand command = retained
            ? new NoCommand("a command must not be retained: it would be carried out again and again; publish it without the retain flag, and clear the topic with an empty retained message")
            : Decode(Encoding.UTF8.GetString(topic[_prefix.Length..]), payload);
        return command with { ReplyTo = address };
    }

    private static DetectorCommand Decode(string name, ReadOnlySpan<byte> payload)
    {
        if (name is not (Normal or Sensitivity))
            return new NoCommand($"unknown command '{name}'; known are {Normal} and {Sensitivity}");
        if (payload.Length > LongestPayload)
            return new NoCommand($"the payload has {payload.Length} bytes; allowed are {LongestPayload}");
        try
        {
            var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = Options.MaxDepth });
            using var json = JsonDocument.ParseValue(ref reader);
            reader.Read();                                       // a fault where there is more
            return json.RootElement.ValueKind != JsonValueKind.Object ? new NoCommand($"the payload is a JSON {json.RootElement.ValueKind.ToString().ToLowerInvariant()}; expected is an object such as {Example(name)}")
                : name == Normal ? ReadNormal(json.RootElement) : ReadSensitivity(json.RootElement);
        }
        catch (JsonException e)
        {
            return new NoCommand($"the payload is not JSON ({e.Message}); expected is an object such as {Example(name)}");
        }
        catch (InvalidOperationException)
        {
            return new NoCommand("a text in the payload is not valid Unicode");
        }
        catch (FormatException e)
        {
            return new NoCommand(e.Message);
        }
    }

    private static string Example(string name) => name == Normal ? """{"alertId":"1f0c…"}, {"undo":"1f0c…"} or {"list":true}""" : """{"falseAlarmsPerWeek":0.5} or {"falseAlarmsPerWeek":0.5,"device":"freezer"}""";

    private static DetectorCommand ReadNormal(JsonElement root)
    {
        Known(root, "alertId", "undo", "list", "device", "for");
        var (alertId, undo, device, time) = (Text(root, "alertId"), Text(root, "undo"), Text(root, "device"), Text(root, "for"));
        var list = root.TryGetProperty("list", out var all) && (all.ValueKind == JsonValueKind.True ? true : throw new FormatException($"'list' is {Quote(all)}; expected is true"));
        if ((alertId is not null ? 1 : 0) + (undo is not null ? 1 : 0) + (list ? 1 : 0) != 1)
            throw new FormatException("expected is exactly one of alertId (this alert is normal), undo (an alertId that was called normal) and list (true)");
        if (time is not null && alertId is null)
            throw new FormatException("'for' goes with alertId only");
        if (alertId is not null && device is not null)
            throw new FormatException("'device' goes with undo and list only: an alertId is of one device");
        return alertId is not null ? new CallNormal(alertId, time is null ? null : Duration(time))
            : undo is not null ? new UndoNormal(undo, device) : new ListNormal(device);
    }

    private static SetSensitivity ReadSensitivity(JsonElement root)
    {
        Known(root, "falseAlarmsPerWeek", "device");
        if (!root.TryGetProperty("falseAlarmsPerWeek", out var budget))
            throw new FormatException($"'falseAlarmsPerWeek' is missing; expected is an object such as {Example(Sensitivity)}");
        if (budget.ValueKind == JsonValueKind.Null)
            return new SetSensitivity(null, Text(root, "device"));
        return budget.ValueKind == JsonValueKind.Number && budget.TryGetDouble(out var perWeek) && perWeek is >= 0.001 and <= 1000
            ? new SetSensitivity(perWeek, Text(root, "device"))
            : throw new FormatException($"'falseAlarmsPerWeek' is {Quote(budget)}; allowed is 0.001 to 1000, or null for that of the configuration");
    }

    private static void Known(JsonElement root, params ReadOnlySpan<string> known)
    {
        foreach (var member in root.EnumerateObject())
        {
            if (!known.Contains(member.Name))
                throw new FormatException($"unknown member '{member.Name}'; known are {string.Join(", ", known!)}");
        }
    }

    private static string? Text(JsonElement root, string name) => !root.TryGetProperty(name, out var member) ? null
        : member.ValueKind == JsonValueKind.String && member.GetString() is { Length: > 0 and <= 200 } text ? text
        : throw new FormatException($"'{name}' is {Quote(member)}; expected is a text of 1 to 200 characters");

    private static TimeSpan Duration(string text) =>
        TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var time) && text.Contains(':') && time >= Shortest && time <= Longest ? time
            : throw new FormatException($"'for' is '{text}'; allowed is 00:00:01 to 3650.00:00:00, such as 7.00:00:00 for a week");

    private static string Quote(JsonElement element) => element.GetRawText() is { Length: > 40 } text ? text[..40] + "…" : element.GetRawText();

    private string? Wrong(ReplyAddress address)
    {
        var topic = address.Topic;
        return topic.Length is 0 or > LongestReplyTopic || topic.Any(c => char.IsControl(c) || c is '+' or '#' or '\uFFFD') ? "the response topic is no topic that can be published on"
            : !topic.StartsWith(root + Answers, StringComparison.Ordinal) || topic.Length == root.Length + Answers.Length ? $"the response topic is '{topic}'; answers go below {root}{Answers} only"
            : address.Correlation.Length > LongestCorrelation ? $"the correlation data has {address.Correlation.Length} bytes; allowed are {LongestCorrelation}"
            : null;
    }
}
