using System.Globalization;
using System.Text.Json.Nodes;
using StreamRnn.EndToEnd.Mqtt;
using StreamRnn.Nets;
using Xunit.Abstractions;

namespace StreamRnn.EndToEnd.Host;

/// <summary>
/// kill -9 of the service at random moments, while readings come: subscribers see the alerts of a life without a kill. The long form: STREAMRNN_KILLS=100 dotnet test --filter KillTests.
/// </summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Rows = 700;
    private static readonly string[] Devices = ["a", "b", "c", "d"];
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("STREAMRNN_KILLS"), CultureInfo.InvariantCulture, out var kills) ? kills : 8;

    // Silence depends on when the clock was looked at, so on the kills; everything else on the readings alone.
    private const string Settings = """{ "StreamRnn": { "Detection": { "Silence": false, "FalseAlarmsPerDevicePerWeek": 20 } } }""";

    [SkippableFact]
    public async Task TheAlertsOfAServiceThatIsKilledAgainAndAgainAreThoseOfOneThatIsNot()
    {
        var whole = await LiveAsync(kills: 0, keep: true);
        var killed = await LiveAsync(Kills, keep: true);
        output.WriteLine($"{whole.Bodies.Count} alert events expected; after {Kills} kills {killed.Bodies.Count} of them seen, {killed.Repeated} repeated");
        Assert.True(whole.Bodies.Count >= 8, $"the script has {whole.Bodies.Count} alert events");
        Assert.Equal(whole.Bodies, killed.Bodies);
    }

    [SkippableFact]
    public async Task TheControlThatKeepsNothingIsCaught()
    {
        var whole = await LiveAsync(kills: 0, keep: true);
        var killed = await LiveAsync(kills: 3, keep: false);
        Assert.NotEqual(whole.Bodies, killed.Bodies);
    }

    /// <summary>Lives the script: readings at QoS 1, the service killed in between, at moments that a seed chooses.</summary>
    /// <returns>Event id → body without the time of detection, by id; and how often an event came again.</returns>
    private static async Task<(SortedDictionary<string, string> Bodies, int Repeated)> LiveAsync(int kills, bool keep)
    {
        using var broker = await new Mosquitto().StartAsync();
        var store = Directory.CreateTempSubdirectory("streamrnn-kills-");
        try
        {
            await using var subscriber = await Listener.StartAsync(broker.Port, "streamrnn/#");
            var random = new Seeded(5);
            var row = 0;
            for (var life = 0; life <= kills; life++)
            {
                await using var service = HostProcess.Start(Settings, systemd: true, new Dictionary<string, string>
                {
                    ["StreamRnn__Storage__Path"] = store.FullName,
                    ["StreamRnn__Storage__Enabled"] = keep ? "true" : "false",
                    ["StreamRnn__Storage__CheckpointEvery"] = "00:00:01",
                }, "run", "--broker", $"mqtt://127.0.0.1:{broker.Port}");
                if (life == 0 || life == kills || random.Chance(0.5))
                    Assert.Equal("READY=1", await service.NotificationAsync());       // else readings wait at the broker, and the kill may come amid the start
                for (var end = life == kills ? Rows : row + (Rows / (kills + 1)); row < end; row++)
                {
                    foreach (var device in Devices)
                        await subscriber.PublishAsync($"devices/{device}/x", Reading(device, row));
                }

                if (life == kills)
                {
                    // What comes last is through when all before it is: its state is told after its tenth reading.
                    for (var i = 0; i < 10; i++)
                        await subscriber.PublishAsync("devices/last/x", Reading("last", i));
                    await subscriber.UntilAsync(h => h.Topic == "streamrnn/devices/last/state" && h.Payload.Contains("\"seen\":10", StringComparison.Ordinal), "the state of the last device");
                    break;
                }

                await Task.Delay(TimeSpan.FromSeconds(0.3 * random.NextDouble()));
            }

            return Alerts(subscriber);
        }
        finally
        {
            store.Delete(recursive: true);
        }
    }

    private static (SortedDictionary<string, string> Bodies, int Repeated) Alerts(Listener subscriber)
    {
        var bodies = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var raw = new Dictionary<string, string>(StringComparer.Ordinal);
        var repeated = 0;
        foreach (var (_, payload, _) in subscriber.Heard.Where(h => h.Topic.StartsWith("streamrnn/alerts/", StringComparison.Ordinal) && h.Payload.Length > 0))
        {
            var alert = JsonNode.Parse(payload)!;
            var id = alert["id"]!.GetValue<string>();
            if (raw.TryGetValue(id, out var before))
            {
                Assert.Equal(before, payload);                // the same id, the same body, to the byte
                repeated++;
            }

            raw[id] = payload;
            alert["data"]!.AsObject().Remove("detectedAt");
            bodies[id] = alert.ToJsonString();
        }

        return (bodies, repeated);
    }

    // A wave each, with spikes and new levels at times of its own; every minute of the devices' time.
    private static string Reading(string device, int row)
    {
        var at = Array.IndexOf(Devices, device);
        var random = new Seeded((ulong)((row * 10) + at + 1));
        var value = 20 + Math.Sin((row / 5.0) + at) + (0.1 * random.NextNormal()) + ((row + (40 * at)) % 170 is 0 or 1 ? 9 : 0) + (row > 400 + (30 * at) ? 3 : 0);
        return string.Create(CultureInfo.InvariantCulture, $$"""{"timestamp": "{{DateTimeOffset.FromUnixTimeSeconds(1_772_000_000 + (60 * row)):yyyy-MM-ddTHH:mm:ssZ}}", "value": {{Math.Round(value, 3)}}}""");
    }
}
