using StreamRnn.Alerts;
using StreamRnn.Host.Demo;
using StreamRnn.Readings;
using StreamRnn.Simulators;

namespace StreamRnn.Tests.Host;

public sealed class ScoreboardTests
{
    private readonly Scoreboard _score = new(5, aftermath: TimeSpan.FromSeconds(10));

    [Fact]
    public void AnAlertOfTheFaultsDeviceWithinItsTimeFindsItAndTheNextBelongsToItToo()
    {
        _score.Inject(Fault("freezer-01"), Seconds(50), Seconds(5));
        var (fault, finds) = _score.Open(Alert("freezer-01"), Seconds(51.5))!.Value;
        Assert.True(finds);
        Assert.Equal(Seconds(1.5), fault.Delay);
        Assert.False(_score.Open(Alert("freezer-01"), Seconds(64))!.Value.Finds);
        Assert.Equal("faults found 1 of 1, false alarms 0, median delay 1.5 s", _score.Line());
    }

    [Theory]
    [InlineData("freezer-01", 49.9)]
    [InlineData("freezer-01", 65.1)]
    [InlineData("freezer-02", 52)]
    public void AnAlertBeforeOrLongAfterOrOfAnotherDeviceIsAFalseAlarm(string device, double at)
    {
        _score.Inject(Fault("freezer-01"), Seconds(50), Seconds(5));
        Assert.Null(_score.Open(Alert(device), Seconds(at)));
        Assert.Equal("faults found 0 of 1, false alarms 1, median delay - s", _score.Line());
    }

    [Fact]
    public void TheMedianDelayIsOfTheFaultsThatWereFound()
    {
        foreach (var (device, onset, delay) in new[] { ("a", 10, 0.5), ("b", 20, 4), ("c", 30, 1), ("d", 40, 0.2) })
        {
            _score.Inject(Fault(device), Seconds(onset), Seconds(5));
            _score.Open(Alert(device), Seconds(onset + delay));
        }

        _score.Inject(Fault("e"), Seconds(50), Seconds(5));
        Assert.Equal("faults found 4 of 5, false alarms 0, median delay 0.8 s", _score.Line());
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static Label Fault(string device) => new(device, "temperature", "spike", default, default, Anomalous: true);

    private static AlertEvent Alert(string device) => new()
    {
        AlertId = "a",
        Sequence = 0,
        Status = AlertStatus.Opened,
        Kind = AlertKind.PredictionError,
        Severity = Severity.Major,
        Device = device,
        OpenedAt = new Instant(0),
        EventTime = new Instant(0),
        DetectedAt = new Instant(0),
        Score = .8,
        FalseAlarmsPerWeek = .1,
        Summary = "x",
        Count = 1,
        ModelId = "m",
        ModelVersion = "1",
    };
}
