namespace StreamRnn.Detection;

/// <summary>
/// Folds a reading into a series' row. Levels are always followed, for the next forecast stands on them; scales, the profile and the range are not
/// learned while an alert is open, so that an anomaly does not become the measure of what is normal; the tails learn of a burst its peak alone.
/// EW(α) is an exponentially weighted mean whose rate is max(1/(n + 1), α): a plain mean until it has α's memory.
/// </summary>
public static class Learning
{
    private const double FastRate = 1.0 / 20, SlowRate = 1.0 / 500, NearRate = 1.0 / 200, FarRate = 1.0 / 300;
    internal const double LevelRate = 1.0 / 16;
    private const double MostRatio = 20;
    private const int WindowRun = 8;             // half of the window's memory
    private const double BandShare = 0.01, BandRate = 0.05;

    /// <summary>Before so many readings an error is not clipped: there is nothing yet to clip it by.</summary>
    private const int Settled = 30;

    /// <summary>The scales: how far the anchors and the net's forecasts are usually off. Called before <see cref="Levels"/>.</summary>
    /// <param name="near">As <see cref="Outlook.Look"/> left them, made before x was seen.</param>
    /// <param name="nearForecast">The net's forecast of x, NaN where there is none (training).</param>
    public static void Errors(ref SeriesRow row, double x, ReadOnlySpan<double> near, double nearForecast)
    {
        var n = row.Count;
        var floor = Outlook.Floor(row);
        Span<double> z = stackalloc double[Autoregression.Order];
        var unit = Outlook.Past(row, floor, z);
        row.Regression.Learn(z, Outlook.InUnits(x - row.Slow, unit));
        for (var k = 0; k < Anchors.Count; k++)
            row.NearErrors[k] = Mean(row.NearErrors[k], Math.Abs(x - near[k]), n, NearRate, near[Anchors.Count + k], row.Spread);

        ref readonly var due = ref row.Due[n % Outlook.FarSteps];
        var dueCount = n - Outlook.FarSteps + 1;
        if (dueCount > 0)
        {
            for (var k = 0; k < Anchors.Count; k++)
                row.FarErrors[k] = Mean(row.FarErrors[k], Math.Abs(x - row.Origin - due[1 + k]), dueCount, FarRate, Math.Max(row.FarErrors[k], floor), row.Spread);
            row.FarScale = Math.Max(floor, Mean(row.FarScale, Math.Abs(x - row.Origin - due[0]), dueCount, FarRate, Math.Max(row.FarScale, floor), 0));
        }

        if (!double.IsNaN(nearForecast))
        {
            var error = Math.Abs(x - nearForecast);
            // The ratio that a share of 1 % exceeds (Robbins and Monro 1951): a step up is worth 99 steps down.
            if (n > Settled)
                row.Band = (float)Math.Clamp(row.Band * Math.Exp(BandRate * ((error > row.HalfBand ? 1 : 0) - BandShare)), 2, 50);
            row.NearScale = Math.Max(floor, Mean(row.NearScale, error, n, NearRate, Math.Max(row.NearScale, floor), 0));
        }

        var spreadLimit = n < Settled ? double.MaxValue : (10 * row.Spread) + (2.5 * row.NearErrors[Anchors.Last]);
        row.Spread += Math.Max(1.0 / n, SlowRate) * (Math.Min(Math.Abs(x - row.Slow), spreadLimit) - row.Spread);
    }

    /// <summary>The tails: what is usual of each kind of evidence. In a burst only its peak is noted, and learned when it is over: see <see cref="Burst"/>.</summary>
    public static void Tails(ref SeriesRow row, in Evidence raw, double combined, bool inBurst)
    {
        if (inBurst)
        {
            row.Peak.Raise(raw, combined);
            return;
        }

        if (row.Peak.IsAny)
            row.Peak.Evidence.Learn(ref row, row.Peak.Combined);
        row.Peak = default;
        raw.Learn(ref row, combined);
    }

