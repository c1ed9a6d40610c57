using System.Globalization;
using StreamRnn.Alerts;

namespace StreamRnn.Host.Watch;

/// <summary>An alert event in words: one plain line, and the pieces that tables are made of.</summary>
internal static class AlertLine
{
    /// <summary><c>2026-03-01T12:00:05Z  opened    major     prediction_error  summary</c>, where the summary begins with device and channel.</summary>
    public static string Of(AlertEvent e) => $"{e.EventTime}  {AlertWords.Of(e.Status),-8}  {AlertWords.Of(e.Severity),-8}  {AlertWords.Of(e.Kind),-16}  {e.Summary}";

    /// <summary>A measured value, to four significant digits.</summary>
    public static string Number(double? value) => value switch
    {
        null => "–",
        { } v when !double.IsFinite(v) => "–",
        { } v when Math.Abs(v) is >= 1e6 or (> 0 and < 1e-3) => v.ToString("0.###e0", CultureInfo.InvariantCulture),
        { } v => v.ToString(Math.Abs(v) switch { >= 1000 => "0", >= 100 => "0.#", >= 10 => "0.##", >= 1 => "0.###", _ => "0.####" }, CultureInfo.InvariantCulture),
    };
}
