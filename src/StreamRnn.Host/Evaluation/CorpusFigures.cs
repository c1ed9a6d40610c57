using StreamRnn.Nets;

namespace StreamRnn.Host.Evaluation;

/// <summary>What one detector reached on one corpus.</summary>
internal sealed record CorpusFigures(
    string Corpus, string Detector, int Series, int Rows, Figure VusPr, Figure RecallAtHalf, Figure RecallAtOne, Figure RecallAtTwo,
    IReadOnlyDictionary<string, (double Threshold, double Score)>? Nab, SkabScore? Skab, EventCounts? Alerts, int NormalRows)
{
    /// <summary>Each series' VUS-PR, NaN where it has no anomaly.</summary>
    public required double[] Volumes { get; init; }

    public required BudgetCurve Curve { get; init; }

    /// <summary>Device-weeks that were judged and outside labelled anomalies.</summary>
    public required double NormalWeeks { get; init; }

    private const int Draws = 200;

    public static CorpusFigures Of(Corpus corpus, string detector, IReadOnlyList<Judgement> judgements, IReadOnlyDictionary<string, double>? carried)
    {
        List<(LabelledSeries Series, double[] Scores)> files = [.. corpus.Series.Zip(judgements, (series, judgement) => (series, judgement.Scores))];
        List<(LabelledSeries Series, double[] Onsets)> onsets = [.. corpus.Series.Zip(judgements, (series, judgement) => (series, judgement.Onsets))];
        var volumes = new double[files.Count];
        Parallel.For(0, files.Count, n => volumes[n] = VusOf(corpus.Layout, files[n].Series, files[n].Scores));
        var curve = new BudgetCurve(onsets);
        var seeded = new Seeded(1);
        int[][] drawn = [.. Enumerable.Range(0, Draws).Select(_ => Enumerable.Range(0, files.Count).Select(_ => seeded.Next(files.Count)).ToArray())];
        Figure Recall(double budget) => new(curve.RecallAt(budget), files.Count < 2 ? double.NaN : Bootstrap.Deviation(drawn.Select(draw => curve.RecallAt(budget, draw))));
        double[] withAnomalies = [.. volumes.Where(v => !double.IsNaN(v))];
        NabScore? nab = corpus.Layout == Layout.Nab ? new NabScore(onsets) : null;
        var alerts = judgements.All(j => j.Alerts is not null)
            ? EventCounts.Sum(corpus.Series.Zip(judgements, (series, judgement) => EventCounts.OfAlerts(series, judgement.Alerts!))) : null;
        return new CorpusFigures(
            corpus.Name, detector, files.Count, files.Sum(file => file.Series.Rows),
            new Figure(withAnomalies.DefaultIfEmpty(double.NaN).Average(), Bootstrap.Deviation(withAnomalies) / Math.Sqrt(Math.Max(1, withAnomalies.Length))),
            Recall(0.5), Recall(1), Recall(2),
            nab is null ? null : NabProfile.All.ToDictionary(
                profile => profile.Name,
                profile => carried?.TryGetValue(profile.Name, out var threshold) == true ? (threshold, nab.At(threshold, profile)) : nab.Best(profile)),
            corpus.Layout == Layout.Skab ? SkabScore.Best(files) : null,
            alerts, files.Sum(file => file.Series.Label.Skip(file.Series.Skip).Count(label => !label)))
        {
            Volumes = volumes,
            Curve = curve,
            NormalWeeks = judgements.Sum(j => j.NormalWeeks),
        };
    }

    /// <summary>As the scorer of the field does it: NAB whole, others without their training rows.</summary>
    private static double VusOf(Layout layout, LabelledSeries series, double[] scores)
    {
        var skip = layout == Layout.Nab ? 0 : series.Skip;
        return Vus.Pr(series.Label[skip..], scores[skip..], Vus.Period(series.FirstChannel));
    }
}
