using System.Globalization;

namespace StreamRnn.Readings;

/// <summary>A point in time: microseconds since 1970-01-01T00:00:00Z. Event time comes with the payload, or is the time of arrival.</summary>
public readonly record struct Instant(long Microseconds) : IComparable<Instant>
{
    public const long PerSecond = 1_000_000;

    public static Instant FromSeconds(double seconds) => new((long)Math.Round(seconds * PerSecond));

    public static Instant From(DateTimeOffset time) => new((time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);

    /// <exception cref="ArgumentOutOfRangeException">The instant lies outside the years 1 to 9999.</exception>
    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.UnixEpoch.AddTicks(Microseconds * TimeSpan.TicksPerMicrosecond);

    /// <summary>Seconds since 1970, as a real number.</summary>
    public double Seconds => Microseconds / (double)PerSecond;

    public int CompareTo(Instant other) => Microseconds.CompareTo(other.Microseconds);

    public static bool operator <(Instant a, Instant b) => a.Microseconds < b.Microseconds;
    public static bool operator >(Instant a, Instant b) => a.Microseconds > b.Microseconds;
    public static bool operator <=(Instant a, Instant b) => a.Microseconds <= b.Microseconds;
    public static bool operator >=(Instant a, Instant b) => a.Microseconds >= b.Microseconds;

    public static TimeSpan operator -(Instant a, Instant b) => TimeSpan.FromMicroseconds(a.Microseconds - b.Microseconds);
    public static Instant operator +(Instant a, TimeSpan b) => new(a.Microseconds + (b.Ticks / TimeSpan.TicksPerMicrosecond));

    /// <summary>ISO 8601 in UTC, as short as it can be: 2026-03-01T12:00:00Z, or with as many decimals of a second as needed.</summary>
    public override string ToString() => ToDateTimeOffset().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);
}