    /// <summary>The levels, the range's record excepted, and what the next input of the net needs.</summary>
    public static void Levels(ref SeriesRow row, double x, long time, ReadOnlySpan<double> near)
    {
        var n = row.Count;
        for (var k = 0; k < Anchors.Count; k++)
            row.LastErrors[k] = (float)Math.Clamp((x - near[k]) / near[Anchors.Count + k], -1e6, 1e6);
        row.Level = (float)NextLevel(row, x);
        if (!double.IsNaN(row.Expected))
            row.Window = (float)NextWindow(row, x, row.Expected, Cadence.NearStretch(row, time));
        var gap = Math.Max(0, (time - row.LastTime) / 1e6);
        var learnable = Cadence.Learnable(row, gap);
        if (n > 1)
            row.IntervalTail.Learn(SilenceWatch.Evidence(gap, row.Interval));
        row.Usual = Cadence.NextUsual(row, learnable);
        row.Interval += (float)(Math.Max(1.0 / n, FastRate) * (learnable - row.Interval));
        row.Still.Learn(row.Last, x, time, gap);
        row.Fast += Math.Max(1.0 / (n + 1), FastRate) * (x - row.Fast);
        row.Slow += Math.Max(1.0 / (n + 1), SlowRate) * (x - row.Slow);
        (row.Last, row.LastButOne) = (x, row.Last);
        Remember(ref row, x, time, gap);
    }

    /// <summary>Range and time-of-day profile.</summary>
    public static void Habits(ref SeriesRow row, double x, long time)
    {
        if (Evidence.IsRecord(row, x))
            row.Records++;
        row.Least = Math.Min(row.Least, x);
        row.Most = Math.Max(row.Most, x);
        row.Profile.Learn(time, x - row.Origin);
    }

    /// <summary>The first reading of a series: there is nothing to compare it with.</summary>
    public static void First(ref SeriesRow row, double x, long time)
    {
        row = new SeriesRow { NextSequence = row.NextSequence };
        row.Origin = row.Last = row.LastButOne = row.Fast = row.Slow = row.Least = row.Most = x;
        row.Band = 4;
        row.Expected = double.NaN;
        row.Profile.Learn(time, 0);
        row.Still.Learn(x, x, time, 0);
        Remember(ref row, x, time, 0);
    }

    /// <summary>The far forecast made now is for the reading <see cref="Outlook.FarSteps"/> − 1 after this one.</summary>
    public static void Await(ref SeriesRow row, double farForecast, ReadOnlySpan<double> far)
    {
        ref var due = ref row.Due[(row.Count + Outlook.FarSteps - 1) % Outlook.FarSteps];
        due[0] = ToFloat(farForecast - row.Origin);
        for (var k = 0; k < Anchors.Count; k++)
            due[1 + k] = ToFloat(far[k] - row.Origin);
    }

    /// <summary>The level evidence's running mean with x taken in: EW(1/16) of half the deviation from the slow mean in units of the spread, clipped at ± 8.</summary>
    public static double NextLevel(in SeriesRow row, double x)
    {
        var z = Math.Clamp((x - row.Slow) / Math.Max(row.Spread, Outlook.Floor(row)), -8, 8);
        return row.Level + (LevelRate * ((0.5 * z) - row.Level));
    }

    /// <summary>The window evidence's running mean with x taken in: EW(1/16) of the net's |error| in the series' own mean error, clipped at 20, which a single reading moves by one and a quarter.
    /// One value over and over is foreseen all too well; whether that is odd is told by the runs of the series, so the window stands still from the ninth on.</summary>
    public static double NextWindow(in SeriesRow row, double x, double nearForecast, double nearStretch)
    {
        if (x == row.Last && row.Still.Run >= WindowRun)
            return row.Window;
        var scale = Cadence.Scale(Math.Max(row.NearScale, Outlook.Floor(row)), nearStretch, row.Spread);
        var ratio = Math.Min(Math.Abs(x - nearForecast) / scale, MostRatio);
        return row.Window + (Math.Max(1.0 / row.Count, LevelRate) * (ratio - row.Window));
    }

    /// <summary>A level shift is adopted: from now on the new level is what the series is measured by.</summary>
    public static void Adopt(ref SeriesRow row)
    {
        var (kept, sum) = (Math.Min(row.Count, SeriesRow.RecentLength), 0.0);
        for (var i = 0; i < kept; i++)
        {
            sum += row.Recent[i].Value / kept;
            row.Least = Math.Min(row.Least, row.Recent[i].Value);
            row.Most = Math.Max(row.Most, row.Recent[i].Value);
        }

        row.Slow = row.Fast = sum;
        row.Level = 0;
    }

    private static void Remember(ref SeriesRow row, double x, long time, double gap)
    {
        row.Recent[row.Count % SeriesRow.RecentLength] = new RecentReading { Value = x, Gap = (float)gap };
        row.LastTime = time;
        row.Count++;
    }

    private static double Mean(double mean, double error, int n, double rate, double scale, double spread)
    {
        if (n >= Settled)
            error = Math.Min(error, (8 * scale) + (0.1 * spread));
        return mean + (Math.Max(1.0 / n, rate) * (error - mean));
    }

    private static float ToFloat(double value) => (float)Math.Clamp(value, -float.MaxValue, float.MaxValue);
}
