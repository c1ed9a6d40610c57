namespace StreamRnn.Detection;

/// <summary>The simple forecasts that the net weighs and shifts: last value, fast mean, slow mean, time-of-day profile, the series' own autoregression.</summary>
public static class Anchors
{
    public const int Count = 5;
    public const int Last = 0, Fast = 1, Slow = 2, Profile = 3, Regression = 4;
}

/// <summary>
/// What is known of a reading before its value is looked at. For the near horizon (the reading itself) and the far one (the reading <see cref="FarSteps"/> − 1
/// later, that is 12 after the last value seen): the anchors, how far each is usually off, and the net's inputs. Everything that goes into the net is
/// divided by the series' own scales, so that a thermometer and a money account look alike to it.
/// </summary>
public static class Outlook
{
    public const int FarSteps = 12;

    /// <summary>Inputs of the LSTM: f.</summary>
    public const int Inputs = 22;

    /// <summary>Inputs of the head beside the hidden state and f: g.</summary>
    public const int HeadInputs = 11;

    private const double DayMicros = 86_400e6;
    private const double WeekMicros = 7 * DayMicros;

    /// <summary>The least scale that an error is divided by: what a person would call no difference at all.</summary>
    public static double Floor(in SeriesRow row) => Math.Max(Math.Max(0.02 * row.Spread, 1e-6 * Math.Abs(row.Slow)), 1e-300);

    /// <param name="row">At least one reading folded; only read.</param>
    /// <param name="time">Event time of the reading to come, µs.</param>
    /// <param name="near">Overwritten: anchors at one step, then their scales. (2K)</param>
    /// <param name="far">Overwritten: anchors for the far horizon, then their scales. (2K)</param>
    /// <param name="f">Overwritten: the LSTM's inputs. (22)</param>
    /// <param name="nearHead">Overwritten: g of the near horizon. (11)</param>
    /// <param name="farHead">Overwritten: g of the far horizon. (11)</param>
    public static void Look(in SeriesRow row, long time, Span<double> near, Span<double> far, Span<float> f, Span<float> nearHead, Span<float> farHead)
    {
        var floor = Floor(row);
        var gap = (time - row.LastTime) / 1e6;
        var interval = Math.Max(row.Interval, 1e-6);
        var dueAt = time + (long)((FarSteps - 1) * interval * 1e6);
        var seen = row.Profile.TryRead(time, row.Slow - row.Origin, out var profile);
        var farSeen = row.Profile.TryRead(dueAt, row.Slow - row.Origin, out var farProfile);

        near[Anchors.Last] = far[Anchors.Last] = row.Last;
        near[Anchors.Fast] = far[Anchors.Fast] = row.Fast;
        near[Anchors.Slow] = far[Anchors.Slow] = row.Slow;
        near[Anchors.Profile] = row.Origin + profile;
        far[Anchors.Profile] = row.Origin + farProfile;
        Regress(row, floor, out near[Anchors.Regression], out far[Anchors.Regression]);
        for (var k = 0; k < Anchors.Count; k++)
        {
            near[Anchors.Count + k] = Math.Max(row.NearErrors[k], floor);
            far[Anchors.Count + k] = Math.Max(row.FarErrors[k], floor);
        }

        var unit = near[Anchors.Count];
        var n = 0;
        for (var k = 0; k < Anchors.Count; k++)
            f[n++] = (float)(0.7 * Math.Asinh(row.LastErrors[k]));
        for (var k = 1; k < Anchors.Count; k++)
            f[n++] = (float)(0.5 * LogRatio(near[Anchors.Count + k], unit));
        for (var k = 1; k < Anchors.Count; k++)
            f[n++] = (float)(0.5 * AsinhRatio(near[k] - row.Last, unit));
        var (daySin, dayCos) = Math.SinCos(2 * Math.PI * (time % DayMicros / DayMicros));
        var (weekSin, weekCos) = Math.SinCos(2 * Math.PI * (time % WeekMicros / WeekMicros));
        f[n++] = (float)daySin;
        f[n++] = (float)dayCos;
        f[n++] = (float)weekSin;
        f[n++] = (float)weekCos;
        f[n++] = (float)LogRatio(Math.Max(gap, 1e-6), interval);
        f[n++] = row.Last == row.LastButOne ? 1 : 0;
        f[n++] = (float)(Math.Log(1 + Math.Min(row.Count, 1200)) / 6);
        f[n++] = (float)(0.4 * LogRatio(Math.Max(row.Spread, floor), unit));
        f[n] = seen ? 1 : 0;

        Head(near, 0, seen, unit, nearHead);
        Head(far, 1, farSeen, unit, farHead);
    }

