using StreamRnn.Host.Configuration;

namespace StreamRnn.Tests.Host;

public sealed class TimeTextTests
{
    [Theory]
    [InlineData("00:02:00", 120)]
    [InlineData("2m", 120)]
    [InlineData("90s", 90)]
    [InlineData("1h30m", 5400)]
    [InlineData("250ms", 0.25)]
    [InlineData("1.5m", 90)]
    [InlineData("7.00:00:00", 604800)]
    [InlineData("7d", 604800)]
    public void ATimeIsReadAsPeopleWriteIt(string text, double seconds)
    {
        Assert.True(TimeText.TryParse(text, out var time));
        Assert.Equal(seconds, time.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("-5s")]
    [InlineData("-00:01:00")]
    [InlineData("5 parsecs")]
    [InlineData("m")]
    [InlineData("1..5s")]
    [InlineData("1e9d")]
    [InlineData("99999999999999999999d")]
    public void ATimeWithoutAUnitOrBelowZeroIsRefused(string text) => Assert.False(TimeText.TryParse(text, out _));
}
