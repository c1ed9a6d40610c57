using CsCheck;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Pipeline;

namespace StreamRnn.Tests.Pipeline;

public sealed class ShardTests
{
    private const double Start = 1_700_000_000;

    [Fact]
    public void ADeviceWarmsUpForFiftyReadingsAndSaysSoEveryTen()
    {
        using var fleet = new Fleet();
        Normal(fleet, "d", 60);
        Assert.Equal([1, 10, 20, 30, 40, 50], fleet.States.Select(s => s.Seen));
        Assert.All(fleet.States.SkipLast(1), s => Assert.Equal(Phase.WarmingUp, s.Phase));
        Assert.Equal(Phase.Ready, fleet.States[^1].Phase);
        Assert.Equal(1, fleet.States[^1].UsualIntervals["x"], 2);
    }

    [Fact]
    public void AnOutlierOpensOneAlertThatResolvesByItselfAndTellsWhatWasExpected()
    {
        using var fleet = new Fleet();
        var t = Normal(fleet, "d", 400);
        fleet.Send("d", t, ("x", 200));
        Normal(fleet, "d", 100, t + 1);
        Assert.Equal([AlertStatus.Opened, AlertStatus.Resolved], fleet.Alerts.Where(a => a.Status != AlertStatus.Updated).Select(a => a.Status));
        var opened = fleet.Alerts[0];
        Assert.Equal(200, opened.Value);
        Assert.InRange(opened.Expected!.Value, 10, 30);
        Assert.InRange(opened.Upper!.Value, opened.Expected.Value, 100);
        Assert.Equal("x", Assert.Single(opened.Contributions).Channel);
        Assert.Equal(200, opened.Recent[^1].Value);
        Assert.Equal(Start + 400, opened.OpenedAt.Seconds, 3);
    }

    [Fact]
    public void TheChannelThatIsOffIsNamed()
    {
        using var fleet = new Fleet();
        var random = new Seeded(4);
        for (var i = 0; i < 400; i++)
            fleet.Send("d", Start + i, ("a", 5 + random.NextNormal()), ("b", i == 390 ? 90 : 20 + random.NextNormal()), ("c", random.NextNormal()));
        var opened = fleet.Alerts.First(a => a.Status == AlertStatus.Opened);
        Assert.Equal("b", opened.Channel);
        Assert.Equal("b", opened.Contributions[0].Channel);
        Assert.Equal(1, opened.Contributions.Sum(c => c.Share), 6);
    }

    [Fact]
    public void NoAlertOpensDuringWarmUp()
    {
        using var fleet = new Fleet();
        for (var i = 0; i < DeviceRow.WarmUp; i++)
            fleet.Send("d", Start + i, ("x", i == 45 ? 1e6 : i % 3));
        Assert.Empty(fleet.Alerts);
    }

    [Fact]
    public void ABurstIsLearnedByTheTailsAsOneReadingAndNotAsMany()
    {
        using var fleet = new Fleet();
        var t = Normal(fleet, "d", Burst.Settled + 100);
        var before = fleet.RowOf("d", "x").NearTail.Count;
        for (var i = 0; i < 20; i++)
            fleet.Send("d", t + i, ("x", i % 2 == 0 ? 500 : -500));
        Assert.Equal(before, fleet.RowOf("d", "x").NearTail.Count);
        t = Normal(fleet, "d", 10, t + 20);
        while (fleet.RowOf("d", "x").NearTail.Count == before)
            t = Normal(fleet, "d", 1, t);
        Assert.Equal(before + 2, fleet.RowOf("d", "x").NearTail.Count);        // the burst's peak, and the reading that it is over with
    }

    [Fact]
    public void ALevelShiftIsOneAlertThenTheNewLevelIsNormalAndTheNextFaultIsSeen()
    {
        using var fleet = new Fleet(model: BaseModel.Load(), options: new DetectionOptions { KeepScores = true, FalseAlarmsPerDevicePerWeek = 1 });
        var random = new Seeded(12);
        for (var i = 0; i < 1200; i++)
            fleet.Send("d", Start + (60 * i), ("x", (i < 800 ? 20 : 26) + (i == 1000 ? 40 : 0) + random.NextNormal()));
        // From then on: a young device may have called a record a record.
        var told = fleet.Alerts.Where(a => a.Status != AlertStatus.Updated && a.OpenedAt.Seconds >= Start + (60 * 800)).ToList();
        Assert.Equal([AlertStatus.Opened, AlertStatus.Resolved, AlertStatus.Opened, AlertStatus.Resolved], told.Select(a => a.Status));
        Assert.InRange(told[0].OpenedAt.Seconds, Start + (60 * 800), Start + (60 * 815));
        Assert.Equal(Resolution.Adopted, told[1].Resolution);
        Assert.InRange((told[1].ResolvedAt!.Value.Seconds - told[0].OpenedAt.Seconds) / 60, 20, 99);        // before what ends any alert
        Assert.Equal(Start + (60 * 1000), told[2].OpenedAt.Seconds, 3);
        Assert.InRange(fleet.RowOf("d", "x").Slow, 25, 27);
    }

