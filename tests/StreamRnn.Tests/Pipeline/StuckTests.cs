using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Pipeline;
using StreamRnn.Simulators;
using StreamRnn.Simulators.Faults;

namespace StreamRnn.Tests.Pipeline;

/// <summary>Series that send one value over and over: simulated devices, a lamp, and made series.</summary>
public sealed class StuckTests
{
    private const double Start = 1_772_438_400;      // 2026-03-02T08:00:00Z, a Monday
    private static readonly BaseModel Shipped = BaseModel.Load();

    public static TheoryData<string> Kinds => [.. DeviceKinds.All.Select(k => k.Name)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AStuckChannelOfEverySimulatedKindIsFoundOnceAndFreedByItsNextValue(string kind)
    {
        // Three hundred readings of normal life, then the first channel repeats its last value ninety times.
        var every = DeviceKinds.Named(kind).Every;
        var (from, length) = (350 * every, 90 * every);
        using var fleet = Live(kind, 1000 * every, [new Fault(FaultKind.Stuck, from, Duration: length)]);
        var stuck = fleet.Alerts.Where(a => a.Kind == AlertKind.Stuck).ToList();
        var opened = Assert.Single(stuck, a => a.Status == AlertStatus.Opened);
        Assert.Equal(DeviceKinds.Named(kind).Channels[0].Name, opened.Channel);
        Assert.InRange(opened.OpenedAt.Seconds, Start + from.TotalSeconds, Start + (from + length).TotalSeconds);
        Assert.Equal(AlertStatus.Resolved, stuck[^1].Status);
        Assert.Equal(Resolution.Returned, stuck[^1].Resolution);
    }

    [Fact]
    public void SimulatedDevicesThatAreWellAreNotStuck()
    {
        using var fleet = Live(null, TimeSpan.FromDays(1), [], devices: 6);
        Assert.DoesNotContain(fleet.Alerts, a => a.Kind == AlertKind.Stuck);
    }

    [Fact]
    public void ALampThatIsDarkAllNightIsNotStuckAndOneThatNoLongerGoesOutIs()
    {
        using var fleet = new Fleet(model: Shipped);
        var random = new Seeded(3);
        var (t, lit) = (Start, false);
        for (var minute = 0; minute < 16 * 1440; minute++, t += 60)
        {
            // By day somebody comes and goes; from 20 to 8 o'clock, UTC, and over the weekend nobody.
            var (day, hour) = (minute / 1440 % 7, (8 + (minute / 60)) % 24);
            var someone = hour is >= 8 and < 20 && day < 5;
            lit = minute >= 11 * 1440 || (someone && (lit ? !random.Chance(0.1) : random.Chance(0.07)));
            fleet.Send("hall", t, ("lamp", lit ? 1 : 0));
        }

        var opened = Assert.Single(fleet.Alerts, a => a is { Kind: AlertKind.Stuck, Status: AlertStatus.Opened });
        // Longer than the weekend, which is what it knows.
        Assert.InRange(opened.OpenedAt.Seconds, Start + (13 * 86_400), Start + (15 * 86_400));
        Assert.Equal(1, opened.Value);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10)]
    public void ASeriesThatHardlyEverChangesIsNotStuck(int changes)
    {
        using var fleet = new Fleet(model: Shipped);
        for (var i = 0; i < 3000; i++)
            fleet.Send("d", Start + (60 * i), ("x", changes == 0 ? 7 : i * (changes + 1) / 3000));
        Assert.DoesNotContain(fleet.Alerts, a => a.Kind == AlertKind.Stuck);
    }

