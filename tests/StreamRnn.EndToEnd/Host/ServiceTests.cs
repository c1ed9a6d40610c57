using Microsoft.Extensions.Logging.Abstractions;
using StreamRnn.Mqtt;

namespace StreamRnn.EndToEnd.Host;

/// <summary>The service as a process: what it tells systemd, how it stops, what it refuses.</summary>
public sealed class ServiceTests
{
    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(10);

    [SkippableFact]
    public async Task WithTheEmbeddedBrokerItIsReadyAtOnceAnswersAReadingAndStopsWithinTenSeconds()
    {
        Skip.If(OperatingSystem.IsWindows(), "systemd and its signals are Linux's");
        var port = HostProcess.FreePort();
        await using var service = HostProcess.Start($$$"""{ "StreamRnn": { "Mqtt": { "Embedded": { "Port": {{{port}}} } } } }""", systemd: true, null);
        Assert.Equal("READY=1", await service.NotificationAsync());
        await using (var listener = await Listener.StartAsync(port, "streamrnn/#"))
        {
            await listener.UntilAsync(m => m is { Topic: "streamrnn/status", Payload: "online" }, "online");
            await listener.PublishAsync("devices/office/temperature", "21.5");
            await listener.UntilAsync(m => m.Topic == "streamrnn/devices/office/state", "the device's state");
        }

        service.Signal("TERM");
        var (code, took) = await service.ExitAsync();
        Assert.Equal("STOPPING=1", await service.NotificationAsync());
        Assert.True(code == 0, $"ended with {code}\n{service.Output}\n{service.Error}");
        Assert.True(took < StopsWithin, $"stopped after {took}\n{service.Output}");
    }

    [SkippableFact]
    public async Task ReadyWaitsForTheSubscriptionWhileTheBrokerIsAwayAndStoppingLeavesOfflineBehind()
    {
        Skip.If(OperatingSystem.IsWindows(), "systemd and its signals are Linux's");
        var port = HostProcess.FreePort();
        await using var service = HostProcess.Start(null, systemd: true, null, "run", "--broker", $"mqtt://127.0.0.1:{port}");
        await service.UntilAsync(s => s.Output.Contains("Connecting to the broker", StringComparison.Ordinal), "it tries to connect");
        await service.UntilAsync(s => s.Output.Contains("warn", StringComparison.OrdinalIgnoreCase), "it says that it cannot");
        Assert.False(service.HasNotification, "READY was sent before the broker was there");

        await using var broker = new EmbeddedBroker(new EmbeddedBrokerOptions { Port = port }, NullLogger.Instance);
        await broker.StartAsync();
        Assert.Equal("READY=1", await service.NotificationAsync());
        await using var listener = await Listener.StartAsync(port, "streamrnn/status");
        await listener.UntilAsync(m => m.Payload == "online", "online");

        service.Signal("TERM");
        var (code, took) = await service.ExitAsync();
        Assert.True(code == 0, $"ended with {code}\n{service.Output}\n{service.Error}");
        Assert.True(took < StopsWithin, $"stopped after {took}\n{service.Output}");
        await listener.UntilAsync(m => m.Payload == "offline", "offline");
        await using var late = await Listener.StartAsync(port, "streamrnn/status");
        Assert.Equal("offline", await late.UntilAsync(m => m.Retained, "the retained status"));
    }

