using CsCheck;
using StreamRnn.Alerts;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Alerts;

public sealed class AlertLifeTests
{
    private static readonly Device Freezer = Given.Device();
    private static readonly AlertOptions Usual = new();

    [Fact]
    public void OneIncidentIsTwoEvents()
    {
        var log = Live(Usual, [0, 0, 6, 6, 6, .. Enumerable.Repeat(0.0, 30)]);
        Assert.Equal([(2, AlertTransition.Opened), (14, AlertTransition.Resolved)], log.Told);
        Assert.Equal(Resolution.Returned, log.Last.Resolution);
        Assert.Equal(3, log.States[14].Count);
    }

    [Fact]
    public void AnAlertResolvesOnlyAfterTheScoreStaysBelowTheThreshold()
    {
        // Threshold 4, calm below 2: nine calm readings and one between the thresholds begin the hold anew.
        double[] calm = [.. Enumerable.Repeat(1.9, 9)];
        var log = Live(Usual with { UpdateInterval = TimeSpan.FromDays(1) }, [6, .. calm, 3, .. calm, 2, .. calm, 1.9]);
        Assert.Equal([(0, AlertTransition.Opened), (30, AlertTransition.Resolved)], log.Told);
    }

    [Fact]
    public void AWarmingUpDeviceOpensNoAlert()
    {
        var (state, transition) = AlertLife.Step(default, Given.Verdict(Freezer, 0, 9, mayOpen: false), Usual);
        Assert.Equal(AlertTransition.None, transition);
        Assert.Equal(default, state);
    }

    [Fact]
    public void AnAlertOpensAfterKOfN()
    {
        var rules = new AlertOptions { OpenAfter = 3, OpenWithin = 5 };
        Assert.Empty(Live(rules, [6, 0, 6, 0, 0, 0, 6, 0, 6, 0, 0]).Told);
        var log = Live(rules, [6, 0, 0, 0, 6, 0, 6, 6]);
        Assert.Equal([(7, AlertTransition.Opened)], log.Told);
        Assert.Equal(3, log.Last.Count);
    }

    [Fact]
    public void AnUpdateComesEarlyOnlyWhenTheSeverityRises()
    {
        var log = Live(Usual, [4.1, 4.1, 4.6, 4.6, 4.2, 7.5, 7.5]);
        Assert.Equal([(0, AlertTransition.Opened), (2, AlertTransition.Updated), (5, AlertTransition.Updated)], log.Told);
        Assert.Equal([Severity.Info, Severity.Minor, Severity.Critical], log.Told.Select(t => log.States[t.Reading].Severity));
    }

    [Fact]
    public void UpdatesOfALongIncidentComeRarerAndRarer()
    {
        // A reading every 30 s: 5 min are 10 readings, then 10, 20 and 40 min.
        var log = Live(Usual with { LongestReadings = 500 }, Enumerable.Repeat(5.0, 200));
        Assert.Equal([0, 10, 30, 70, 150], log.Told.Select(t => t.Reading));
    }

    [Fact]
    public void WhatLastsIsAdoptedAsNormal()
    {
        var log = Live(Usual with { LongestReadings = 40, UpdateInterval = TimeSpan.FromDays(1) }, Enumerable.Repeat(5.0, 40));
        Assert.Equal([(0, AlertTransition.Opened), (39, AlertTransition.Resolved)], log.Told);
        Assert.Equal(Resolution.Adopted, log.Last.Resolution);
    }

    [Fact]
    public void AnAlertThatComesAgainSoonIsFlappingAndHeldTwiceAsLong()
    {
        double[] calm = [.. Enumerable.Repeat(0.0, 10)];
        var log = Live(Usual, [6, .. calm, 6, .. calm, .. calm, 6, .. calm, .. calm, .. calm, .. calm, 0]);
        Assert.Equal([0, 10, 11, 31, 32, 72], log.Told.Select(t => t.Reading));
        Assert.False(log.States[0].Flapping);
        Assert.True(log.States[11].Flapping);
        Assert.Equal(2, log.States[32].Reopened);
    }

    [Fact]
    public void AFlappingAlertIsNotUpdatedByTheClock()
    {
        double[] calm = [.. Enumerable.Repeat(0.0, 10)];
        var log = Live(Usual with { LongestReadings = 500 }, [6, .. calm, .. Enumerable.Repeat(6.0, 100)]);
        Assert.Equal([0, 10, 11], log.Told.Select(t => t.Reading));
    }

