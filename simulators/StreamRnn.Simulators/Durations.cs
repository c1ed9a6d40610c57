using System.Globalization;
using System.Text.RegularExpressions;

namespace StreamRnn.Simulators;

/// <summary>Lengths of time as people write them: <c>90s</c>, <c>5m</c>, <c>1h30m</c>, <c>2d</c>, <c>250ms</c>, <c>00:02:00</c>.</summary>
public static partial class Durations
{
    public const string Allowed = "such as 30s, 5m, 1h30m, 2d, 250ms or 00:02:00";

    internal const string Pattern = @"(?:(?:\d+\.)?\d{1,2}:\d{2}:\d{2}(?:\.\d+)?|(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)";

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Contains(':'))
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration) && duration >= TimeSpan.Zero;
        if (!Whole().IsMatch(text))
            return false;
        foreach (Match part in Part().Matches(text))
        {
            var number = double.Parse(part.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            var unit = part.Groups[2].Value switch { "ms" => 1e-3, "s" => 1.0, "m" => 60, "h" => 3600, _ => 86_400 };
            if (number * unit > 3650 * 86_400.0)
                return false;
            duration += TimeSpan.FromSeconds(number * unit);
        }

        return true;
    }

    /// <exception cref="FormatException">Not a length of time; the message says what one looks like.</exception>
    public static TimeSpan Parse(string text) =>
        TryParse(text, out var duration) ? duration : throw new FormatException($"'{text}' is not a length of time; write one {Allowed}.");

    /// <summary>Short, for people: two units at most.</summary>
    public static string Say(TimeSpan duration) => duration switch
    {
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0} ms"),
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.#} s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{duration.Minutes} min") + (duration.Seconds > 0 ? $" {duration.Seconds} s" : ""),
        { TotalDays: < 1 } => $"{duration.Hours} h" + (duration.Minutes > 0 ? $" {duration.Minutes} min" : ""),
        _ => $"{(int)duration.TotalDays} d" + (duration.Hours > 0 ? $" {duration.Hours} h" : ""),
    };

    [GeneratedRegex("^" + Pattern + "$")]
    private static partial Regex Whole();

    [GeneratedRegex(@"(\d+(?:\.\d+)?)(ms|s|m|h|d)")]
    private static partial Regex Part();
}
