using System.Globalization;
using CsCheck;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Readings;

public sealed class InstantTests
{
    private static readonly Gen<Instant> AnyInstant = Gen.Long[-62_135_596_800_000_000, 253_402_300_799_999_999].Select(us => new Instant(us));

    [Fact]
    public void TextIsTheSameInstant() => AnyInstant.Sample(instant =>
        Assert.Equal(instant, Instant.From(DateTimeOffset.Parse(instant.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal))));

    [Fact]
    public void ADateIsTheSameInstant() => AnyInstant.Sample(instant => Assert.Equal(instant, Instant.From(instant.ToDateTimeOffset())));

    [Fact]
    public void DifferencesAndOrderAreThoseOfTheMicroseconds() => Gen.Select(AnyInstant, AnyInstant).Sample((a, b) =>
    {
        Assert.Equal(a, b + (a - b));
        Assert.Equal(a.Microseconds < b.Microseconds, a < b);
        Assert.Equal(a.Microseconds >= b.Microseconds, a >= b);
        Assert.Equal(Math.Sign(a.Microseconds.CompareTo(b.Microseconds)), Math.Sign(a.CompareTo(b)));
    });

    [Theory]
    [InlineData(0, "1970-01-01T00:00:00Z")]
    [InlineData(1.5, "1970-01-01T00:00:01.5Z")]
    [InlineData(0.000001, "1970-01-01T00:00:00.000001Z")]
    [InlineData(-1, "1969-12-31T23:59:59Z")]
    public void TheTextIsAsShortAsItCanBe(double seconds, string text) => Assert.Equal(text, Instant.FromSeconds(seconds).ToString());
}