    [Fact]
    public void AnAlertThatComesAgainLateIsANewOne()
    {
        // An hour of 30 s readings after the resolution at reading 10 ends at reading 130.
        Assert.True(Live(Usual, [6, .. Enumerable.Repeat(0.0, 128), 6]).Last.Flapping);
        Assert.False(Live(Usual, [6, .. Enumerable.Repeat(0.0, 129), 6]).Last.Flapping);
    }

    [Fact]
    public void AQuietDeviceLeavesNothingToRemember()
    {
        var log = Live(new AlertOptions { OpenAfter = 2, OpenWithin = 3 }, [6, 6, .. Enumerable.Repeat(0.0, 200), 6, 0, 0, 0]);
        Assert.Equal(default, log.Last);
    }

    [Fact]
    public void SilenceOpensAtTheDeadlineAndEndsWithTheNextReading()
    {
        var log = Live(Usual, [5, 5, 5, 5, 0], AlertKind.Silence);
        Assert.Equal([(0, AlertTransition.Opened), (4, AlertTransition.Resolved)], log.Told);
        Assert.Equal(Resolution.Returned, log.Last.Resolution);
        Assert.Equal(1, log.Last.Count);
    }

    [Fact]
    public void StuckEndsWithTheNextOtherValueAndIsAdoptedAfterAWeek()
    {
        // A reading every 30 s: a week is 20,160 of them.
        var log = Live(Usual with { LongestReadings = 10 }, [.. Enumerable.Repeat(5.0, 5000), 0], AlertKind.Stuck);
        Assert.Equal((5000, AlertTransition.Resolved), log.Told[^1]);
        Assert.Equal(Resolution.Returned, log.Last.Resolution);
        log = Live(Usual, Enumerable.Repeat(5.0, 20_161), AlertKind.Stuck);
        Assert.Equal((20_160, AlertTransition.Resolved), log.Told[^1]);
        Assert.Equal(Resolution.Adopted, log.Last.Resolution);
    }

    [Fact]
    public void SilenceIsNeverAdopted()
    {
        var log = Live(Usual with { LongestReadings = 10 }, Enumerable.Repeat(5.0, 5000), AlertKind.Silence);
        Assert.DoesNotContain(log.Told, t => t.Transition == AlertTransition.Resolved);
        Assert.InRange(log.Told.Count, 2, 12);
    }

    [Fact]
    public void ADeviceThatKeepsFallingSilentIsToldRarerAndRarer()
    {
        var log = Live(Usual, Enumerable.Range(0, 100).Select(i => i % 2 == 0 ? 5.0 : 0.0), AlertKind.Silence);
        // Silent, back, silent again: from the second time on it must report twice in a row, which it never does.
        Assert.Equal([0, 1, 2], log.Told.Select(t => t.Reading));
    }

    [Theory]
    [InlineData(0, Severity.Info), InlineData(0.5, Severity.Minor), InlineData(1.5, Severity.Major), InlineData(3, Severity.Critical), InlineData(1e9, Severity.Critical)]
    [InlineData(double.NaN, Severity.Info)]
    public void SeverityFollowsTheExcess(double excess, Severity severity) => Assert.Equal(severity, AlertLife.SeverityOf(excess));

    [Fact]
    public void AnAlertIsJudgedByTheThresholdAtWhichItOpened()
    {
        // The budget raises the threshold when an alert opens; that must not make the very next reading less severe or calm.
        var (state, _) = AlertLife.Step(default, Given.Verdict(Freezer, 0, 4.5, threshold: 4), Usual);
        (state, _) = AlertLife.Step(state, Given.Verdict(Freezer, 1, 4.5, threshold: 9), Usual);
        Assert.Equal(2, state.Count);
        Assert.Equal(0, state.Calm);
    }

    // A plain model of the rules, written in another way: over the whole list, with nothing carried but what it recounts.
    [Fact]
    public void TheLifeCycleAgreesWithItsModel() => Gen.Select(Rules, Rarities).Sample((rules, rarities) =>
    {
        var log = Live(rules, rarities);
        Assert.Equal(Model(rules, rarities), log.Told);
    });

    [Fact]
    public void EventsOfAnAlertAreOpenedThenUpdatesThenResolvedInSequence() => Gen.Select(Rules, Rarities, Gen.Enum<AlertKind>()).Sample((rules, rarities, kind) =>
    {
        var open = false;
        var sequence = 0;
        var log = Live(rules, rarities, kind);
        foreach (var (reading, transition) in log.Told)
        {
            Assert.Equal(open, transition != AlertTransition.Opened);
            sequence = transition == AlertTransition.Opened ? 0 : sequence + 1;
            open = transition != AlertTransition.Resolved;
            Assert.Equal(sequence, log.States[reading].Sequence);
            Assert.Equal(open, log.States[reading].IsOpen);
        }
    });

