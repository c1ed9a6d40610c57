namespace StreamRnn.Host.Evaluation;

/// <summary>What a hit, a false alarm and a miss are worth: NAB v1.1's profiles.</summary>
internal sealed record NabProfile(string Name, double Hit, double FalseAlarm, double Miss)
{
    public static IReadOnlyList<NabProfile> All { get; } =
        [new("standard", 1, 0.11, 1), new("reward_low_FP_rate", 1, 0.22, 1), new("reward_low_FN_rate", 1, 0.11, 2)];
}

/// <summary>
/// NAB's score (Lavin and Ahmad 2015) of many files at one threshold. The first detection in a window earns up to 1, along a sigmoid that falls to 0 at the window's right edge; a missed window costs;
/// every row flagged outside costs, less just behind a window. Scaled so that flagging nothing is 0 and a detection on the first row of every window is 100. Rows of the probation do not count.
/// </summary>
internal sealed class NabScore
{
    /// <summary>NAB's threshold above every score.</summary>
    public const double Nothing = 1.1;

    private readonly (double Score, double Value, int Window)[] _rows;     // highest score first
    private readonly int _windows, _reachable;

    /// <param name="files">What is scored are alarms, so the onsets.</param>
    public NabScore(IEnumerable<(LabelledSeries Series, double[] Scores)> files)
    {
        List<(double, double, int)> rows = [];
        foreach (var (series, scores) in files)
        {
            var (values, windows) = Values(series);
            for (var n = Corpus.Probation(series.Rows); n < series.Rows; n++)
                rows.Add((scores[n], values[n], windows[n] < 0 ? -1 : windows[n] + _windows));
            _windows += series.Windows.Count;
        }

        _rows = [.. rows.OrderByDescending(row => row.Item1)];
        _reachable = _rows.Where(row => row.Window >= 0).Select(row => row.Window).Distinct().Count();
    }

    /// <summary>The threshold that scores best on these very files, and its score: optimistic. Of equals the highest threshold.</summary>
    public (double Threshold, double Score) Best(NabProfile profile)
    {
        var best = (Threshold: Nothing, Raw: -profile.Miss * _reachable);
        foreach (var point in Curve(profile))
            if (point.Raw > best.Raw)
                best = point;
        return (best.Threshold, Normalised(best.Raw, profile));
    }

    /// <summary>The score when every row whose score is at least <paramref name="threshold"/> is flagged.</summary>
    public double At(double threshold, NabProfile profile)
    {
        var raw = -profile.Miss * _reachable;
        foreach (var point in Curve(profile).TakeWhile(point => point.Threshold >= threshold))
            raw = point.Raw;
        return Normalised(raw, profile);
    }

    private double Normalised(double raw, NabProfile profile)
    {
        var nothing = -profile.Miss * _reachable;
        return 100 * (raw - nothing) / ((profile.Hit * _windows) - nothing);
    }

    /// <summary>The raw score at each distinct score as threshold, highest first.</summary>
    private IEnumerable<(double Threshold, double Raw)> Curve(NabProfile profile)
    {
        var raw = -profile.Miss * _reachable;
        var best = new Dictionary<int, double>();
        for (var n = 0; n < _rows.Length; n++)
        {
            var (score, value, window) = _rows[n];
            if (window < 0)
            {
                raw += value * profile.FalseAlarm;
            }
            else if (!best.TryGetValue(window, out var before))
            {
                raw += (value * profile.Hit) + profile.Miss;
                best[window] = value;
            }
            else if (value > before)
            {
                raw += (value - before) * profile.Hit;
                best[window] = value;
            }

            if (n + 1 == _rows.Length || _rows[n + 1].Score != score)
                yield return (score, raw);
        }
    }

    /// <summary>What flagging each row is worth, unweighted, and the window that it lies in (−1: none).</summary>
    private static (double[] Values, int[] Windows) Values(LabelledSeries series)
    {
        var (values, windows) = (new double[series.Rows], new int[series.Rows]);
        Array.Fill(values, -1);
        Array.Fill(windows, -1);
        for (var k = 0; k < series.Windows.Count; k++)
        {
            var (first, last) = series.Windows[k];
            for (var n = first; n <= last; n++)
                (values[n], windows[n]) = (Sigmoid(-(last - n + 1) / (last - first + 1.0)) / Sigmoid(-1), k);
            var until = k + 1 < series.Windows.Count ? series.Windows[k + 1].First : series.Rows;
            for (var n = last + 1; n < until; n++)
                values[n] = Sigmoid((n - last) / (double)(last - first));
        }

        return (values, windows);
    }

    private static double Sigmoid(double x) => x > 3 ? -1 : (2 / (1 + Math.Exp(5 * Math.Clamp(x, -10, 10)))) - 1;
}
