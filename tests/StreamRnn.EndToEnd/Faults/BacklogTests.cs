using System.Globalization;
using StreamRnn.EndToEnd.Host;
using StreamRnn.EndToEnd.Mqtt;
using Xunit.Abstractions;

namespace StreamRnn.EndToEnd.Faults;

/// <summary>What devices sent while the service was stopped.</summary>
public sealed class BacklogTests(ITestOutputHelper output)
{
    private const long MostMegabytes = 400;                                  // resident, at the peak: the service with a full door

    [SkippableFact]
    public async Task ABacklogIsTakenInInOrderWithinBoundedMemoryAndLeadsToTheAlertsOfALifeThatWasNotStopped()
    {
        Skip.If(!OperatingSystem.IsLinux(), "the peak of memory is read from /proc");
        var rows = (Life.Kills is null ? 20_000 : 100_000) / Script.Devices.Length;
        using var broker = await new Mosquitto().StartAsync();
        SortedDictionary<string, string> expected;
        await using (var life = await Life.BeginAsync(broker.Port))
        {
            await using var service = life.Run(more: ("StreamRnn__Mqtt__ClientId", "never-stopped"));
            Assert.Equal("READY=1", await service.NotificationAsync());
            await Script.PublishAsync(life.Subscriber, 0, rows);
            await Script.EndAsync(life.Subscriber);
            expected = Script.Alerts(life.Subscriber).Bodies;
        }

        using var other = await new Mosquitto().StartAsync();
        await using (var life = await Life.BeginAsync(other.Port))
        {
            await using (var service = life.Run())
            {
                Assert.Equal("READY=1", await service.NotificationAsync());
                service.Signal("TERM");
                Assert.Equal(0, (await service.ExitAsync()).Code);
            }

            await Script.PublishAsync(life.Subscriber, 0, rows);
            long peak;
            await using (var service = life.Run())
            {
                await Script.EndAsync(life.Subscriber);
                peak = PeakKilobytes(service.Id) / 1024;
                await service.KillAsync();
            }

            var (bodies, _, altered) = Script.Alerts(life.Subscriber);
            output.WriteLine($"{rows * Script.Devices.Length} readings, {bodies.Count} alert events, peak {peak} MB");
            Assert.True(expected.Count >= 30, $"{expected.Count} alert events");
            Assert.Equal(expected, bodies);
            Assert.Equal(0, altered);
            Assert.InRange(peak, 1, MostMegabytes);
            Journals.AssertHoldsTheScript(life.Store, rows, once: true);
        }
    }

    private static long PeakKilobytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").Single(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
    }
}
