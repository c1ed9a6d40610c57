namespace StreamRnn.Detection;

/// <summary>
/// Time between readings, as forecasts see it. A forecast error is measured by what such errors usually are, over the last 200 readings or so; that holds for the time ahead that was usual in them.
/// One that was made r times as long ahead — after a gap, or because a device now speaks more seldom — may be off by r times as much, though hardly by more than the series' spread.
/// As the usual time is a mean over the same 200 readings, the allowance ends when the scale itself has learned the new cadence.
/// </summary>
public static class Cadence
{
    /// <summary>Up to half as long again as usual is the jitter of a clock.</summary>
    private const double Jitter = 1.5;

    /// <summary>A gap that comes less often than once in a thousand readings, and is longer than the far forecast sees, is an interruption and no cadence.</summary>
    private const double InterruptionRarity = 3;

    private const double Rate = 1.0 / 200;               // as that of the scales of errors
    private const int SettledCount = 30;

    /// <summary>How many times as long ahead as usual the near forecast of a reading at <paramref name="time"/> (µs) was made: 1 or more.</summary>
    public static double NearStretch(in SeriesRow row, long time) => Stretch((time - row.LastTime) / 1e6, row.Usual);

    /// <summary>The same for the far forecast that is due.</summary>
    public static double FarStretch(in SeriesRow row, long time)
    {
        var ahead = (time - row.LastTime) / 1e6;
        for (var i = 1; i < Math.Min(Outlook.FarSteps, row.Count); i++)
            ahead += row.Recent[(row.Count - i) % SeriesRow.RecentLength].Gap;
        return Stretch(ahead, Outlook.FarSteps * row.Usual);
    }

    /// <summary>The scale of errors that belongs to a stretch.</summary>
    public static double Scale(double scale, double stretch, double spread) => Math.Clamp(scale * stretch, scale, Math.Max(scale, spread));

    /// <summary>Whether a gap is so long and so rare that it tells nothing of how often the series speaks: an outage.</summary>
    public static bool IsInterruption(in SeriesRow row, double gap) => row.Count >= SettledCount && gap > Outlook.FarSteps * row.Interval
        && row.IntervalTail.Rarity(SilenceWatch.Evidence(gap, row.Interval)) > InterruptionRarity;

    /// <summary>The gap as usual intervals learn it: an interruption counts as the longest that is none, so that a device that really speaks more seldom is soon known.</summary>
    public static double Learnable(in SeriesRow row, double gap) => IsInterruption(row, gap) ? Outlook.FarSteps * (double)row.Interval : gap;

    /// <summary>The usual interval over the last 200 readings with one more taken in.</summary>
    public static float NextUsual(in SeriesRow row, double learnable) => (float)(row.Usual + (Math.Max(1.0 / row.Count, Rate) * (learnable - row.Usual)));

    private static double Stretch(double ahead, double usual) => usual > 0 && ahead > Jitter * usual ? ahead / usual : 1;
}