    [Fact]
    public void AnIncidentIsAFewEvents() => Rarities.Sample(rarities =>
    {
        var log = Live(Usual with { LongestReadings = 1_000_000 }, rarities);
        var opened = log.Told.Count(t => t.Transition == AlertTransition.Opened);
        // Three rises of severity at most, and as many doublings as fit into the time.
        var doublings = Math.Log2(1 + (rarities.Length * 30 / 300.0)) + 1;
        Assert.True(log.Told.Count <= opened * (2 + 3 + doublings), $"{log.Told.Count} events of {opened} alerts");
    });

    private static Gen<AlertOptions> Rules =>
        from n in Gen.Int[1, 6]
        from k in Gen.Int[1, n]
        from hold in Gen.Int[1, 8]
        from longest in Gen.Int[10, 60]
        from below in Gen.Double[0.1, 1]
        from update in Gen.Int[1, 600]
        from flap in Gen.Int[0, 1200]
        select new AlertOptions
        {
            OpenAfter = k,
            OpenWithin = n,
            HoldReadings = hold,
            LongestReadings = longest,
            ResolveBelow = below,
            UpdateInterval = TimeSpan.FromSeconds(update),
            FlapWindow = TimeSpan.FromSeconds(flap),
        };

    // Runs of like readings, so that holds and lengths are reached.
    private static Gen<double[]> Rarities => Gen.Select(Gen.OneOf(Gen.Double[0, 2], Gen.Double[1, 5], Gen.Double[4, 9]), Gen.Int[1, 15]).Array[0, 30]
        .Select(runs => runs.SelectMany(r => Enumerable.Repeat(r.Item1, r.Item2)).ToArray());

    private sealed record Log(List<(int Reading, AlertTransition Transition)> Told, List<AlertState> States)
    {
        public AlertState Last => States[^1];
    }

    private static Log Live(AlertOptions rules, IEnumerable<double> rarities, AlertKind kind = AlertKind.PredictionError)
    {
        var log = new Log([], []);
        AlertState state = default;
        foreach (var rarity in rarities)
        {
            var reading = log.States.Count;
            (state, var transition) = AlertLife.Step(state, Given.Verdict(Freezer, reading, rarity, kind: kind), rules);
            log.States.Add(state);
            if (transition != AlertTransition.None)
                log.Told.Add((reading, transition));
        }

        return log;
    }

    private static List<(int, AlertTransition)> Model(AlertOptions rules, double[] rarities)
    {
        List<(int, AlertTransition)> told = [];
        const double threshold = 4;
        var calmBelow = Math.Min(threshold, Math.Max(threshold * rules.ResolveBelow, 1.301));
        var from = 0;                        // readings before this one belong to an alert that is over
        int? resolvedAt = null;
        var reopened = 0;
        for (var i = 0; i < rarities.Length; i++)
        {
            var window = rarities[Math.Max(from, i - rules.OpenWithin + 1)..(i + 1)];
            if (rarities[i] <= threshold || window.Count(r => r > threshold) < rules.OpenAfter)
                continue;
            reopened = resolvedAt is { } before && TimeSpan.FromSeconds((i - before) * 30) < rules.FlapWindow ? Math.Min(reopened + 1, 6) : 0;
            told.Add((i, AlertTransition.Opened));
            var opened = i;
            var (lastEvent, events) = (i, 1);
            var worst = AlertLife.SeverityOf(rarities[i] - threshold);
            for (i++; i < rarities.Length; i++)
            {
                var calm = 0;
                while (i - calm > opened && rarities[i - calm] < calmBelow)
                    calm++;
                if (calm >= rules.HoldReadings * Math.Pow(2, reopened) || i - opened + 1 >= rules.LongestReadings)
                {
                    told.Add((i, AlertTransition.Resolved));
                    break;
                }

                var severity = AlertLife.SeverityOf(rarities[i] - threshold);
                var due = rules.UpdateInterval.TotalSeconds * Math.Pow(2, events - 1);
                if (severity > worst || (calm == 0 && reopened == 0 && (i - lastEvent) * 30 >= due))
                {
                    told.Add((i, AlertTransition.Updated));
                    (lastEvent, events) = (i, events + 1);
                    worst = severity > worst ? severity : worst;
                }
            }

            (resolvedAt, from) = (i, i + 1);
        }

        return told;
    }
}
