using System.Globalization;
using StreamRnn.Readings;

namespace StreamRnn.Alerts;

/// <summary>Numbers and durations as a person writes them; invariant culture.</summary>
internal static class Wording
{
    /// <summary>
    /// A value beside its expected band, with as many decimals as tell the band's width to two digits, but not more than tell the largest of the three to five; and one
    /// or two more where the value would else look like an edge that it lies beyond. Without a band: four significant digits.
    /// </summary>
    public static (string Value, string Lower, string Upper) WithBand(double value, double lower, double upper)
    {
        var width = upper - lower;
        if (!(width > 0) || !double.IsFinite(width))
            return (Number(value), Number(lower), Number(upper));
        var largest = Math.Max(Math.Abs(value), Math.Max(Math.Abs(lower), Math.Abs(upper)));
        var decimals = Math.Clamp(Math.Min(1 - Exponent(width), 4 - Exponent(largest)), 0, 9);
        for (var more = 0; ; more++)
        {
            var told = (Value: Fixed(value, decimals + more), Lower: Fixed(lower, decimals + more), Upper: Fixed(upper, decimals + more));
            var blurred = (value > upper && told.Value == told.Upper) || (value < lower && told.Value == told.Lower);
            if (!blurred || more == 2)
                return told;
        }
    }

    /// <summary>Four significant digits: 0.0123, 21.5, 1013, 1.235E+09.</summary>
    public static string Number(double value) => Math.Abs(value) is >= 1000 and < 1e9
        ? Fixed(value, 0)
        : (value == 0 ? 0 : value).ToString("G4", CultureInfo.InvariantCulture);

    public static string Percent(double share) => Fixed(100 * share, 0) + " %";

    /// <summary>From one instant to another, whatever they are: an event must never fail on its sentence.</summary>
    public static string Duration(Instant from, Instant to) => Duration(TimeSpan.FromSeconds(Math.Clamp(to.Seconds - from.Seconds, 0, 1e11)));

    /// <summary>The two largest units: 850 ms, 2.5 s, 4 min 10 s, 2 h 5 min, 3 d 4 h. Never negative.</summary>
    public static string Duration(TimeSpan time)
    {
        if (time <= TimeSpan.Zero)
            return "0 s";
        if (time < TimeSpan.FromMilliseconds(999.5))
            return Fixed(Math.Max(1, time.TotalMilliseconds), 0) + " ms";
        if (time < TimeSpan.FromSeconds(9.95))
            return (Math.Round(time.TotalSeconds * 10) / 10).ToString(CultureInfo.InvariantCulture) + " s";
        var seconds = (long)Math.Round(time.TotalSeconds);
        return seconds switch
        {
            < 60 => Units(seconds, "s", 0, ""),
            < 3600 => Units(seconds / 60, "min", seconds % 60, "s"),
            < 86_400 => Units(seconds / 3600, "h", seconds % 3600 / 60, "min"),
            _ => Units(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
        };
    }

    private static int Exponent(double positive) => (int)Math.Floor(Math.Log10(positive));

    private static string Units(long large, string largeUnit, long small, string smallUnit) => small == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{large} {largeUnit}")
        : string.Create(CultureInfo.InvariantCulture, $"{large} {largeUnit} {small} {smallUnit}");

    private static string Fixed(double value, int decimals)
    {
        if (Math.Abs(value) >= 1e15)
            return value.ToString("G4", CultureInfo.InvariantCulture);
        var text = value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        // "-0.0" is a zero that frightens.
        return text.StartsWith('-') && text.AsSpan(1).IndexOfAnyExcept('0', '.') < 0 ? text[1..] : text;
    }
}
