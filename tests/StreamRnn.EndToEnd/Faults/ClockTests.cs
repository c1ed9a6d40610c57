using StreamRnn.EndToEnd.Host;
using StreamRnn.EndToEnd.Mqtt;

namespace StreamRnn.EndToEnd.Faults;

/// <summary>Somebody sets the clock of the machine.</summary>
public sealed class ClockTests
{
    private const string WithSilence = """{ "StreamRnn": { "Detection": { "FalseAlarmsPerDevicePerWeek": 20 } } }""";

    /// <summary>An hour on and an hour back while it runs; stopped, and started an hour earlier and an hour later.</summary>
    [SkippableFact]
    public async Task AClockThatIsSetAnHourOnOrBackMakesNoDeviceSilentAndLosesNothing()
    {
        Skip.If(OperatingSystem.IsWindows(), "systemd and its signals are Linux's");
        using var broker = await new Mosquitto().StartAsync();
        await using var life = await Life.BeginAsync(broker.Port);
        using var clock = new Clock();
        int[][] lives = [[0, 3600, -3600], [-7200, -3600], [3600, 0]];
        var (part, parts) = (0, lives.Sum(offsets => offsets.Length));
        foreach (var offsets in lives)
        {
            clock.Set(offsets[0]);
            await using var service = life.RunRole(WithSilence, ("WATCHDOG_USEC", "600000"), "--clock", clock.Path);
            Assert.Equal("READY=1", await service.NotificationAsync());
            foreach (var offset in offsets)
            {
                clock.Set(offset);
                await Script.PublishAsync(life.Subscriber, part * Script.Rows / parts, (part + 1) * Script.Rows / parts);
                part++;
                // Five signs of life at a fifth of a second each: some ticks have been worked on.
                while (service.HasNotification)
                    await service.NotificationAsync();
                for (var beat = 0; beat < 8; beat++)
                    Assert.Equal("WATCHDOG=1", await service.NotificationAsync());
            }

            if (part == parts)
                await Script.EndAsync(life.Subscriber);
            await service.KillAsync();
        }

        await life.AssertWholeAsync();                                       // which has no silence in it
        Journals.AssertHoldsTheScript(life.Store);
    }

    /// <summary>If the clock that never jumps did, devices would be called silent: so the test above can fail.</summary>
    [SkippableFact]
    public async Task TheControlInWhichTheClockOfSilenceJumpsTooIsCaught()
    {
        Skip.If(OperatingSystem.IsWindows(), "systemd and its signals are Linux's");
        using var broker = await new Mosquitto().StartAsync();
        await using var life = await Life.BeginAsync(broker.Port);
        using var clock = new Clock();
        await using var service = life.RunRole(WithSilence, ("WATCHDOG_USEC", "600000"), "--clock", clock.Path, "--jumps", "all");
        Assert.Equal("READY=1", await service.NotificationAsync());
        await Script.PublishAsync(life.Subscriber, 0, 200);
        await Script.EndAsync(life.Subscriber);
        clock.Set(3600);
        await life.Subscriber.UntilAsync(h => h.Topic.StartsWith("streamrnn/alerts/", StringComparison.Ordinal) && h.Payload.Contains("\"silence\"", StringComparison.Ordinal), "an alert about silence");
    }

    private sealed class Clock : IDisposable
    {
        public Clock() => Set(0);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Set(int seconds)
        {
            // In one step: the service reads it all the time.
            var next = Path + ".next";
            File.WriteAllText(next, seconds.ToString(System.Globalization.CultureInfo.InvariantCulture));
            File.Move(next, Path, overwrite: true);
        }

        public void Dispose() => File.Delete(Path);
    }
}
