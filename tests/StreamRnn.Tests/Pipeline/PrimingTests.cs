using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Pipeline;

namespace StreamRnn.Tests.Pipeline;

/// <summary>Warm-up, and past readings that shorten it.</summary>
public sealed class PrimingTests
{
    private const double Start = 1_772_438_400;

    [Fact]
    public void ABandIsThereFromTheSecondReadingAndProgressIsToldUntilTheFiftieth()
    {
        using var fleet = new Fleet(model: BaseModel.Load());
        for (var i = 0; i < 60; i++)
            fleet.Send("d", Start + i, ("x", Math.Sin(i / 5.0)));
        Assert.True(double.IsNaN(fleet.Scores[0].Expected));
        Assert.All(fleet.Scores.Skip(1), s => Assert.True(double.IsFinite(s.Expected) && s.Lower <= s.Upper));
        Assert.Equal([1, 10, 20, 30, 40, 50], fleet.States.Select(s => s.Seen));
        Assert.Equal(Phase.Ready, fleet.States[^1].Phase);
    }

    [Fact]
    public void APrimedDeviceIsReadyAtOnceAndKnowsWhatItWouldKnowHadItLivedThroughItsPast()
    {
        // With a budget that no noise exceeds: an alert would keep the living one from learning.
        var options = new DetectionOptions { KeepScores = true, FalseAlarmsPerDevicePerWeek = 0.001 };
        using var lived = new Fleet(model: BaseModel.Load(), options: options);
        using var primed = new Fleet(model: BaseModel.Load(), options: options);
        for (var i = 0; i < 1000; i++)
            lived.Send("d", Start + (60 * i), ("x", Usual(i)));
        for (var i = 0; i < 990; i++)
            primed.Arrive("d", Start + (60 * i), ("x", Usual(i)));
        primed.FoldPast(Start + (60 * 989));
        Assert.Equal(Phase.Ready, primed.States[^1].Phase);
        for (var i = 990; i < 1000; i++)
            primed.Send("d", Start + (60 * i), ("x", Usual(i)));
        Assert.Empty(lived.Alerts);
        Assert.Equal(lived.StateOf("d", "x"), primed.StateOf("d", "x"));
        Assert.Equal(lived.Scores[^1].Score, primed.Scores[^1].Score);

        primed.Send("d", Start + (60 * 1000), ("x", 90));
        Assert.Equal(AlertStatus.Opened, Assert.Single(primed.Alerts).Status);
        // The control: without a past nothing is known after ten readings.
        using var young = new Fleet(model: BaseModel.Load());
        for (var i = 990; i <= 1000; i++)
            young.Send("d", Start + (60 * i), ("x", i == 1000 ? 90 : Usual(i)));
        Assert.Empty(young.Alerts);
    }

    [Fact]
    public void NothingIsToldOfThePast()
    {
        using var fleet = new Fleet(model: BaseModel.Load());
        for (var i = 0; i < 1000; i++)
            fleet.Arrive("d", Start + (60 * i) + (i > 800 ? 36_000 : 0), ("x", i == 500 ? 90 : i > 900 ? 20 : Usual(i)));
        fleet.FoldPast(Start + 100_000);
        Assert.Empty(fleet.Alerts);
        Assert.Equal(0, fleet.Detector.OpenAlerts);
    }

    private static double Usual(int i) => 20 + Math.Sin(i / 30.0) + (0.2 * Seeded.For(5, (ulong)i).NextNormal());
}
