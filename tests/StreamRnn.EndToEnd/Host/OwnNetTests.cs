using System.Globalization;
using System.Text;
using System.Text.Json;
using StreamRnn.EndToEnd.Mqtt;

namespace StreamRnn.EndToEnd.Host;

/// <summary>A user's own net, the whole way: recorded rows, <c>train</c>, a group in the configuration, <c>run</c>, a real broker, an alert that names the model.</summary>
public sealed class OwnNetTests
{
    private const int Normal = 2500, Broken = 100, RowsOfAPayload = 100;
    private const double Recorded = 1_750_000_000, Start = 1_760_000_000, Every = 60;

    [SkippableFact]
    public async Task ANetTrainedOnRecordedRowsAlertsWhenChannelsNoLongerGoTogetherAndTheBaseModelDoesNot()
    {
        Skip.If(Mosquitto.Binary is null, "mosquitto is not installed (Debian: apt install mosquitto)");
        var folder = Directory.CreateTempSubdirectory("streamrnn-own-");
        try
        {
            var (data, model) = (Path.Combine(folder.FullName, "recorded.csv"), Path.Combine(folder.FullName, "pump.model"));
            File.WriteAllLines(data, [
                "timestamp,speed,pressure,flow",
                .. new Pump(1).Rows(2500, 0).Select((r, i) => string.Create(CultureInfo.InvariantCulture, $"{Recorded + (Every * i)},{r.Speed:0.###},{r.Pressure:0.####},{r.Flow:0.###}")),
            ]);
            await using (var train = HostProcess.Start(null, systemd: false, null, "train", "--data", data, "--out", model, "--epochs", "40", "--batch", "16", "--chunk", "32", "--lr", "0.01"))
            {
                var (code, _) = await train.ExitAsync();
                Assert.True(code == 0, $"train ended with {code}\n{train.Output}\n{train.Error}");
                Assert.Contains("% less", train.Output, StringComparison.Ordinal);
            }

            using var broker = await new Mosquitto().StartAsync();
            await using var service = HostProcess.Start(Settings("devices/pump/#", model), systemd: false, null, "run", "--broker", $"mqtt://127.0.0.1:{broker.Port}");
            await service.UntilAsync(s => s.Output.Contains("Ready: subscribed", StringComparison.Ordinal), "it is ready");
            Assert.Contains("Devices on devices/pump/# are predicted by the model pump, version ", service.Output, StringComparison.Ordinal);
            await using var listener = await Listener.StartAsync(broker.Port, "streamrnn/alerts/#");

            // The same rows, first from a device of no group, then from one of the group.
            var rows = new Pump(3).Rows(Normal, Broken);
            foreach (var device in new[] { "other", "pump" })
            {
                for (var from = 0; from < rows.Count; from += RowsOfAPayload)
                    await listener.PublishAsync($"devices/{device}", Json(rows, from));
            }

            await listener.UntilAsync(m => Opened(m.Payload) is { Device: "pump", Model: "pump", Kind: "prediction_error", Row: >= Normal and < Normal + Broken }, "an alert of the broken rows that names the model");
            var opened = listener.Heard.Select(m => Opened(m.Payload)).OfType<(string Device, string Model, string Kind, double Row)>().ToList();
            Assert.DoesNotContain(opened, a => a.Device == "other" && a.Row >= Normal);
            Assert.DoesNotContain(opened, a => a.Device == "other" && a.Model != "base");
            Assert.DoesNotContain("has not sent", service.Output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("devices/pump-+/#", "StreamRnn:Groups:0:Match is 'devices/pump-+/#' in appsettings.json; allowed is an MQTT topic filter")]
    [InlineData("devices/pump/#", "StreamRnn:Groups:0:Model is 'no such.model' in appsettings.json; allowed is the path of a model file")]
    public async Task AGroupThatCannotBeUsedStopsTheStart(string match, string says)
    {
        await using var service = HostProcess.Start(Settings(match, "no such.model"), systemd: false, null, "run");
        Assert.Equal(78, (await service.ExitAsync()).Code);
        Assert.Contains(says, service.Error, StringComparison.Ordinal);
    }

    private static string Settings(string match, string model) =>
        JsonSerializer.Serialize(new { StreamRnn = new { Groups = new[] { new { Match = match, Model = model } }, Detection = new { FalseAlarmsPerDevicePerWeek = 5 } } });

    private static string Json(List<(double Speed, double Pressure, double Flow)> rows, int from)
    {
        var json = new StringBuilder("[");
        for (var i = from; i < Math.Min(from + RowsOfAPayload, rows.Count); i++)
            json.Append(CultureInfo.InvariantCulture, $$"""{{(i > from ? "," : "")}}{"timestamp":{{Start + (Every * i)}},"speed":{{rows[i].Speed:0.###}},"pressure":{{rows[i].Pressure:0.####}},"flow":{{rows[i].Flow:0.###}}}""");
        return json.Append(']').ToString();
    }

    private static (string Device, string Model, string Kind, double Row)? Opened(string payload)
    {
        var e = JsonDocument.Parse(payload).RootElement;
        if (e.GetProperty("type").GetString() != "io.streamrnn.alert.opened")
            return null;
        var data = e.GetProperty("data");
        return (data.GetProperty("device").GetString()!, data.GetProperty("model").GetProperty("id").GetString()!, data.GetProperty("kind").GetString()!,
            (data.GetProperty("openedAt").GetDateTimeOffset().ToUnixTimeMilliseconds() / 1000.0 - Start) / Every);
    }

    /// <summary>Speed is set at whim; pressure and flow are what it was a row before. When broken, the flow is that of another pump: as ever by itself, but not with these.</summary>
    private sealed class Pump(int seed)
    {
        private readonly Random _random = new(seed);

        public List<(double Speed, double Pressure, double Flow)> Rows(int normal, int broken)
        {
            var rows = new List<(double, double, double)>();
            double speed = 50, other = 50;
            for (var i = 0; i < normal + broken; i++)
            {
                var (before, otherBefore) = (speed, other);
                (speed, other) = (30 + (40 * _random.NextDouble()), 30 + (40 * _random.NextDouble()));
                rows.Add((speed + Noise(), 2 + (0.05 * before) + (0.02 * Noise()), (0.6 * (i < normal ? before : otherBefore)) + (0.3 * Noise())));
            }

            return rows;
        }

        private double Noise() => _random.NextDouble() - 0.5;
    }
}
