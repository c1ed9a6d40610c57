using StreamRnn.Detection;

namespace StreamRnn.Tests.Detection;

public sealed class DayProfileTests
{
    private const long Minute = 60_000_000;

    [Fact]
    public void AHalfHourThatWasNeverVisitedAnswersWithTheStandIn()
    {
        var profile = default(DayProfile);
        Assert.False(profile.TryRead(12 * 60 * Minute, 7, out var value));
        Assert.Equal(7, value);
    }

    [Fact]
    public void AfterADayTheProfileKnowsItsShapeAndBetweenTheMiddlesItIsInterpolated()
    {
        var profile = default(DayProfile);
        for (var t = 0L; t < 25 * 60; t += 5)
            profile.Learn(t * Minute, (t / 30) % 48);
        Assert.True(profile.TryRead((15 + 60) * Minute, -1, out var middle));
        Assert.Equal(2, middle, 5);
        profile.TryRead((15 + 75) * Minute, -1, out var between);
        Assert.Equal(2.5, between, 5);
    }

    [Fact]
    public void TimesBefore1970BelongToTheSameHalfHoursOfTheDay()
    {
        var profile = default(DayProfile);
        for (var t = -(25L * 60); t < 0; t += 5)
            profile.Learn(t * Minute, 3);
        Assert.True(profile.TryRead(-10 * Minute, 0, out var value));
        Assert.Equal(3, value, 5);
    }

    [Theory]
    [InlineData(60, true)]
    [InlineData(-60, true)]
    [InlineData(0, false)]
    [InlineData(-300, false)]
    public void ValuesThatAreUsualAnHourLaterOrEarlierPutTheProfilesClock(int minutes, bool put)
    {
        var profile = Morning(days: 10);
        var now = (10 * 1440) + (9 * 60L);
        long[] times = [.. Enumerable.Range(-15, 16).Select(i => (now + (10 * i)) * Minute)];
        double[] values = [.. times.Select(t => Usual((t / Minute) + minutes))];
        Assert.Equal(put, profile.TryPutClock(times, values, usual: 0.5));
        profile.TryRead((now + 30) * Minute, -1, out var expected);
        Assert.Equal(Usual(now + 30 + (put ? minutes : 0)), expected, 0.3);
        // By law once in a while: four weeks pass before it may be put again.
        values = [.. times.Select(t => Usual(t / Minute))];
        Assert.False(profile.TryPutClock([.. times.Select(t => t + Minute)], values, usual: 0.5));
    }

    [Fact]
    public void ADayThatIsHardlyKnownTellsNoTime()
    {
        var profile = Morning(days: DayProfile.KnownVisits - 1);
        long now = (DayProfile.KnownVisits * 1440) + (9 * 60);
        Assert.False(profile.TryPutClock([now * Minute], [Usual(now + 60)], usual: 0.5));
    }

    private static double Usual(long minute) => 10 * Math.Max(0, Math.Sin(2 * Math.PI * ((minute % 1440 / 1440.0) - 0.25)));

    private static DayProfile Morning(int days)
    {
        var profile = default(DayProfile);
        for (var t = 0L; t < days * 1440; t += 10)
            profile.Learn(t * Minute, Usual(t));
        return profile;
    }
}
