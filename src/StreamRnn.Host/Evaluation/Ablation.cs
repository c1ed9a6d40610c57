using System.Globalization;
using StreamRnn.Detection;
using StreamRnn.Nets;

namespace StreamRnn.Host.Evaluation;

/// <summary>What each part of the score is worth: the product without it, on the same series. Differences are paired: both are drawn with the same series (bootstrap), which is far sharper than two errors side by side.</summary>
internal static class Ablation
{
    private const int Draws = 200;

    /// <summary>All single parts, by name.</summary>
    public static IEnumerable<(ScoreParts Part, string Name)> Parts =>
        Enum.GetValues<ScoreParts>().Where(part => part != ScoreParts.None).Select(part => (part, Enum.GetName(part)!.ToLowerInvariant()));

    public static string NameOf(string part) => "without " + part;

    /// <param name="figures">Of the product as it is, and of each variant under <see cref="NameOf"/>, on the same corpora.</param>
    public static void Write(TextWriter text, IReadOnlyList<CorpusFigures> figures)
    {
        var whole = figures.Where(f => f.Detector == ProductJudge.ProductName).ToList();
        text.WriteLine("Ablation: the product without a part, minus the product as it is; mean over the corpora. Negative: the part earns its place. Paired bootstrap over series.");
        text.WriteLine();
        var parts = Parts.Select(part => (part.Name, Pairs: Pairs(whole, figures, part.Name))).Where(part => part.Pairs.Count > 0).ToList();
        text.WriteLine("| left out | VUS-PR | recall at .5 | at 1 | at 2 |");
        text.WriteLine("|---|---:|---:|---:|---:|");
        foreach (var (name, pairs) in parts)
            text.WriteLine($"| {name} | {string.Join(" | ", Columns.Select(column => Say(Difference(pairs, column))))} |");
        text.WriteLine();
        text.WriteLine($"| VUS-PR, left out | {string.Join(" | ", whole.Select(f => f.Corpus))} |");
        text.WriteLine("|---|" + string.Concat(whole.Select(_ => "---:|")));
        foreach (var (name, pairs) in parts)
            text.WriteLine($"| {name} | {string.Join(" | ", pairs.Select(pair => Say(Difference([pair], Columns[0]))))} |");
    }

    /// <summary>A figure of one corpus when its series are drawn as told.</summary>
    private static readonly Func<CorpusFigures, int[], double>[] Columns =
    [
        (f, drawn) => drawn.Select(n => f.Volumes[n]).Where(v => !double.IsNaN(v)).DefaultIfEmpty(double.NaN).Average(),
        (f, drawn) => f.Curve.RecallAt(0.5, drawn), (f, drawn) => f.Curve.RecallAt(1, drawn), (f, drawn) => f.Curve.RecallAt(2, drawn),
    ];

    private static List<(CorpusFigures Whole, CorpusFigures Without)> Pairs(List<CorpusFigures> whole, IReadOnlyList<CorpusFigures> figures, string name) =>
        [.. whole.Join(figures.Where(f => f.Detector == NameOf(name)), f => f.Corpus, f => f.Corpus, (a, b) => (a, b))];

    private static Figure Difference(List<(CorpusFigures Whole, CorpusFigures Without)> pairs, Func<CorpusFigures, int[], double> column)
    {
        var seeded = new Seeded(1);
        int[][] all = [.. pairs.Select(pair => Enumerable.Range(0, pair.Whole.Series).ToArray())];
        double Mean(Func<int, int[]> drawn) => pairs.Select((pair, c) => drawn(c) is var series ? column(pair.Without, series) - column(pair.Whole, series) : 0).Where(d => !double.IsNaN(d)).DefaultIfEmpty(double.NaN).Average();
        return new Figure(Mean(c => all[c]), all.All(series => series.Length < 2) ? double.NaN : Bootstrap.Deviation(Enumerable.Range(0, Draws).Select(_ => Mean(c => Bootstrap.Draw(all[c], seeded)))));
    }

    private static string Say(Figure figure) => double.IsNaN(figure.StandardError)
        ? string.Create(CultureInfo.InvariantCulture, $"{figure.Value:+0.000;−0.000;0.000}")
        : string.Create(CultureInfo.InvariantCulture, $"{figure.Value:+0.000;−0.000;0.000} ± {figure.StandardError:0.000}");
}