    [Fact]
    public void NothingIsLearnedFromAStuckChannelAndItsReturnIsNoFurtherAlert()
    {
        using var fleet = new Fleet(model: Shipped);
        var random = new Seeded(6);
        var (scale, x) = (0.0, 0.0);
        for (var i = 0; i < 2600; i++)
        {
            var stuck = i is >= 2000 and < 2400;
            x = stuck ? x : 20 + Math.Sin(i / 30.0) + (0.1 * random.NextNormal());
            fleet.Send("d", Start + (60 * i), ("x", x));
            if (scale == 0 && fleet.Alerts.Exists(a => a.Kind == AlertKind.Stuck))
                scale = fleet.RowOf("d", "x").NearScale;
            if (i == 2399)
                Assert.Equal(scale, fleet.RowOf("d", "x").NearScale);
        }

        Assert.Equal(AlertKind.Stuck, Assert.Single(fleet.Alerts, a => a.Status == AlertStatus.Opened && a.OpenedAt.Seconds >= Start + (2000 * 60)).Kind);
        Assert.Equal(400 * 60 / 3600.0, fleet.Alerts.Last(a => a.Status == AlertStatus.Resolved).EventTime.Seconds / 3600 - ((Start + (2000 * 60)) / 3600), 1);
    }

    [Fact]
    public void WhereSiblingsStandStillTooTheAlertIsOneAndOnlyInformation()
    {
        var opened = Opened(sibling: true);
        Assert.Equal(Severity.Info, opened[^1].Severity);
        Assert.Null(opened[^1].Channel);
        Assert.Equal(["x", "y"], opened[^1].Contributions.Select(c => c.Channel).Order());
        // The control: alone it is minor and grows.
        opened = Opened(sibling: false);
        Assert.Equal("x", opened[^1].Channel);
        Assert.True(opened[^1].Severity > Severity.Info);

        static List<AlertEvent> Opened(bool sibling)
        {
            using var fleet = new Fleet(model: Shipped);
            var random = new Seeded(6);
            for (var i = 0; i < 1500; i++)
            {
                var (x, y) = (random.NextNormal(), random.NextNormal());
                fleet.Send("d", Start + (60 * i), ("x", i < 1000 ? x : 0.5), ("y", i < 1000 || !sibling ? y : 0.7));
            }

            return [.. fleet.Alerts.Where(a => a.Kind == AlertKind.Stuck)];
        }
    }

    [Fact]
    public void SwitchedOffNothingIsStuck()
    {
        using var fleet = new Fleet(model: Shipped, options: new DetectionOptions { Stuck = false });
        var random = new Seeded(6);
        for (var i = 0; i < 1500; i++)
            fleet.Send("d", Start + (60 * i), ("x", i < 1000 ? random.NextNormal() : 0.5));
        Assert.DoesNotContain(fleet.Alerts, a => a.Kind == AlertKind.Stuck);
    }

    [Fact]
    public void WhatHasStoodStillForAWeekIsNormalAndNotToldAgain()
    {
        using var fleet = new Fleet(model: Shipped);
        var random = new Seeded(6);
        for (var i = 0; i < 3000; i++)
            fleet.Send("d", Start + (600 * i), ("x", i < 1000 ? random.NextNormal() : 0.5));
        var told = fleet.Alerts.Where(a => a.Kind == AlertKind.Stuck).ToList();
        Assert.Single(told, a => a.Status == AlertStatus.Opened);
        Assert.Equal(Resolution.Adopted, told[^1].Resolution);
        Assert.InRange(told.Count, 3, 20);
    }

    internal static Fleet Live(string? kind, TimeSpan length, Fault[] faults, int devices = 1, int seed = 5)
    {
        var fleet = new Fleet(model: Shipped, options: new DetectionOptions { Silence = false });
        var scenario = Scenario.Create(seed, kind is null ? [] : [kind], devices, DateTimeOffset.FromUnixTimeSeconds((long)Start), faults, new ScenarioOptions { Length = length });
        foreach (var emission in scenario.Emissions())
        {
            if (emission.Reading is not { } reading)
                continue;
            var values = reading.Channels.Select((c, i) => (c.Name, Value: reading.Values[i])).Where(v => !double.IsNaN(v.Value)).ToArray();
            fleet.Arrive(reading.Device, (reading.Time - DateTimeOffset.UnixEpoch).TotalSeconds, values);
            fleet.Fold((emission.Due - DateTimeOffset.UnixEpoch).TotalSeconds);
        }

        return fleet;
    }
}