    [Fact]
    public void ASilentDeviceIsReportedWhileItIsSilentAndResolvedByItsNextReading()
    {
        using var fleet = new Fleet();
        var t = Normal(fleet, "d", 100);
        var last = t - 1;
        double? toldAfter = null;
        for (var now = last; now < last + 20 && toldAfter is null; now += 0.25)
        {
            fleet.Fold(now);
            if (fleet.Alerts.Count > 0)
                toldAfter = now - last;
        }

        Assert.NotNull(toldAfter);
        Assert.InRange(toldAfter.Value, 2, 4);           // within three to four of its usual intervals of 1 s
        var opened = Assert.Single(fleet.Alerts);
        Assert.Equal(AlertKind.Silence, opened.Kind);
        Assert.Equal(Phase.Silent, fleet.States[^1].Phase);
        fleet.Send("d", last + 25, ("x", 20));
        Assert.Equal(AlertStatus.Resolved, fleet.Alerts[^1].Status);
        Assert.Equal(opened.AlertId, fleet.Alerts[^1].AlertId);
        Assert.Equal(Phase.Ready, fleet.States[^1].Phase);
    }

    [Fact]
    public void ASilentChannelOfASpeakingDeviceIsNamed()
    {
        using var fleet = new Fleet();
        for (var i = 0; i < 200; i++)
        {
            if (i < 150)
                fleet.Send("d", Start + i, ("a", i % 5));
            fleet.Send("d", Start + i + 0.1, ("b", i % 7));
        }

        var silence = Assert.Single(fleet.Alerts, a => a is { Kind: AlertKind.Silence, Status: AlertStatus.Opened });
        Assert.Equal("a", silence.Channel);
    }

    [Fact]
    public void NobodyIsSilentWhileTheListeningClockStandsStill()
    {
        using var fleet = new Fleet();
        var arrivals = new Arrivals();
        Normal(fleet, "d", 100);
        arrivals.Now = StreamRnn.Readings.Instant.FromSeconds(Start + 5000);
        arrivals.Heard = StreamRnn.Readings.Instant.FromSeconds(Start + 100.5);
        Assert.Empty(fleet.Detector.Fold(arrivals).Alerts);

        // The control: the same wall clock, listening all the while.
        arrivals.Heard = arrivals.Now;
        Assert.Single(fleet.Detector.Fold(arrivals).Alerts);

    }

    [Fact]
    public void ASilenceThatLastsGrowsMoreSevere()
    {
        using var fleet = new Fleet();
        var last = Normal(fleet, "d", 100) - 1;
        for (var now = last; now < last + 1000; now++)
            fleet.Fold(now);
        var told = fleet.Alerts.Where(a => a.Kind == AlertKind.Silence).ToList();
        Assert.Equal(Severity.Minor, told[0].Severity);
        Assert.Equal(Severity.Critical, told[^1].Severity);
        Assert.InRange(told.Count, 3, 5);
    }

    [Fact]
    public void ASeriesOfUnknownIntervalIsNeverSilent()
    {
        using var fleet = new Fleet();
        fleet.Send("d", Start, ("x", 1));
        fleet.Send("d", Start + 1, ("x", 2));
        for (var now = Start; now < Start + 1e10; now += 1e8)
            fleet.Fold(now);
        Assert.Empty(fleet.Alerts);
    }

    [Fact]
    public void IrregularDevicesAreNotCalledSilentAtTheirUsualPauses()
    {
        using var fleet = new Fleet();
        var random = new Seeded(9);
        var t = Start;
        for (var i = 0; i < 3000; i++)
        {
            t += 60 * random.NextExponential();
            fleet.Send("d", t, ("x", random.NextNormal()));
        }

        Assert.InRange(fleet.Alerts.Count(a => a.Kind == AlertKind.Silence && a.Status == AlertStatus.Opened), 0, 1);
    }

