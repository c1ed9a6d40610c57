using System.Globalization;
using System.Text.Json.Nodes;
using StreamRnn.EndToEnd.Host;
using StreamRnn.Nets;

namespace StreamRnn.EndToEnd.Faults;

/// <summary>What the devices send: a minute of theirs each row, waves with spikes, new levels, other patterns and sensors that stick, each device at times of its own. Always the same.</summary>
internal static class Script
{
    public const int Rows = 700;

    // Silence depends on when the clock was looked at, so on the kills; everything else on the readings alone.
    public const string Settings = """{ "StreamRnn": { "Detection": { "Silence": false, "FalseAlarmsPerDevicePerWeek": 20 } } }""";

    public static readonly string[] Devices = ["a", "b", "c", "d", "e", "f", "g", "h"];

    public static DateTimeOffset TimeOf(int row) => DateTimeOffset.FromUnixTimeSeconds(1_772_000_000 + (60 * row));

    public static async Task PublishAsync(Listener client, int from, int to)
    {
        foreach (var rows in Enumerable.Range(from, to - from).Chunk(25))
            await Task.WhenAll(rows.SelectMany(row => Devices.Select(device => client.PublishAsync($"devices/{device}/x", Reading(device, row)))));
    }

    /// <summary>What comes last is through when all before it is: its state is told after its tenth reading.</summary>
    public static async Task EndAsync(Listener client)
    {
        for (var i = 0; i < 10; i++)
            await client.PublishAsync("devices/last/x", Reading("last", i));
        await client.UntilAsync(h => h.Topic == "streamrnn/devices/last/state" && h.Payload.Contains("\"seen\":10", StringComparison.Ordinal), "the state of the last device");
    }

    public static string Reading(string device, int row)
    {
        var at = Array.IndexOf(Devices, device);
        var random = new Seeded((ulong)((row * 10) + at + 1));
        var noise = 0.1 * random.NextNormal();
        var own = row + (40 * at);
        var value = 20 + Math.Sin((row / 5.0) + at) + noise;
        value += own % 170 is 0 or 1 ? 9 : 0;                             // spikes
        value += row > 400 + (30 * at) && at % 2 == 0 ? 3 : 0;            // another level, for good
        value -= own % 290 is >= 200 and < 225 && at % 2 == 1 ? 6 : 0;    // and for a while
        if (at % 3 == 1 && row is >= 500 and < 560)
            value = 20.5;                                                 // stuck
        return string.Create(CultureInfo.InvariantCulture, $$"""{"timestamp": "{{TimeOf(row):yyyy-MM-ddTHH:mm:ssZ}}", "value": {{Math.Round(value, 3)}}}""");
    }

    /// <summary>Of all that was heard: event id → body without the time of detection; how often an event came again to the byte, which it may; and how often with another body.</summary>
    public static (SortedDictionary<string, string> Bodies, int Repeated, int Altered) Alerts(Listener subscriber)
    {
        var bodies = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var raw = new Dictionary<string, string>(StringComparer.Ordinal);
        var (repeated, altered) = (0, 0);
        foreach (var (_, payload, _) in subscriber.Heard.Where(h => h.Topic.StartsWith("streamrnn/alerts/", StringComparison.Ordinal) && h.Payload.Length > 0))
        {
            var alert = JsonNode.Parse(payload)!;
            var id = alert["id"]!.GetValue<string>();
            if (raw.TryAdd(id, payload))
            {
                alert["data"]!.AsObject().Remove("detectedAt");
                bodies[id] = alert.ToJsonString();
            }
            else if (raw[id] == payload)
            {
                repeated++;
            }
            else
            {
                altered++;
            }
        }

        return (bodies, repeated, altered);
    }
}
