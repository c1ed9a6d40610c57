using StreamRnn.Readings;

namespace StreamRnn.Mqtt;

/// <summary>How a time was written; what a number means is guessed by its size.</summary>
public enum TimeForm { Arrival, Iso8601, Seconds, Milliseconds, Microseconds, Nanoseconds }

/// <summary>Times as devices write them.</summary>
public static class TimeText
{
    /// <summary>The first instant that is taken for a time of a reading: a clock that says 1970 was never set.</summary>
    public static readonly Instant Earliest = Instant.From(new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private static readonly long First = Instant.From(DateTimeOffset.MinValue).Microseconds;
    private static readonly long Last = Instant.From(DateTimeOffset.MaxValue).Microseconds;

    /// <summary>
    /// A Unix time in the unit that its size tells: below 1e11 seconds (to the year 5138), below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds.
    /// Clamped to what an instant can hold; the caller judges whether the result is plausible.
    /// </summary>
    public static Instant FromNumber(double number, out TimeForm form)
    {
        (form, var perUnit) = Math.Abs(number) switch
        {
            < 1e11 => (TimeForm.Seconds, 1e6),
            < 1e14 => (TimeForm.Milliseconds, 1e3),
            < 1e17 => (TimeForm.Microseconds, 1.0),
            _ => (TimeForm.Nanoseconds, 1e-3),
        };
        var micros = number * perUnit;
        return new Instant(micros >= Last ? Last : micros <= First ? First : (long)Math.Round(micros));
    }

    /// <summary>The same for a whole number, exact to the microsecond.</summary>
    public static Instant FromNumber(long number, out TimeForm form)
    {
        var seconds = FromNumber((double)number, out form);
        var micros = form switch
        {
            TimeForm.Milliseconds => number * 1000,
            TimeForm.Microseconds => number,
            TimeForm.Nanoseconds => number / 1000,
            _ => seconds.Microseconds,
        };
        return new Instant(Math.Clamp(micros, First, Last));
    }

    /// <summary>
    /// ISO 8601: <c>2026-03-01T12:00:00.25+01:00</c>; a blank may stand for the T, seconds and zone may be missing (then 0 and UTC), and so may the time of day.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Instant time)
    {
        time = default;
        text = text.Trim();
        if (!Number(ref text, 4, out var year) || !Skip(ref text, '-') || !Number(ref text, 2, out var month) || !Skip(ref text, '-') || !Number(ref text, 2, out var day))
            return false;
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
            return false;
        var micros = (new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc) - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        if (!text.IsEmpty)
        {
            if (!Skip(ref text, 'T') && !Skip(ref text, 't') && !Skip(ref text, ' '))
                return false;
            if (!Clock(ref text, out var sinceMidnight) || !Zone(ref text, out var offset) || !text.IsEmpty)
                return false;
            micros += sinceMidnight - offset;
        }

        time = new Instant(Math.Clamp(micros, First, Last));
        return true;
    }

    private static bool Clock(ref ReadOnlySpan<char> text, out long micros)
    {
        micros = 0;
        if (!Number(ref text, 2, out var hour) || !Skip(ref text, ':') || !Number(ref text, 2, out var minute) || hour > 23 || minute > 59)
            return false;
        var second = 0;
        if (Skip(ref text, ':') && (!Number(ref text, 2, out second) || second > 60))             // 60: a leap second, told as the next minute's first
            return false;
        micros = ((((hour * 60) + minute) * 60L) + second) * Instant.PerSecond;
        if (!Skip(ref text, '.') && !Skip(ref text, ','))
            return true;
        var digits = 0;
        for (var unit = Instant.PerSecond / 10; !text.IsEmpty && char.IsAsciiDigit(text[0]); unit /= 10, digits++)
        {
            micros += (text[0] - '0') * unit;
            text = text[1..];
        }

        return digits > 0;
    }

    private static bool Zone(ref ReadOnlySpan<char> text, out long micros)
    {
        micros = 0;
        if (text.IsEmpty || Skip(ref text, 'Z') || Skip(ref text, 'z'))
            return true;
        var sign = Skip(ref text, '+') ? 1 : Skip(ref text, '-') ? -1 : 0;
        if (sign == 0 || !Number(ref text, 2, out var hours) || hours > 23)
            return false;
        _ = Skip(ref text, ':');
        var minutes = 0;
        if (!text.IsEmpty && (!Number(ref text, 2, out minutes) || minutes > 59))
            return false;
        micros = sign * ((hours * 60) + minutes) * 60L * Instant.PerSecond;
        return true;
    }

    private static bool Number(ref ReadOnlySpan<char> text, int digits, out int number)
    {
        number = 0;
        if (text.Length < digits)
            return false;
        for (var i = 0; i < digits; i++)
        {
            if (!char.IsAsciiDigit(text[i]))
                return false;
            number = (number * 10) + text[i] - '0';
        }

        text = text[digits..];
        return true;
    }

    private static bool Skip(ref ReadOnlySpan<char> text, char c)
    {
        if (text.IsEmpty || text[0] != c)
            return false;
        text = text[1..];
        return true;
    }
}
