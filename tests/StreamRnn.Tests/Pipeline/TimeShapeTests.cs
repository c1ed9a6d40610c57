using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Pipeline;

namespace StreamRnn.Tests.Pipeline;

/// <summary>Series whose values are well and whose time is not: pauses, changed and irregular cadence, days, weeks, a clock that is put on or back. With the shipped model and the default budget.</summary>
public sealed class TimeShapeTests
{
    private const double Start = 1_772_438_400;          // 2026-03-02T08:00:00Z, a Monday
    private const double Hour = 3600, Day = 24 * Hour, Week = 7 * Day;
    private static readonly BaseModel Shipped = BaseModel.Load();

    /// <summary>At a local time, so many seconds after the reading before.</summary>
    private delegate double Signal(double local, double gap);

    [Fact]
    public void APauseOfHoursIsOneSilenceAndTheReturnIsNoAlert()
    {
        // Ten hours of speech, three of silence. Of a hundred returns, a tenth alerted when errors were measured without regard to how long ahead a forecast was.
        var pauses = 0;
        var alerts = Live(Wave, devices: 6, 8 * Day, (t, _) =>
        {
            if (t % (13 * Hour) < 10 * Hour)
                return 60;
            pauses++;
            return 3 * Hour;
        });
        Assert.InRange(pauses, 80, 110);
        // A pause that comes again and again becomes a habit, and is no longer told.
        Assert.InRange(alerts.Count(a => a.Kind == AlertKind.Silence), 6, pauses);
        Assert.InRange(alerts.Count(a => a.Kind != AlertKind.Silence && a.OpenedAt.Seconds - Start > Day), 0, 3);
    }

    [Fact]
    public void APauseLeavesTheBudgetsThresholdAndTheUsualIntervalAsTheyWere()
    {
        using var fleet = new Fleet(model: Shipped);
        var random = new Seeded(4);
        for (var i = 0; i < 2000; i++)
            fleet.Send("d", Start + (60 * i), ("x", random.NextNormal()));
        var (threshold, interval) = (fleet.Scores[^1].Threshold, fleet.RowOf("d", "x").Interval);
        for (var i = 0; i < 5; i++)
            fleet.Send("d", Start + (60 * (2000 + i)) + (8 * Hour), ("x", random.NextNormal()));
        Assert.Equal(threshold, fleet.Scores[^1].Threshold, 2);
        Assert.InRange(fleet.RowOf("d", "x").Interval, interval, 2 * interval);
    }

    [Fact]
    public void ADeviceThatSpeaksTenTimesAsSeldomIsSilentOnceAndThenKnown()
    {
        var alerts = Live(Wave, devices: 6, 20 * Day, (t, _) => t < 6 * Day ? 60 : 600);
        Assert.Equal(6, alerts.Count(a => a.Kind == AlertKind.Silence));
        AssertWithinBudget(alerts, 6, 6 * Day, 20 * Day);
    }

    [Fact]
    public void ADeviceThatSpeaksTenTimesAsOftenIsNeitherStuckNorOtherwiseWrong()
    {
        var alerts = Live(Wave, devices: 4, 8 * Day, (t, _) => t < 7 * Day ? 600 : 60);
        Assert.DoesNotContain(alerts, a => a.Kind is AlertKind.Silence or AlertKind.Stuck);
        AssertWithinBudget(alerts, 4, 7 * Day, 8 * Day);
    }

    [Fact]
    public void IrregularReadingsAreJudgedWithinTheBudget()
    {
        var alerts = Live(Wave, devices: 4, 2 * Week, (_, random) => 200 * random.NextExponential());
        AssertWithinBudget(alerts, 4, Day, 2 * Week);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    public void DaysWeekendsAndTheClocksChangeAreWithinTheBudget(int hoursAtTheChange)
    {
        // A sun, an office and a house, whose days are those of the clock on the wall: three weeks, then in the night it is put on or back by an hour.
        static double HourOf(double local) => (8 + (local / Hour)) % 24;
        Signal Office(Seeded random) => (local, _) => ((int)((local + (8 * Hour)) / Day) % 7 < 5 && HourOf(local) is > 7.5 and < 19 ? 60 : 15) + (2 * random.NextNormal());
        Signal Sun(Seeded random) => (local, _) => 5 + (10 * Math.Max(0, Math.Sin(2 * Math.PI * ((HourOf(local) / 24) - 0.25)))) + (0.3 * random.NextNormal());
        Signal House(Seeded random) => (local, _) =>
            3 + (20 * Math.Exp(-Math.Pow((HourOf(local) - 8) / 1.2, 2))) + (14 * Math.Exp(-Math.Pow((HourOf(local) - 19) / 1.5, 2))) + (0.4 * random.NextNormal());
        var atTheChange = 0;
        foreach (var signal in new Func<Seeded, Signal>[] { Office, Sun, House })
        {
            var alerts = Live(signal, devices: 4, 23 * Day, (_, _) => 600, t => t + (t > 20.75 * Day ? hoursAtTheChange * Hour : 0));
            AssertWithinBudget(alerts, 4, Week, 23 * Day);
            if (signal != Office)                            // whose Mondays are a matter of the week, with and without a change
                atTheChange += alerts.Count(a => a.OpenedAt.Seconds - Start > 20.75 * Day);
        }

        // Of the eight devices with a sun and a house all alerted on that day while the profile's clock stood still.
        Assert.InRange(atTheChange, 0, 4);
    }

    /// <summary>A day's swing, what wanders within ten minutes, and noise.</summary>
    private static Signal Wave(Seeded random)
    {
        var (phase, wander) = (random.NextDouble() * 2 * Math.PI, 0.0);
        return (local, gap) =>
        {
            var keep = Math.Exp(-gap / 600);
            wander = (keep * wander) + (0.5 * Math.Sqrt(1 - (keep * keep)) * random.NextNormal());
            return 20 + (4 * Math.Sin((2 * Math.PI * local / Day) + phase)) + wander + (0.1 * random.NextNormal());
        };
    }

    /// <summary>A budget of one a week is kept within a factor of two, and what chance adds to a small number.</summary>
    private static void AssertWithinBudget(IEnumerable<AlertEvent> alerts, int devices, double from, double to)
    {
        var expected = devices * (to - from) / Week;
        var found = alerts.Where(a => a.Kind != AlertKind.Silence && a.OpenedAt.Seconds - Start >= from).ToList();
        Assert.True(found.Count <= (2 * expected) + (2 * Math.Sqrt(expected)), $"{found.Count} alerts where {expected:0.0} are allowed: {string.Join("; ", found.Select(a => a.Summary))}");
    }

    /// <returns>The alerts that opened.</returns>
    private static List<AlertEvent> Live(Func<Seeded, Signal> signal, int devices, double length, Func<double, Seeded, double> gapAt, Func<double, double>? local = null)
    {
        var opened = new List<AlertEvent>();
        for (var d = 0; d < devices; d++)
        {
            using var fleet = new Fleet(model: Shipped, options: new DetectionOptions());
            var random = new Seeded((ulong)(100 + d));
            var values = signal(random);
            for (var (t, gap) = (0.0, 60.0); t < length; t += gap)
            {
                fleet.Fold(Start + t - 0.001);
                fleet.Send("d", Start + t, ("x", values(local is null ? t : local(t), gap)));
                gap = Math.Max(0.001, gapAt(t, random) * (1 + (0.002 * random.NextNormal())));
            }

            opened.AddRange(fleet.Alerts.Where(a => a.Status == AlertStatus.Opened));
        }

        return opened;
    }
}