    [Fact]
    public void DuplicatesAndLateReadingsAreDroppedAndCounted()
    {
        using var fleet = new Fleet();
        var t = Normal(fleet, "d", 100);
        var state = fleet.StateOf("d", "x");
        var last = fleet.RowOf("d", "x").Last;
        fleet.Send("d", t - 1, ("x", last));
        fleet.Send("d", t - 50, ("x", 12));
        Assert.Equal((1, 1), (fleet.Duplicates, fleet.Late));
        Assert.Equal(state, fleet.StateOf("d", "x"));
        Assert.Equal(100, fleet.Scores.Count);
    }

    [Fact]
    public void AClockThatWasSetBackIsBelievedAfterTenReadings()
    {
        using var fleet = new Fleet();
        Normal(fleet, "d", 100);
        for (var i = 0; i < 30; i++)
        {
            fleet.Arrive("d", Start - 7200 + i, ("x", 20 + (i % 7)));
            fleet.Fold(Start + 100 + i);
        }

        Assert.Equal(Shard.LateReadingsToAdopt - 1, fleet.Late);
        Assert.Equal(100 + 30 - fleet.Late, fleet.Scores.Count);
    }

    /// <summary>What a broker sends again after a kill is many readings of one device at once: more than are remembered, and none of them may move the state again.</summary>
    [Theory]
    [InlineData(1, 0.001)]
    [InlineData(20, 0.05)]
    [InlineData(200, 0)]
    public void AHundredReadingsSentAgainAtOnceAreNoClockThatWasSetBack(int inOneEntry, double pause)
    {
        using var fleet = new Fleet();
        var random = new Seeded(4);
        var sent = Enumerable.Range(0, 300).Select(i => (Time: Start + i, Value: 20 + random.NextNormal())).ToList();
        foreach (var (time, value) in sent)
            fleet.Send("d", time, ("x", value));
        var (state, scores) = (fleet.StateOf("d", "x"), fleet.Scores.Count);
        var now = Start + 300.0;
        foreach (var again in sent.Skip(100).Chunk(inOneEntry))
        {
            foreach (var (time, value) in again)
                fleet.Arrive("d", time, ("x", value));
            fleet.Fold(now += pause);
        }

        Assert.Equal(200, fleet.Late + fleet.Duplicates);
        Assert.Equal(state, fleet.StateOf("d", "x"));
        Assert.Equal(scores, fleet.Scores.Count);

        // And life goes on where it was.
        fleet.Send("d", Start + 301, ("x", 20));
        Assert.Equal(scores + 1, fleet.Scores.Count);
    }

    [Fact]
    public void AReadingWhoseNumberIsNotAboveTheLastWasSentAgainWhateverItsTime()
    {
        using var fleet = new Fleet();
        for (var i = 0; i < 100; i++)
            fleet.SendNumbered("d", Start + i, i, ("x", 20 + (i % 7)), ("y", i));
        var state = fleet.StateOf("d", "x");
        for (var i = 40; i < 100; i++)
            fleet.SendNumbered("d", Start + 100 + (i / 1000.0), i, ("x", 20 + (i % 7)), ("y", i));
        Assert.Equal(60, fleet.Duplicates);
        Assert.Equal(state, fleet.StateOf("d", "x"));
        fleet.SendNumbered("d", Start + 101, 100, ("x", 20), ("y", 1));
        Assert.Equal(60, fleet.Duplicates);
        Assert.NotEqual(state, fleet.StateOf("d", "x"));

        // The control: without numbers each is a new reading.
        fleet.Send("d", Start + 102, ("x", 20));
        fleet.Send("d", Start + 103, ("x", 20));
        Assert.Equal(60, fleet.Duplicates);
    }

    [Fact]
    public void ADeviceThatCountsAnewIsBelievedAtItsTenthReading()
    {
        using var fleet = new Fleet();
        for (var i = 0; i < 100; i++)
            fleet.SendNumbered("d", Start + i, 1000 + i, ("x", 20 + (i % 7)));
        for (var i = 0; i < 30; i++)
            fleet.SendNumbered("d", Start + 100 + i, i, ("x", 20 + (i % 7)));
        Assert.Equal(Shard.LateReadingsToAdopt - 1, fleet.Duplicates);
    }

