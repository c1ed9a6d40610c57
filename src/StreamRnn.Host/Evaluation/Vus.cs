namespace StreamRnn.Host.Evaluation;

/// <summary>
/// VUS-PR: the volume under the range-aware precision-recall surface (Paparrizos et al., PVLDB 2022): 250 score quantiles as thresholds, buffers from 0 to the series' period around each anomaly,
/// in which labels fall off as a square root. Needs no threshold. A random score's VUS-PR grows with the share of anomalous rows: do not compare it over corpora.
/// </summary>
internal static class Vus
{
    private const int Thresholds = 250;
    private const int Lags = 400, Base = 3, Fallback = 125, Head = 20_000;

    /// <summary>NaN for a series without anomalies.</summary>
    /// <param name="label">(R).</param>
    /// <param name="score">(R): higher is more anomalous.</param>
    /// <param name="longest">The longest buffer, rows; the series' <see cref="Period"/>.</param>
    public static double Pr(bool[] label, double[] score, int longest)
    {
        var events = Corpus.Runs(label);
        var rows = label.Length;
        if (events.Count == 0)
            return double.NaN;
        var positives = label.Count(l => l);
        int[] order = [.. Enumerable.Range(0, rows).OrderByDescending(n => score[n])];
        double[] cuts = [.. Enumerable.Range(0, Thresholds).Select(k => score[order[(int)(k * (rows - 1.0) / (Thresholds - 1))]])];
        int[] flagged = [.. cuts.Select(cut => CountAtLeast(order, score, cut))];
        var hits = new double[rows];
        for (var (n, sum) = (0, 0.0); n < rows; n++)
            hits[n] = sum += label[order[n]] ? 1 : 0;

        var volume = 0.0;
        var (soft, true_) = (new double[rows], new double[rows]);
        for (var w = 0; w <= longest; w++)
        {
            var half = w / 2;
            for (var n = 0; n < rows; n++)
                soft[n] = label[n] ? 1 : 0;
            foreach (var (a, b) in events)
            {
                for (var n = b + 1; n < Math.Min(b + half + 1, rows); n++)
                    soft[n] += Math.Sqrt(1 - ((n - b) / (double)w));
                for (var n = Math.Max(a - half, 0); n < a; n++)
                    soft[n] += Math.Sqrt(1 - ((a - n) / (double)w));
            }

            for (var (n, sum) = (0, 0.0); n < rows; n++)
                true_[n] = sum += Math.Min(soft[order[n]], 1);
            var zones = Zones(events, half, rows);
            double[] tops = [.. zones.Select(zone => Max(score.AsSpan(zone.First, zone.Last - zone.First + 1)))];
            var (area, before) = (0.0, 0.0);
            for (var k = 0; k < Thresholds; k++)
            {
                var tp = true_[flagged[k] - 1];
                var mass = (positives + positives + tp - hits[flagged[k] - 1]) / 2;
                var found = tops.Count(top => top >= cuts[k]) / (double)tops.Length;
                var recall = Math.Min(tp / mass, 1) * found;
                area += (recall - before) * (tp / flagged[k]);
                before = recall;
            }

            volume += area;
        }

        return volume / (longest + 1);

        static double Max(ReadOnlySpan<double> values)
        {
            var max = values[0];
            foreach (var value in values)
                max = Math.Max(max, value);
            return max;
        }
    }

    /// <summary>Lag of the largest local maximum of the autocorrelation, rows; 125 where there is none between 6 and 303.</summary>
    public static int Period(double[] series)
    {
        var rows = Math.Min(series.Length, Head);
        var x = series.AsSpan(0, rows).ToArray();
        if (rows < 2 * Base || x.Any(double.IsNaN) || x.Max() == x.Min())
            return Fallback;
        var mean = x.Average();
        var lags = Math.Min(Lags + 1, rows);
        var acf = new double[lags];
        for (var lag = 0; lag < lags; lag++)
            for (var n = lag; n < rows; n++)
                acf[lag] += (x[n] - mean) * (x[n - lag] - mean);
        var best = -1;
        for (var n = 1; n + 1 < lags - Base; n++)
            if (acf[n + Base] > acf[n + Base - 1] && acf[n + Base] > acf[n + Base + 1] && (best < 0 || acf[n + Base] >= acf[best + Base]))
                best = n;
        return best is < 3 or > 300 ? Fallback : best + Base;
    }

    /// <summary>Anomalies with their buffers, joined where these meet.</summary>
    private static List<(int First, int Last)> Zones(List<(int First, int Last)> events, int half, int rows)
    {
        List<(int, int)> zones = [];
        var start = Math.Max(events[0].First - half, 0);
        for (var k = 0; k + 1 < events.Count; k++)
            if (events[k].Last + half < events[k + 1].First - half)
            {
                zones.Add((start, events[k].Last + half));
                start = events[k + 1].First - half;
            }

        zones.Add((start, Math.Min(events[^1].Last + half, rows - 1)));
        return zones;
    }

    private static int CountAtLeast(int[] order, double[] score, double cut)
    {
        var (low, high) = (0, order.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (score[order[middle]] >= cut)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
