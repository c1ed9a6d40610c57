namespace StreamRnn.Host.Evaluation;

/// <summary>What alarms made of a series' anomalies.</summary>
/// <param name="Windows">Anomalies that do not lie wholly in the warm-up.</param>
/// <param name="Found">Those in which an alarm was.</param>
/// <param name="Alarms">All alarms after the warm-up.</param>
/// <param name="False">Those that touch no anomaly.</param>
/// <param name="Delays">Rows from the first judged row of a found anomaly to its first alarm.</param>
internal sealed record EventCounts(int Windows, int Found, int Alarms, int False, IReadOnlyList<int> Delays)
{
    public static EventCounts Sum(IEnumerable<EventCounts> all) =>
        all.Aggregate(new EventCounts(0, 0, 0, 0, []), (a, b) => new EventCounts(a.Windows + b.Windows, a.Found + b.Found, a.Alarms + b.Alarms, a.False + b.False, [.. a.Delays, .. b.Delays]));

    public double Recall => Windows == 0 ? double.NaN : Found / (double)Windows;

    public double Precision => Alarms == 0 ? double.NaN : (Alarms - False) / (double)Alarms;

    public double MedianDelay => Delays.Count == 0 ? double.NaN : Delays.Order().ElementAt(Delays.Count / 2);

    /// <summary>Of flagged rows: a run of them is an alarm; runs with at most <paramref name="merge"/> quiet rows between them are one.</summary>
    public static EventCounts OfFlags(LabelledSeries series, IReadOnlyList<bool> flags, int merge = 0)
    {
        List<(int First, int Last)> alarms = [];
        foreach (var run in Corpus.Runs([.. flags.Select((flag, n) => flag && n >= series.Skip)]))
            if (alarms.Count > 0 && run.First - alarms[^1].Last - 1 <= merge)
                alarms[^1] = (alarms[^1].First, run.Last);
            else
                alarms.Add(run);
        return Of(series, alarms, flags);
    }

    /// <summary>Of single rows at which an alert opened.</summary>
    public static EventCounts OfAlerts(LabelledSeries series, IEnumerable<int> rows)
    {
        var flags = new bool[series.Rows];
        foreach (var row in rows.Where(row => row >= series.Skip))
            flags[row] = true;
        return Of(series, [.. Enumerable.Range(0, series.Rows).Where(n => flags[n]).Select(n => (n, n))], flags);
    }

    private static EventCounts Of(LabelledSeries series, List<(int First, int Last)> alarms, IReadOnlyList<bool> flags)
    {
        var (windows, found) = (0, 0);
        List<int> delays = [];
        foreach (var (start, last) in series.Windows)
        {
            var first = Math.Max(start, series.Skip);
            if (first > last)
                continue;
            windows++;
            var hit = Enumerable.Range(first, last - first + 1).FirstOrDefault(n => flags[n], -1);
            if (hit < 0)
                continue;
            found++;
            delays.Add(hit - first);
        }

        var wrong = alarms.Count(alarm => !series.Windows.Any(w => alarm.First <= w.Last && w.First <= alarm.Last));
        return new EventCounts(windows, found, alarms.Count, wrong, delays);
    }
}

/// <summary>
/// Recall at a budget: the share of anomalies found at the lowest threshold whose false alarms stay within b per 1,000 normal rows; one threshold for the corpus, picked on it (optimistic, equally so for all).
/// An alarm is a row at or above the threshold with no alarm in the <see cref="Rest"/> rows before it; it is false on a normal row. An anomaly is found where any of its rows reaches the threshold.
/// </summary>
internal sealed class BudgetCurve
{
    /// <summary>Rows of rest after an alarm: as many as the product's own.</summary>
    public const int Rest = 100;

    private const int Steps = 120;

    // Per series and threshold, so that a corpus can be drawn anew from its series (bootstrap) at the cost of adding up.
    private readonly (int False, int Found)[][] _counts;
    private readonly (int Normal, int Windows)[] _sizes;
    private readonly int _thresholds;

    public BudgetCurve(IReadOnlyList<(LabelledSeries Series, double[] Scores)> files)
    {
        double[] all = [.. files.SelectMany(file => file.Scores.Skip(file.Series.Skip)).Order()];
        double[] thresholds = [.. Enumerable.Range(0, Steps)
            .Select(k => Quantile(all, 1 - (1e-5 * Math.Pow(0.3 / 1e-5, k / (Steps - 1.0))))).Distinct()];
        _thresholds = thresholds.Length;
        _counts = [.. files.Select(file => thresholds.Select(threshold => CountAt(file.Series, file.Scores, threshold)).ToArray())];
        _sizes = [.. files.Select(file => (
            Enumerable.Range(file.Series.Skip, file.Series.Rows - file.Series.Skip).Count(n => !file.Series.Label[n]), file.Series.Windows.Count(w => w.Last >= file.Series.Skip)))];
    }

    /// <summary>The number of series.</summary>
    public int Count => _sizes.Length;

    /// <param name="budget">False alarms per 1,000 normal rows.</param>
    /// <param name="drawn">Which series, as often as they are named; null: all once.</param>
    public double RecallAt(double budget, IReadOnlyList<int>? drawn = null)
    {
        drawn ??= [.. Enumerable.Range(0, Count)];
        var (normal, windows) = (drawn.Sum(s => (double)_sizes[s].Normal), drawn.Sum(s => (double)_sizes[s].Windows));
        var best = 0.0;
        for (var k = 0; k < _thresholds; k++)
            if (drawn.Sum(s => (double)_counts[s][k].False) / normal * 1000 <= budget)
                best = Math.Max(best, drawn.Sum(s => (double)_counts[s][k].Found) / windows);
        return windows == 0 ? double.NaN : best;
    }

    private static (int False, int Found) CountAt(LabelledSeries series, double[] scores, double threshold)
    {
        var (wrong, last) = (0, -Rest - 1);
        for (var n = series.Skip; n < series.Rows; n++)
            if (scores[n] >= threshold && n - last > Rest)
            {
                last = n;
                wrong += series.Label[n] ? 0 : 1;
            }

        var found = series.Windows.Count(w => w.Last >= series.Skip && scores.AsSpan(Math.Max(w.First, series.Skip), w.Last - Math.Max(w.First, series.Skip) + 1).ContainsAnyInRange(threshold, double.MaxValue));
        return (wrong, found);
    }

    private static double Quantile(double[] sorted, double share)
    {
        var at = share * (sorted.Length - 1);
        var low = (int)at;
        return low + 1 < sorted.Length ? sorted[low] + ((at - low) * (sorted[low + 1] - sorted[low])) : sorted[low];
    }
}