    [SkippableFact]
    public async Task AServiceThatStillWaitsForItsBrokerStopsAtOnceWhenAsked()
    {
        Skip.If(OperatingSystem.IsWindows(), "systemd and its signals are Linux's");
        await using var service = HostProcess.Start(null, systemd: true, null, "run", "--broker", $"mqtt://127.0.0.1:{HostProcess.FreePort()}");
        await service.UntilAsync(s => s.Output.Contains("Connecting to the broker", StringComparison.Ordinal), "it tries to connect");
        service.Signal("INT");
        var (code, took) = await service.ExitAsync();
        Assert.True(code == 0, $"ended with {code}\n{service.Output}\n{service.Error}");
        Assert.True(took < StopsWithin, $"stopped after {took}\n{service.Output}");
        Assert.DoesNotContain("   at ", service.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASecondServiceOnAStoreIsRefusedInASentenceThatNamesTheFirst()
    {
        var store = Directory.CreateTempSubdirectory("streamrnn-two-");
        try
        {
            var settings = new Dictionary<string, string> { ["StreamRnn__Storage__Path"] = store.FullName };
            var broker = $"mqtt://127.0.0.1:{HostProcess.FreePort()}";
            await using var first = HostProcess.Start(null, systemd: false, settings, "run", "--broker", broker);
            await first.UntilAsync(s => s.Output.Contains("Connecting to the broker", StringComparison.Ordinal), "the first has its store");
            await using var second = HostProcess.Start(null, systemd: false, settings, "run", "--broker", broker);
            var (code, _) = await second.ExitAsync();
            Assert.NotEqual(0, code);
            Assert.Contains($"in use by process {first.Id}", second.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", second.Output + second.Error, StringComparison.Ordinal);
        }
        finally
        {
            store.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public async Task TheWatchdogIsFedAsLongAsThePipelineTurns()
    {
        Skip.If(OperatingSystem.IsWindows(), "systemd and its signals are Linux's");
        var environment = new Dictionary<string, string> { ["WATCHDOG_USEC"] = "3000000", ["StreamRnn__Mqtt__Embedded__Port"] = "0" };
        await using var service = HostProcess.Start(null, systemd: true, environment, "run");
        Assert.Equal("READY=1", await service.NotificationAsync());
        for (var i = 0; i < 3; i++)
            Assert.Equal("WATCHDOG=1", await service.NotificationAsync());
    }

    [Theory]
    [InlineData("""{ "StreamRnn": { "Mqtt": { "Hots": "broker" } } }""", "did you mean StreamRnn:Mqtt:Host?")]
    [InlineData("""{ "StreamRnn": { "Mqtt": { "Port": 70000 } } }""", "StreamRnn:Mqtt:Port is '70000' in appsettings.json; allowed is 1 to 65535")]
    [InlineData("""{ "StreamRnn": { "Mqtt": { "Host": "broker", "Username": "me", "PasswordFile": "no such file" } } }""", "StreamRnn:Mqtt:PasswordFile")]
    public async Task AConfigurationThatCannotBeUsedEndsWith78(string settings, string says)
    {
        await using var service = HostProcess.Start(settings, systemd: false, null, "run");
        var (code, _) = await service.ExitAsync();
        Assert.Equal(78, code);
        Assert.Contains(says, service.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task WatchPrintsEachAlertOnceAndGoesOnAfterTheBrokerWasAway()
    {
        Skip.If(OperatingSystem.IsWindows(), "its signals are Linux's");
        var alert = ExampleAlert("a1");
        var broker = new EmbeddedBroker(new EmbeddedBrokerOptions { Port = HostProcess.FreePort() }, NullLogger.Instance);
        await broker.StartAsync();
        var port = broker.Port;
        await using var watch = HostProcess.Start(null, systemd: false, null, "watch", "--broker", $"mqtt://127.0.0.1:{port}", "--json");
        await watch.UntilAsync(w => w.Error.Contains("connected to", StringComparison.Ordinal), "it is connected");
        await using (var device = await Listener.StartAsync(port))
        {
            await device.PublishAsync("streamrnn/alerts/office", alert);
            await device.PublishAsync("streamrnn/open/a1", alert, retain: true);
            await watch.UntilAsync(w => w.Output.Length > 0, "the alert is shown");
        }

        await broker.DisposeAsync();
        await watch.UntilAsync(w => w.Error.Contains("trying again", StringComparison.Ordinal), "it says that the broker is away");
        await using var again = new EmbeddedBroker(new EmbeddedBrokerOptions { Port = port }, NullLogger.Instance);
        await again.StartAsync();
        await watch.UntilAsync(w => w.Error.Split("connected to").Length > 2, "it is connected again");
        await using (var device = await Listener.StartAsync(port))
        {
            await device.PublishAsync("streamrnn/open/a1", alert, retain: true);
            await device.PublishAsync("streamrnn/alerts/office", ExampleAlert("a2"));
            await watch.UntilAsync(w => w.Output.Contains("\"a2", StringComparison.Ordinal), "the next alert is shown");
        }

        Assert.Equal([alert, ExampleAlert("a2")], watch.Output.Split('\n'));
        watch.Signal("INT");
        Assert.Equal(0, (await watch.ExitAsync()).Code);
    }

    private static string ExampleAlert(string id)
    {
        var time = Readings.Instant.From(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        Alerts.CloudEvent.Write(
            new Alerts.AlertEvent
            {
                AlertId = id,
                Sequence = 0,
                Status = Alerts.AlertStatus.Opened,
                Kind = Alerts.AlertKind.LevelShift,
                Severity = Alerts.Severity.Major,
                Device = "office",
                Channel = "temperature",
                OpenedAt = time,
                EventTime = time,
                DetectedAt = time,
                Score = .8,
                FalseAlarmsPerWeek = .1,
                Summary = "It is warm.",
                Count = 1,
                ModelId = "base",
                ModelVersion = "1",
            }, buffer, "test");
        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
