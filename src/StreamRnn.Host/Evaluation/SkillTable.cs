using System.Globalization;
using StreamRnn.Nets;

namespace StreamRnn.Host.Evaluation;

/// <summary>Forecast skill over many series: medians, with how far they would move had other series been drawn (bootstrap within each corpus, Efron 1979).</summary>
internal sealed class SkillTable(IReadOnlyList<(string Corpus, IReadOnlyList<SeriesSkill> Series)> corpora)
{
    /// <summary>What is asked for; a horizon that the product does not forecast is said to be missing.</summary>
    private static readonly int[] Asked = [1, 3, 12, 48];
    private const int Draws = 200;

    private int[] Ahead => [.. Asked.Union(corpora.SelectMany(c => c.Series).SelectMany(s => s.Horizons).Select(h => h.Ahead)).Order()];

    public bool IsEmpty => corpora.All(c => c.Series.All(s => s.Horizons.Count == 0));

    /// <summary>Median over all series of a ratio at a horizon; NaN where nothing is forecast so far ahead.</summary>
    public Figure OverAll(int ahead, Func<HorizonSkill, double> ratio)
    {
        var values = Values(ahead, ratio);
        var seeded = new Seeded(1);
        return new Figure(Median([.. values.SelectMany(v => v)]), values.All(v => v.Length < 2) ? double.NaN : Bootstrap.Deviation(Enumerable.Range(0, Draws).Select(_ => Median([.. values.SelectMany(v => Bootstrap.Draw(v, seeded))]))));
    }

    /// <summary>Mean of the corpora's medians.</summary>
    public Figure Macro(int ahead, Func<HorizonSkill, double> ratio)
    {
        var values = Values(ahead, ratio);
        if (values.Length == 0)
            return new Figure(double.NaN, double.NaN);
        var seeded = new Seeded(1);
        return new Figure(values.Average(Median), Bootstrap.Deviation(Enumerable.Range(0, Draws).Select(_ => values.Average(v => Median(Bootstrap.Draw(v, seeded))))));
    }

    public void Write(TextWriter text)
    {
        var ahead = Ahead;
        text.WriteLine("Forecast skill: mean |error| of the product's forecast over that of the best, on that series, of persistence, seasonal persistence (time of day, or one period ago) and an online autoregression. Median over series; below 1 the product is better.");
        text.WriteLine();
        text.WriteLine($"| corpus | series | {string.Join(" | ", ahead.Select(h => h == 1 ? "1 step" : string.Create(CultureInfo.InvariantCulture, $"{h} steps")))} |");
        text.WriteLine("|---|---:|" + string.Concat(ahead.Select(_ => "---:|")));
        foreach (var (corpus, series) in corpora)
        {
            var one = new SkillTable([(corpus, series)]);
            text.WriteLine($"| {corpus} | {series.Count(s => s.Horizons.Count > 0)} | {string.Join(" | ", ahead.Select(h => Say(one.OverAll(h, s => s.OfBest))))} |");
        }

        if (corpora.Count > 1)
        {
            text.WriteLine($"| **mean of the corpora** | | {string.Join(" | ", ahead.Select(h => Say(Macro(h, s => s.OfBest))))} |");
            text.WriteLine($"| **all series** | {corpora.Sum(c => c.Series.Count(s => s.Horizons.Count > 0))} | {string.Join(" | ", ahead.Select(h => Say(OverAll(h, s => s.OfBest))))} |");
        }

        (string Name, Func<HorizonSkill, double> Ratio)[] others =
        [
            ("the best without the value one period ago", s => s.OfBestByDay), ("persistence alone", s => s.OfPersistence),
            ("seasonal persistence alone", s => s.OfSeasonal), ("the online autoregression alone", s => s.OfAutoregression),
        ];
        foreach (var (name, ratio) in others)
            text.WriteLine($"| all series, over {name} | | {string.Join(" | ", ahead.Select(h => Say(OverAll(h, ratio))))} |");
        text.WriteLine($"| all series, share where the product is the best | | {string.Join(" | ", ahead.Select(h => Share(h)))} |");
    }

    private string Share(int ahead)
    {
        double[] all = [.. Values(ahead, s => s.OfBest).SelectMany(v => v)];
        return all.Length == 0 ? "n/a" : (all.Count(v => v < 1) / (double)all.Length).ToString("P0", CultureInfo.InvariantCulture);
    }

    private double[][] Values(int ahead, Func<HorizonSkill, double> ratio) =>
        [.. corpora.Select(c => c.Series.SelectMany(s => s.Horizons).Where(h => h.Ahead == ahead).Select(ratio).ToArray()).Where(v => v.Length > 0)];

    private static string Say(Figure figure) => double.IsNaN(figure.Value) ? "n/a"
        : double.IsNaN(figure.StandardError) ? string.Create(CultureInfo.InvariantCulture, $"{figure.Value:0.000}")
        : string.Create(CultureInfo.InvariantCulture, $"{figure.Value:0.000} ± {figure.StandardError:0.000}");

    private static double Median(double[] values)
    {
        if (values.Length == 0)
            return double.NaN;
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
