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
}