    [Fact]
    public void ADeviceThatSaysTheSameNumberForEverIsNotHeard()
    {
        using var fleet = new Fleet();
        for (var i = 0; i < 100; i++)
            fleet.SendNumbered("d", Start + i, 7, ("x", 20 + (i % 7)));
        Assert.Equal(99, fleet.Duplicates);
    }

    [Fact]
    public void NumbersTellApartWhatAClockOfWholeSecondsDoesNot()
    {
        using var fleet = new Fleet();
        for (var i = 0; i < 100; i++)
            fleet.SendNumbered("d", Start + (i / 4), i, ("x", 20));
        Assert.Equal((0, 100), (fleet.Duplicates, fleet.Scores.Count));
    }

    [Fact]
    public void AChannelThatAppearsLaterJoinsTheDeviceAndOneThatIsMissingIsNoError()
    {
        using var fleet = new Fleet();
        Normal(fleet, "d", 100);
        for (var i = 0; i < 100; i++)
            fleet.Send("d", Start + 200 + i, ("y", i % 4));
        Assert.Equal(200, fleet.Scores.Count);
        Assert.Equal(["x", "y"], fleet.Registry.Devices[0].Channels.Select(c => c.Name));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1e30, 1e30)]
    [InlineData(1e308, -1e308)]
    [InlineData(double.Epsilon, 3 * double.Epsilon)]
    [InlineData(5, 5)]
    [InlineData(0, 1)]
    public void ExtremeValuesGiveFiniteScoresAndNoStorm(double a, double b)
    {
        using var fleet = new Fleet();
        var random = new Seeded(1);
        for (var i = 0; i < 1000; i++)
            fleet.Send("d", Start + i, ("x", random.Chance(0.5) ? a : b));
        Assert.All(fleet.Scores.Skip(1), s => Assert.True(double.IsFinite(s.Score) && double.IsFinite(s.Expected) && s.Score is >= 0 and < 1, $"{s}"));
        Assert.InRange(fleet.Alerts.Count(x => x.Status == AlertStatus.Opened), 0, 2);
        Assert.All(fleet.StateOf("d", "x"), bits => Assert.True(float.IsFinite(BitConverter.Int32BitsToSingle(bits))));
    }

    [Fact]
    public void AnyFiniteValuesAtAnyTimesGiveFiniteScores() =>
        Gen.Select(Gen.Double.Array[1, 60], Gen.Int[-1000, 100_000].Array[60]).Sample(
            (values, gaps) =>
            {
                using var fleet = new Fleet();
                var t = Start;
                for (var i = 0; i < values.Length; i++)
                {
                    if (!double.IsFinite(values[i]))
                        continue;
                    t += gaps[i];
                    fleet.Send("d", t, ("x", values[i]));
                }

                Assert.All(fleet.Scores, s => Assert.True(s.Score is >= 0 and < 1));
                Assert.All(fleet.Scores.Where(s => !double.IsNaN(s.Expected)), s => Assert.True(double.IsFinite(s.Expected) && s.Lower <= s.Upper, $"{s}"));
            },
            iter: 300);

    [Fact]
    public void AChangedBudgetActsOnTheNextReadingAndForgetsNothing()
    {
        using var fleet = new Fleet();
        var t = Normal(fleet, "d", 300);
        var before = fleet.Scores[^1];
        var count = fleet.RowOf("d", "x").Count;
        fleet.Detector.Set(new DetectionOptions { KeepScores = true, FalseAlarmsPerDevicePerWeek = 100 });
        Normal(fleet, "d", 1, t);
        Assert.True(fleet.Scores[^1].Threshold < before.Threshold);
        Assert.Equal(count + 1, fleet.RowOf("d", "x").Count);
    }

    [Fact]
    public void ASeriesCostsAtMostFourKilobytes()
    {
        var bytes = System.Runtime.CompilerServices.Unsafe.SizeOf<SeriesRow>() + (2 * BaseModel.Load().Layers.Lstm.Units * sizeof(float));
        Assert.InRange(bytes, 1, 4096);
    }

    private static double Normal(Fleet fleet, string device, int count, double from = Start)
    {
        var random = new Seeded((ulong)count);
        for (var i = 0; i < count; i++)
            fleet.Send(device, from + i, ("x", 20 + Math.Sin(i / 8.0) + (0.2 * random.NextNormal())));
        return from + count;
    }
}
