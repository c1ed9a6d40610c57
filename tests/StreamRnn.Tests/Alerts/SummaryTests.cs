using StreamRnn.Alerts;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Alerts;

public sealed class SummaryTests
{
    private static readonly AlertEvent Opened = Given.Event();

    [Fact]
    public void APredictionErrorTellsValueBandAndPlace() => Assert.Equal(
        "freezer-02 temperature is -3.1, expected -19.4 to -17.0: far above what it usually is at this time; check the device.", Of(Opened));

    [Theory]
    [InlineData(-16.5, "above")]
    [InlineData(-25, "far below")]
    [InlineData(-20, "below")]
    public void ThePlaceIsFarWhenItIsFurtherThanTheBandIsWide(double value, string place) =>
        Assert.Contains($": {place} what it usually is", Of(Opened with { Value = value }), StringComparison.Ordinal);

    [Fact]
    public void AValueWithinTheBandIsSaidToMoveOddly() =>
        Assert.Contains("within the band, but not the way it usually moves", Of(Opened with { Value = -18 }), StringComparison.Ordinal);

    [Fact]
    public void TheUnitStandsBesideTheNumbers() =>
        Assert.StartsWith("freezer-02 temperature is -3.1 °C, expected -19.4 to -17.0 °C: ", Of(Opened with { Unit = "°C" }), StringComparison.Ordinal);

    [Fact]
    public void AValueJustBeyondTheBandIsNotRoundedOntoItsEdge() =>
        Assert.StartsWith("freezer-02 temperature is -16.98, expected -19.40 to -17.00: above", Of(Opened with { Value = -16.98 }), StringComparison.Ordinal);

    [Fact]
    public void ABandTooNarrowToBeToldBesideTheValueIsOneNumber() => Assert.StartsWith(
        "freezer-02 temperature is 12.000, expected 0.000: far above", Of(Opened with { Value = 12, Lower = -5e-9, Upper = 4e-9 }), StringComparison.Ordinal);

    [Fact]
    public void AnAlertOfTheWholeDeviceTellsWhichChannelsWeigh() => Assert.Equal(
        "pump behaves unlike what it usually does at this time (vibration 70 %, current 30 %); check the device.",
        Of(Opened with { Device = "pump", Channel = null, Value = null, Contributions = [new("current", .3, 1, 2), new("vibration", .7, 1, 2)] }));

    [Fact]
    public void WithoutABandTheExpectedValueIsTold() => Assert.Equal(
        "freezer-02 temperature is -3.12, expected -18.2: above what it usually is at this time; check the device.", Of(Opened with { Lower = null, Upper = null }));

    [Fact]
    public void WithoutAnyExpectationTheValueIsTold() => Assert.Equal(
        "freezer-02 temperature is -3.12: unlike what it usually is at this time; check the device.", Of(Opened with { Lower = null, Upper = null, Expected = null }));

    [Theory]
    [InlineData(AlertKind.LevelShift, "freezer-02 temperature has moved to another level: it is -3.1, expected -19.4 to -17.0; check what changed, or leave it and it becomes the normal.")]
    [InlineData(AlertKind.Pattern, "freezer-02 temperature no longer follows its usual pattern: it is -3.1, expected -19.4 to -17.0; check what changed.")]
    [InlineData(AlertKind.Stuck, "freezer-02 temperature stands still at -3.1, expected -19.4 to -17.0; check whether the device still measures.")]
    [InlineData(AlertKind.OutOfRange, "freezer-02 temperature is -3.1, beyond all that was seen of it before, expected -19.4 to -17.0; check the device.")]
    [InlineData(AlertKind.Novelty, "freezer-02 temperature does what was not seen of it before: it is -3.1, expected -19.4 to -17.0; check what changed.")]
    [InlineData(AlertKind.DataQuality, "freezer-02 temperature sends values of poor quality: it is -3.1, expected -19.4 to -17.0; check what sends them.")]
    public void EachKindSaysWhatWasSeen(AlertKind kind, string summary) => Assert.Equal(summary, Of(Opened with { Kind = kind }));

    [Fact]
    public void SilenceTellsForHowLongAndHowOftenItUsuallyReports()
    {
        var silence = Opened with { Kind = AlertKind.Silence, Channel = null, Value = null, Recent = [(Later(-250), -18)] };
        Assert.Equal("freezer-02: no reading for 4 min 10 s; it usually reports every 30 s; check its power and its connection.", Summary.Of(silence, 30));
        Assert.Equal("freezer-02: no reading for 4 min 10 s; check its power and its connection.", Summary.Of(silence, null));
        Assert.Equal(
            "Still no reading from freezer-02 for 14 min 10 s; it usually reports every 30 s; check its power and its connection.",
            Summary.Of(silence with { Status = AlertStatus.Updated, EventTime = Later(600), Sequence = 1 }, 30));
        Assert.Equal(
            "freezer-02 reports again, 11 min after its reading was due.",
            Summary.Of(silence with { Status = AlertStatus.Resolved, EventTime = Later(660), ResolvedAt = Later(660), Resolution = Resolution.Returned }, 30));
    }

