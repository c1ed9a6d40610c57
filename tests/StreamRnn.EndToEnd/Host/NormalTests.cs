using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using StreamRnn.EndToEnd.Mqtt;

namespace StreamRnn.EndToEnd.Host;

/// <summary>"This is normal", the whole way: a real broker and its own clients, the service and its verb as processes.</summary>
public sealed class NormalTests
{
    private const double Start = 1_760_000_000, Every = 60;

    [SkippableFact]
    public async Task AnAlertThatIsCalledNormalIsNotReportedAgainUntilThatIsUndoneAndADifferentFaultIs()
    {
        Skip.If(Mosquitto.Find("mosquitto_pub") is null || Mosquitto.Find("mosquitto_rr") is null, "mosquitto's clients are not installed (Debian: apt install mosquitto-clients)");
        using var broker = await new Mosquitto().StartAsync();
        await using var service = HostProcess.Start(null, systemd: false, null, "run", "--broker", $"mqtt://127.0.0.1:{broker.Port}");
        await service.UntilAsync(s => s.Output.Contains("Ready: subscribed", StringComparison.Ordinal), "it is ready");
        await using var listener = await Listener.StartAsync(broker.Port, "streamrnn/alerts/#", "streamrnn/devices/+/state", "streamrnn/deadletter");
        var plant = new Plant(listener);

        await plant.RunAsync(1500);
        var alertId = await plant.EpisodeAsync(12);
        Assert.NotNull(alertId);
        using var said = await AskAsync(broker.Port, $$"""{"alertId":"{{alertId}}"}""");
        Assert.True(said.RootElement.GetProperty("done").GetBoolean(), said.RootElement.ToString());
        Assert.Equal("plant", said.RootElement.GetProperty("device").GetString());

        Assert.Null(await plant.EpisodeAsync(13));
        await plant.StateAsync(n => n.GetProperty("known").GetInt32() == 1 && n.GetProperty("suppressed").GetInt32() == 1 && n.TryGetProperty("lastSuppressed", out _));
        Assert.NotNull(await plant.EpisodeAsync(-12));

        // Retained, it would be carried out again and again.
        using (var publish = Process.Start(Mosquitto.Find("mosquitto_pub")!, ["-p", Text(broker.Port), "-V", "mqttv5", "-q", "1", "-r", "-t", "streamrnn/cmd/normal", "-m", $$"""{"undo":"{{alertId}}"}"""]))
            await publish.WaitForExitAsync();
        await listener.UntilAsync(m => m.Topic == "streamrnn/deadletter" && m.Payload.Contains("must not be retained", StringComparison.Ordinal), "the refusal of what is retained");
        using (var refused = await AskAsync(broker.Port, """{"alertId":"nothing like it"}"""))
            Assert.Contains("is not known here", refused.RootElement.GetProperty("message").GetString(), StringComparison.Ordinal);

        var (code, output) = await VerbAsync(broker.Port, "--list");
        Assert.Equal(0, code);
        Assert.Contains($"{alertId}  plant x", output, StringComparison.Ordinal);
        Assert.Contains("suppressed 1 time", output, StringComparison.Ordinal);
        (code, output) = await VerbAsync(broker.Port, "--undo", alertId);
        Assert.Equal(0, code);
        Assert.Contains("no longer called normal", output, StringComparison.Ordinal);
        (code, _) = await VerbAsync(broker.Port, "--undo", alertId);
        Assert.Equal(2, code);
        Assert.NotNull(await plant.EpisodeAsync(12));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>With mosquitto's own client: publishes with a response topic and prints what comes there.</summary>
    private static async Task<JsonDocument> AskAsync(int port, string payload)
    {
        var start = new ProcessStartInfo(
            Mosquitto.Find("mosquitto_rr")!,
            ["-p", Text(port), "-V", "mqttv5", "-q", "1", "-W", "30", "-t", "streamrnn/cmd/normal", "-e", "streamrnn/reply/me", "-D", "publish", "correlation-data", "7", "-m", payload])
        { RedirectStandardOutput = true };
        using var ask = Process.Start(start)!;
        var answer = await ask.StandardOutput.ReadToEndAsync();
        await ask.WaitForExitAsync();
        Assert.True(ask.ExitCode == 0, $"no answer: mosquitto_rr ended with {ask.ExitCode}");
        return JsonDocument.Parse(answer);
    }

    private static async Task<(int Code, string Output)> VerbAsync(int port, params string[] args)
    {
        await using var verb = HostProcess.Start(null, systemd: false, null, ["normal", .. args, "--broker", $"mqtt://127.0.0.1:{Text(port)}"]);
        var (code, _) = await verb.ExitAsync();
        return (code, verb.Output + verb.Error);
    }

    /// <summary>A quantity that swings about 20, once a minute of its own time, sent as fast as it goes.</summary>
    private sealed class Plant(Listener listener)
    {
        private readonly Random _random = new(1);
        private int _count;

        public async Task RunAsync(int readings, double added = 0)
        {
            for (var sent = 0; sent < readings;)
            {
                var json = new StringBuilder("[");
                for (var i = 0; i < 100 && sent < readings; i++, sent++, _count++)
                {
                    var value = 20 + (2 * Math.Sin(_count / 15.0)) + (0.4 * (_random.NextDouble() + _random.NextDouble() - 1)) + added;
                    json.Append(CultureInfo.InvariantCulture, $$"""{{(i > 0 ? "," : "")}}{"timestamp":{{Start + (Every * _count)}},"x":{{value:0.####}}}""");
                }

                await listener.PublishAsync("devices/plant", json.Append(']').ToString());
            }
        }

        /// <returns>The id of the alert that it opened; null if none did.</returns>
        public async Task<string?> EpisodeAsync(double added)
        {
            var from = Start + (Every * _count);
            await RunAsync(5, added);
            await RunAsync(400);
            // What came of these readings has been published when the answer to a later reading has: the alert comes before the state that a marker of its own brings.
            var marker = $"marker-{_count}";
            await listener.PublishAsync($"devices/{marker}", """{"x":1}""");
            await listener.UntilAsync(m => m.Topic == $"streamrnn/devices/{marker}/state", "the marker's state");
            return listener.Heard.Select(m => m.Topic == "streamrnn/alerts/plant" ? JsonDocument.Parse(m.Payload).RootElement : default)
                .Where(e => e.ValueKind == JsonValueKind.Object && e.GetProperty("type").GetString() == "io.streamrnn.alert.opened")
                .Select(e => e.GetProperty("data"))
                .FirstOrDefault(d => d.GetProperty("openedAt").GetDateTimeOffset().ToUnixTimeMilliseconds() / 1000.0 >= from - 1) is { ValueKind: JsonValueKind.Object } data
                ? data.GetProperty("alertId").GetString() : null;
        }

        public Task<string> StateAsync(Func<JsonElement, bool> condition) => listener.UntilAsync(
            m => m.Topic == "streamrnn/devices/plant/state" && JsonDocument.Parse(m.Payload).RootElement.TryGetProperty("normal", out var normal) && condition(normal), "the state says it");
    }
}
