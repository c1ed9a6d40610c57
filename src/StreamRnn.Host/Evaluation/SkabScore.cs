namespace StreamRnn.Host.Evaluation;

/// <summary>SKAB's outlier figures over all rows of all files together, training rows left out.</summary>
/// <param name="F1">2 TP / (2 TP + FP + FN), 0..1.</param>
/// <param name="FalseAlarmRate">FP / (FP + TN), %.</param>
/// <param name="MissRate">FN / (FN + TP), %.</param>
internal readonly record struct SkabScore(double Threshold, double F1, double FalseAlarmRate, double MissRate)
{
    public static SkabScore At(double threshold, IEnumerable<(LabelledSeries Series, double[] Scores)> files)
    {
        double tp = 0, fp = 0, fn = 0, tn = 0;
        foreach (var (series, scores) in files)
            for (var n = series.Skip; n < series.Rows; n++)
                _ = (series.Label[n], scores[n] >= threshold) switch { (true, true) => tp++, (false, true) => fp++, (true, false) => fn++, _ => tn++ };
        return new SkabScore(threshold, tp == 0 ? 0 : tp / (tp + ((fp + fn) / 2)), 100 * fp / Math.Max(fp + tn, 1), 100 * fn / Math.Max(fn + tp, 1));
    }

    /// <summary>At the one threshold, of 200 quantiles of all scores, that is best for all files together: optimistic, and not tuned per file.</summary>
    public static SkabScore Best(IReadOnlyList<(LabelledSeries Series, double[] Scores)> files)
    {
        double[] all = [.. files.SelectMany(file => file.Scores.Skip(file.Series.Skip)).Order()];
        return Enumerable.Range(0, 200).Select(k => At(all[k * (all.Length - 1) / 199], files)).MaxBy(score => score.F1);
    }
}