    [Fact]
    public void StuckTellsForHowLongTheValueHasBeenTheSame()
    {
        var stuck = Opened with { Kind = AlertKind.Stuck };
        Assert.Equal("freezer-02 temperature stands still at -3.1 for 20 min, longer than it usually does; check whether the device still measures.", Summary.Of(stuck, 30, Later(-1200)));
        Assert.Equal(
            "freezer-02 temperature still stands still at -3.1, for 30 min now; check whether the device still measures.",
            Summary.Of(stuck with { Status = AlertStatus.Updated, EventTime = Later(600), Sequence = 1 }, 30, Later(-1200)));
        Assert.Equal(
            "freezer-02 temperature moves again after 11 min: it is -18.2.",
            Summary.Of(stuck with { Status = AlertStatus.Resolved, Value = -18.2, EventTime = Later(660), ResolvedAt = Later(660), Resolution = Resolution.Returned }, 30));
    }

    [Fact]
    public void ASilenceOfNoLengthIsAMissedReading() => Assert.Equal(
        "freezer-02: no reading when one was due; check its power and its connection.", Of(Opened with { Kind = AlertKind.Silence, Channel = null }));

    [Fact]
    public void NoTimesMakeASentenceFail()
    {
        foreach (var status in Enum.GetValues<AlertStatus>())
        {
            foreach (var kind in Enum.GetValues<AlertKind>())
            {
                foreach (var (opened, now) in new[] { (long.MinValue, long.MaxValue), (long.MaxValue, long.MinValue), (0, long.MaxValue) })
                    Assert.NotEmpty(Of(Opened with { Status = status, Kind = kind, OpenedAt = new(opened), EventTime = new(now), Recent = [(new(opened), 1)] }));
            }
        }
    }

    [Fact]
    public void AnUpdateTellsForHowLongAndHowMany() => Assert.Equal(
        "freezer-02 temperature is still unusual after 12 min: it is -3.1, expected -19.4 to -17.0; 24 unusual readings so far, severity major; check the device.",
        Of(Opened with { Status = AlertStatus.Updated, EventTime = Later(720), Count = 24 }));

    [Theory]
    [InlineData(Resolution.Returned, "freezer-02 temperature is back to normal after 12 min: it is -18.2, expected -19.4 to -17.0.")]
    [InlineData(Resolution.Adopted, "freezer-02 temperature has been like this for 12 min: it is -18.2, and that is taken as its normal from now on.")]
    [InlineData(Resolution.Feedback, "freezer-02 temperature was said to be normal after 12 min; it will not be reported again for this.")]
    [InlineData(Resolution.Maintenance, "freezer-02 temperature went into maintenance after 12 min; the alert is closed.")]
    [InlineData(Resolution.Expired, "freezer-02 temperature: nothing more was heard of this for 12 min; the alert is closed.")]
    public void TheEndTellsHowItEndedAndAfterHowLong(Resolution resolution, string summary) => Assert.Equal(
        summary, Of(Opened with { Status = AlertStatus.Resolved, Value = -18.2, EventTime = Later(720), ResolvedAt = Later(720), Resolution = resolution }));

    [Fact]
    public void AnAlertThatCameBackSaysSo() =>
        Assert.StartsWith("Again: freezer-02 temperature is", Of(Opened with { Flapping = true }), StringComparison.Ordinal);

    [Theory]
    [InlineData(-5, "0 s")]
    [InlineData(0.25, "250 ms")]
    [InlineData(2.5, "2.5 s")]
    [InlineData(9.97, "10 s")]
    [InlineData(30, "30 s")]
    [InlineData(59.7, "1 min")]
    [InlineData(250, "4 min 10 s")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(3600, "1 h")]
    [InlineData(273_600, "3 d 4 h")]
    public void DurationsAreInWords(double seconds, string words) => Assert.Equal(words, Wording.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(0.0123456, "0.01235")]
    [InlineData(-0.0, "0")]
    [InlineData(101_325.4, "101325")]
    [InlineData(1.5e12, "1.5E+12")]
    public void NumbersHaveFourDigits(double number, string text) => Assert.Equal(text, Wording.Number(number));

    [Theory]
    [InlineData(0.00151, 0.001, 0.0015, "0.00151")]
    [InlineData(1_234_567.8, 900_000, 1_000_000, "1234568")]
    [InlineData(-0.04, -5, 4, "0.0")]
    [InlineData(1e300, 1, 2, "1E+300")]
    public void ANumberHasTheDecimalsOfItsBand(double value, double lower, double upper, string text) =>
        Assert.Equal(text, Wording.WithBand(value, lower, upper).Value);

    private static string Of(AlertEvent e) => Summary.Of(e, null);

    private static Instant Later(double seconds) => Given.Start + TimeSpan.FromSeconds(seconds);
}