    /// <summary>Anchors and scales as the net's mixture takes them: counted from the last value, in the scale of the last value as a forecast.</summary>
    /// <returns>That scale, u.</returns>
    public static double InUnits(ReadOnlySpan<double> anchors, Span<float> locations, Span<float> scales)
    {
        var unit = anchors[Anchors.Count];
        for (var k = 0; k < Anchors.Count; k++)
        {
            locations[k] = InUnits(anchors[k] - anchors[Anchors.Last], unit);
            scales[k] = InUnits(anchors[Anchors.Count + k], unit);
        }

        return unit;
    }

    /// <summary>A difference in units, at most ± 10⁴: beyond that, near and far are the same to a net.</summary>
    public static float InUnits(double difference, double unit) => (float)Math.Clamp(difference / unit, -1e4, 1e4);

    /// <summary>The last readings as the autoregression takes them: from the slow mean, in the usual error of the last value, oldest first. Before the first reading there was nothing but it.</summary>
    /// <param name="z">(<see cref="Autoregression.Order"/> or more): its first places are overwritten.</param>
    /// <returns>The unit.</returns>
    internal static double Past(in SeriesRow row, double floor, Span<double> z)
    {
        var unit = Math.Max(row.NearErrors[Anchors.Last], floor);
        for (var k = 0; k < Autoregression.Order; k++)
        {
            var at = row.Count - Autoregression.Order + k;
            z[k] = InUnits((at < 0 ? row.Origin : row.Recent[at % SeriesRow.RecentLength].Value) - row.Slow, unit);
        }

        return unit;
    }

    private static void Regress(in SeriesRow row, double floor, out double near, out double far)
    {
        Span<double> z = stackalloc double[Autoregression.Order + FarSteps];
        var unit = Past(row, floor, z);
        row.Regression.Forecast(z);
        // An autoregression may run away over twelve steps; nothing is expected beyond once more the range that was seen.
        var width = row.Most - row.Least;
        near = Math.Clamp(row.Slow + (unit * z[Autoregression.Order]), row.Least - width, row.Most + width);
        far = Math.Clamp(row.Slow + (unit * z[^1]), row.Least - width, row.Most + width);
    }

    private static void Head(ReadOnlySpan<double> horizon, float isFar, bool seen, double nearUnit, Span<float> g)
    {
        var unit = horizon[Anchors.Count];
        var n = 0;
        for (var k = 1; k < Anchors.Count; k++)
            g[n++] = (float)(0.5 * LogRatio(horizon[Anchors.Count + k], unit));
        for (var k = 1; k < Anchors.Count; k++)
            g[n++] = (float)(0.7 * AsinhRatio(horizon[k] - horizon[0], unit));
        g[n++] = isFar;
        g[n++] = seen ? 1 : 0;
        g[n] = (float)(0.3 * LogRatio(unit, nearUnit));
    }

    private static double LogRatio(double a, double b) => Math.Clamp(Math.Log(a / b), -4, 4);

    private static double AsinhRatio(double difference, double unit) => Math.Asinh(Math.Clamp(difference / unit, -1e6, 1e6));
}
