using System.Globalization;
using CsCheck;
using StreamRnn.Mqtt;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Mqtt;

public sealed class TimeTextTests
{
    [Theory]
    [InlineData("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z")]
    [InlineData("2026-03-01T12:00:00", "2026-03-01T12:00:00Z")]
    [InlineData("2014-04-10 00:04:00", "2014-04-10T00:04:00Z")]
    [InlineData("2014-04-10 00:04", "2014-04-10T00:04:00Z")]
    [InlineData("2026-03-01T12:00:00.25+01:00", "2026-03-01T11:00:00.25Z")]
    [InlineData("2026-03-01T12:00:00,123456789-0530", "2026-03-01T17:30:00.123456Z")]
    [InlineData("2026-03-01t12:00:00z", "2026-03-01T12:00:00Z")]
    [InlineData("2026-03-01T12:00:00+05", "2026-03-01T07:00:00Z")]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z")]
    [InlineData(" 2026-03-01 ", "2026-03-01T00:00:00Z")]
    public void Iso8601IsRead(string text, string expected)
    {
        Assert.True(TimeText.TryParse(text, out var time));
        Assert.Equal(expected, time.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("12:30")]
    [InlineData("yesterday")]
    [InlineData("2026-02-30T00:00:00Z")]
    [InlineData("2026-13-01")]
    [InlineData("2026-03-01T24:00:00Z")]
    [InlineData("2026-03-01T12:61:00Z")]
    [InlineData("2026-03-01T12:00:00.Z")]
    [InlineData("2026-03-01T12:00:00Zjunk")]
    [InlineData("2026-03-01T12:00:00 CET")]
    [InlineData("0000-01-01")]
    [InlineData("٢٠٢٦-03-01")]
    public void WhatIsNoTimeIsNotRead(string text) => Assert.False(TimeText.TryParse(text, out _));

    [Theory]
    [InlineData(1_772_366_400, TimeForm.Seconds)]
    [InlineData(1_772_366_400_000, TimeForm.Milliseconds)]
    [InlineData(1_772_366_400_000_000, TimeForm.Microseconds)]
    [InlineData(1_772_366_400_000_000_000, TimeForm.Nanoseconds)]
    public void TheUnitOfAUnixTimeIsGuessedByItsSize(long number, TimeForm form)
    {
        Assert.Equal("2026-03-01T12:00:00Z", TimeText.FromNumber(number, out var found).ToString());
        Assert.Equal(form, found);
        Assert.Equal("2026-03-01T12:00:00Z", TimeText.FromNumber((double)number, out found).ToString());
        Assert.Equal(form, found);
    }

    [Fact]
    public void AnyInstantSurvivesWritingAndReading() =>
        Gen.Long[Instant.From(DateTimeOffset.MinValue).Microseconds, Instant.From(DateTimeOffset.MaxValue).Microseconds].Sample(micros =>
        {
            var written = new Instant(micros).ToString();
            return TimeText.TryParse(written, out var read) && read.Microseconds == micros;
        });

    [Fact]
    public void AnyNumberAndAnyTextGiveATimeThatCanBeSaid() =>
        Gen.Select(Gen.Double, Gen.Long, Gen.String).Sample((number, whole, text) =>
        {
            _ = TimeText.FromNumber(double.IsFinite(number) ? number : 0, out _).ToString();
            _ = TimeText.FromNumber(whole, out _).ToString();
            if (TimeText.TryParse(text, out var time))
                _ = time.ToString();
        });

    [Fact]
    public void TimesAgreeWithTheRuntimesParser() =>
        Gen.DateTimeOffset.Where(time => time.Year is > 1 and < 9999).Sample(time =>
        {
            var text = time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture);
            return TimeText.TryParse(text, out var read) && read == Instant.From(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture));
        });
}
