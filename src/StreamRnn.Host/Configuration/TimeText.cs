using System.Buffers;
using System.Globalization;

namespace StreamRnn.Host.Configuration;

/// <summary>A length of time as people write it: <c>00:02:00</c>, <c>2m</c>, <c>90s</c>, <c>1h30m</c>, <c>250ms</c>, <c>7d</c>.</summary>
internal static class TimeText
{
    public const string Allowed = "a time such as 00:02:00, 2m, 90s or 1h30m";

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>False where the text is no time, is negative, or is a bare number (of what?).</summary>
    public static bool TryParse(string text, out TimeSpan time)
    {
        time = TimeSpan.Zero;
        text = text.Trim();
        if (text.Contains(':', StringComparison.Ordinal))
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out time) && time >= TimeSpan.Zero;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                return false;
            rest = rest[digits..];
            var letters = rest.IndexOfAny(Digits);
            var unit = Unit(letters < 0 ? rest : rest[..letters]);
            if (unit <= 0 || number * unit > TimeSpan.MaxValue.TotalMilliseconds / 4)
                return false;
            time += TimeSpan.FromMilliseconds(number * unit);
            rest = letters < 0 ? [] : rest[letters..];
        }

        return text.Length > 0;
    }

    // Milliseconds in one of these, 0 for a word that is no unit.
    private static double Unit(ReadOnlySpan<char> word) => word switch
    {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => 0,
    };
}
