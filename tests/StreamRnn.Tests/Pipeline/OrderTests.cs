using CsCheck;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Simulators;
using StreamRnn.Simulators.Faults;

namespace StreamRnn.Tests.Pipeline;

/// <summary>Readings that overtake each other, come twice, or bear a clock that is off.</summary>
public sealed class OrderTests
{
    private const double Start = 1_772_438_400;

    [Fact]
    public void ReadingsThatComeLateWithinMaxLatenessAreFoldedAsIfTheyHadComeInOrder() =>
        Gen.Select(Gen.ULong, Gen.Double[0.0, 20.0], Gen.Int[1, 50].Array[1, 20]).Sample(
            (seed, lateness, cuts) =>
            {
                var stream = FoldLawTests.Stream(seed, devices: 4, readings: 300);
                using var ordered = new Fleet();
                foreach (var (device, time, value) in stream)
                    ordered.Arrive(device, time, FoldLawTests.Channels(time, value));
                ordered.Fold(1e9);

                // Each comes up to so much later; entries are cut anywhere.
                var random = new Seeded(seed + 1);
                var arriving = stream.Select(s => (s, At: s.Time + (lateness * random.NextDouble()))).OrderBy(x => x.At).ToList();
                using var late = new Fleet(maxLateness: TimeSpan.FromSeconds(lateness + 1e-3));
                for (var (next, cut) = (0, 0); next < arriving.Count; cut++)
                {
                    var chunk = arriving.Skip(next).Take(cuts[cut % cuts.Length]).ToList();
                    foreach (var ((device, time, value), _) in chunk)
                        late.Arrive(device, time, FoldLawTests.Channels(time, value));
                    late.Fold(chunk[^1].At);
                    next += chunk.Count;
                }

                late.Flush();
                Assert.Equal(0, late.Late);
                Assert.Equal(Sorted(ordered), Sorted(late));
                Assert.Equal(ordered.StateOf("d1", "x"), late.StateOf("d1", "x"));
            },
            iter: 30);

    [Fact]
    public void WithoutWaitingTheOvertakenAreDroppedAndCounted()
    {
        using var fleet = new Fleet();
        foreach (var t in new[] { 1, 2, 4, 3, 5 })
            fleet.Send("d", Start + t, ("x", t));
        Assert.Equal((1, 4), (fleet.Late, fleet.Scores.Count));
    }

    [Fact]
    public void AReadingWaitsForTheNextOrForTheClockAndNotLonger()
    {
        var room = new WaitingRoom(TimeSpan.FromSeconds(10));
        var registry = new DeviceRegistry();
        registry.TryGetDevice("d", out var device, out _);
        registry.TryGetChannel(device, "x", out var x, out _);
        Assert.Equal([], Take(100, 100));
        Assert.Equal([], Take(105, 105, 104));
        Assert.Equal([100], Take(105.5, 110));           // 110 is later by ten: 100 can no longer be overtaken
        Assert.Equal([104, 105], Take(115.4, 114.1));    // 105 came more than ten seconds ago; 104 goes before it
        Assert.Equal([110], Take(119));                  // a tick
        Assert.Equal(1, room.Count);
        Assert.Equal([114.1], Take(126));
        Assert.Equal(0, room.Count);
        Assert.False(room.TryFlush(out _));

        double[] Take(double now, params double[] times)
        {
            var entry = new Arrivals { Now = Instant.FromSeconds(now), Heard = Instant.FromSeconds(now) };
            foreach (var time in times)
            {
                entry.Readings.Begin(device, Instant.FromSeconds(time));
                entry.Readings.Add(x, time);
                entry.Readings.End();
            }

            var released = room.Take(entry);
            Assert.Equal(entry.Now, released.Now);
            return [.. Enumerable.Range(0, released.Readings.ReadingCount).Select(i => released.Readings[i][0].Value)];
        }
    }

