using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Pipeline;
using StreamRnn.Simulators;
using StreamRnn.Simulators.Faults;

namespace StreamRnn.Tests.Pipeline;

/// <summary>Values that stay where they were and move otherwise: seen by the last errors together, though none of them need be rare.</summary>
public sealed class PatternTests
{
    private const double Start = 1_772_438_400;
    private const int Normal = 2000, Fault = 100;
    private static readonly BaseModel Shipped = BaseModel.Load();

    [Fact]
    public void ASeriesThatMovesOtherwiseAtTheSameLevelAndRangeIsOftenReportedAsPattern()
    {
        // An alert opens for the first reading that is odd enough; where that one is odd by itself it is called a prediction error, and now and then the change stays within the budget.
        var patterns = 0;
        for (var seed = 1UL; seed <= 8; seed++)
        {
            using var fleet = Live(restless: true, seed: seed);
            var opened = fleet.Alerts.Find(a => a.Status == AlertStatus.Opened && a.OpenedAt.Seconds >= Start + (60 * Normal));
            if (opened is not { Kind: AlertKind.Pattern })
                continue;
            patterns++;
            Assert.Contains("no longer follows its usual pattern", opened.Summary, StringComparison.Ordinal);
        }

        Assert.True(patterns >= 2, $"{patterns} of 8");
    }

    [Fact]
    public void WithoutTheWindowItIsNoPatternAndASeriesThatGoesOnAsEverIsNotReported()
    {
        using var asEver = Live(restless: false);
        Assert.Empty(asEver.Alerts);
        using var without = Live(restless: true, ScoreParts.Window);
        Assert.DoesNotContain(without.Alerts, a => a.Kind == AlertKind.Pattern);
    }

    [Fact]
    public void AForeignRhythmOfASimulatedDeviceIsFoundAndNotCalledALevelShift()
    {
        const string kind = "market";
        var every = DeviceKinds.Named(kind).Every;
        var (from, length) = (1200 * every, 120 * every);
        using var fleet = StuckTests.Live(kind, from + length, [new Fault(FaultKind.PatternSwap, from, Duration: length)]);
        var opened = fleet.Alerts.Find(a => a.Status == AlertStatus.Opened && a.OpenedAt.Seconds >= Start + from.TotalSeconds);
        Assert.NotNull(opened);
        Assert.True(opened.Kind is AlertKind.Pattern or AlertKind.PredictionError, $"{opened.Kind} at reading {(opened.OpenedAt.Seconds - Start - from.TotalSeconds) / every.TotalSeconds:0}");
    }

    /// <summary>Slow swings about 20 of deviation 0.32, in which one reading says much of the next; restless: of the same deviation, but each reading by itself.</summary>
    private static Fleet Live(bool restless, ScoreParts leftOut = ScoreParts.None, ulong seed = 7)
    {
        var fleet = new Fleet(options: new DetectionOptions { LeftOut = leftOut }, model: Shipped);
        var random = new Seeded(seed);
        var y = 0.0;
        for (var i = 0; i < Normal + Fault; i++)
        {
            var noise = random.NextNormal();
            y = (0.95 * y) + (0.1 * noise);
            fleet.Send("d", Start + (60 * i), ("x", 20 + (restless && i >= Normal ? 0.32 * noise : y)));
        }

        return fleet;
    }
}
