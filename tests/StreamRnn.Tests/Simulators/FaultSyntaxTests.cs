using StreamRnn.Simulators;
using StreamRnn.Simulators.Faults;

namespace StreamRnn.Tests.Simulators;

public sealed class FaultSyntaxTests
{
    [Theory]
    [InlineData("spike@5m", "spike", 300, null, null, null, null)]
    [InlineData("Level-Shift@1h30m+10m=-2.5:pump-01:speed", "level-shift", 5400, 600, -2.5, "pump-01", "speed")]
    [InlineData("stuck@00:02:00:freezer-02", "stuck", 120, null, null, "freezer-02", null)]
    [InlineData("drift@00:02:00+00:01:00:a:b", "drift", 120, 60, null, "a", "b")]
    [InlineData("silence@250ms", "silence", 0.25, null, null, null, null)]
    public void AFaultIsReadAsItIsWritten(string text, string kind, double at, int? duration, double? size, string? device, string? channel)
    {
        var fault = Fault.Parse(text);
        Assert.Equal(FaultKind.Named(kind), fault.Kind);
        Assert.Equal(TimeSpan.FromSeconds(at), fault.At);
        Assert.Equal(duration, (int?)fault.Duration?.TotalSeconds);
        Assert.Equal((size, device, channel), (fault.Size, fault.Device, fault.Channel));
    }

    [Theory]
    [InlineData("melt@5m", "level-shift")]
    [InlineData("", "level-shift")]
    [InlineData("spike", Fault.Grammar)]
    [InlineData("spike@", Fault.Grammar)]
    [InlineData("spike@soon", Fault.Grammar)]
    [InlineData("spike@5x", Fault.Grammar)]
    [InlineData("spike@5m:a:b:c", Fault.Grammar)]
    [InlineData("spike@5m=big", Fault.Grammar)]
    [InlineData("spike@00:99:00", "length of time")]
    public void AFaultThatCannotBeReadSaysWhatIsAllowed(string text, string allowed)
    {
        var error = Assert.Throws<FormatException>(() => Fault.Parse(text));
        Assert.Contains($"'{text}'", error.Message, StringComparison.Ordinal);
        Assert.Contains(allowed, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFaultOnDemandHasNoTime()
    {
        Assert.Equal("freezer-02", Fault.ParseNow("spike:freezer-02").Device);
        Assert.Throws<FormatException>(() => Fault.ParseNow("spike@5m:freezer-02"));
    }

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("1.5h", 5400)]
    [InlineData("2d", 172_800)]
    [InlineData("1.00:00:10", 86_410)]
    public void LengthsOfTimeAreReadAsPeopleWriteThem(string text, double seconds) => Assert.Equal(seconds, Durations.Parse(text).TotalSeconds);

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("-5m")]
    [InlineData("5 m")]
    [InlineData("99999999d")]
    [InlineData("9999999999999999999999.0:00:00")]
    public void WhatIsNoLengthOfTimeIsRefused(string text) => Assert.Throws<FormatException>(() => Durations.Parse(text));
}