    [Fact]
    public void WhatWaitsIsBounded()
    {
        using var fleet = new Fleet(maxLateness: TimeSpan.FromHours(1));
        for (var i = 0; i < 2 * WaitingRoom.MostOfDevice; i++)
            fleet.Arrive("d", Start + (i / 1000.0), ("x", i));
        fleet.Fold(Start + 10);
        Assert.Equal(WaitingRoom.MostOfDevice, fleet.Room.Count);
        Assert.Equal(WaitingRoom.MostOfDevice, fleet.Scores.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void AReadingSentTwiceIsUsedOnceEvenLongAfter(double maxLateness)
    {
        using var once = new Fleet();
        using var twice = new Fleet(maxLateness: TimeSpan.FromSeconds(maxLateness));
        for (var i = 0; i < 100; i++)
        {
            once.Send("d", Start + i, ("x", Math.Sin(i)), ("y", i % 3));
            twice.Send("d", Start + i, ("x", Math.Sin(i)), ("y", i % 3));
            // As after a broken connection: a dozen of what was acknowledged too late come again.
            for (var k = Math.Max(0, i - 11); i % 20 == 19 && k <= i; k++)
                twice.Send("d", Start + k, ("x", Math.Sin(k)), ("y", k % 3));
        }

        twice.Flush();
        Assert.Equal(Sorted(once), Sorted(twice));
        Assert.Equal((60, 0), (twice.Duplicates, twice.Late));
    }

    [Fact]
    public void OneReadingFromTheFutureCostsNineAndNoAlert()
    {
        // As far ahead as is let in by default. Its successors are late to it; after nine of them the device's time is believed again.
        using var fleet = new Fleet(model: BaseModel.Load());
        var random = new Seeded(2);
        for (var i = 0; i < 1500; i++)
        {
            fleet.Arrive("d", Start + (60 * i) + (i == 1000 ? 3599 : 0), ("x", 20 + Math.Sin(i / 30.0) + (0.2 * random.NextNormal())));
            fleet.Fold(Start + (60 * i));
        }

        Assert.Equal(Shard.LateReadingsToAdopt - 1, fleet.Late);
        Assert.Empty(fleet.Alerts);
    }

    [Theory]
    [InlineData("out-of-order", 0)]
    [InlineData("out-of-order", 180)]
    [InlineData("duplicate", 0)]
    [InlineData("duplicate", 180)]
    [InlineData("clock-skew", 0)]
    [InlineData("clock-skew", 180)]
    public void DisturbancesOfTransportRaiseNoAlert(string fault, double maxLateness)
    {
        var (calm, _) = Alerts(null);
        var (alerts, fleet) = Alerts(fault);
        Assert.Equal(calm, alerts);
        Assert.True(fault == "duplicate" ? fleet.Duplicates > 0 : fault == "clock-skew" || maxLateness > 0 || fleet.Late > 0);

        (int Alerts, Fleet Fleet) Alerts(string? kind)
        {
            using var fleet = new Fleet(model: BaseModel.Load(), options: new DetectionOptions { Silence = false }, maxLateness: TimeSpan.FromSeconds(maxLateness));
            var scenario = Scenario.Create(
                3, ["pump", "thermostat"], 2, DateTimeOffset.FromUnixTimeSeconds((long)Start),
                kind is null ? [] : [.. new[] { "pump-01", "thermostat-01" }.Select(device => new Fault(FaultKind.Named(kind), TimeSpan.FromHours(9), device, Size: kind == "clock-skew" ? 240 : null))],
                new ScenarioOptions { Length = TimeSpan.FromHours(11), Every = TimeSpan.FromMinutes(1) });
            foreach (var emission in scenario.Emissions())
            {
                if (emission.Reading is not { } reading)
                    continue;
                fleet.Arrive(reading.Device, (reading.Time - DateTimeOffset.UnixEpoch).TotalSeconds, [.. reading.Channels.Select((c, i) => (c.Name, reading.Values[i]))]);
                fleet.Fold((emission.Due - DateTimeOffset.UnixEpoch).TotalSeconds);
            }

            return (fleet.Alerts.Count(a => a.Status == AlertStatus.Opened && a.OpenedAt.Seconds > Start + (9 * 3600)), fleet);
        }
    }

    private static List<(string, long, long, long, long, long)> Sorted(Fleet fleet) => [.. fleet.Scores.Select(FoldLawTests.Bits).Order()];
}
