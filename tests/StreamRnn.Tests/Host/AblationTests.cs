using StreamRnn.Host;
using StreamRnn.Host.Evaluation;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Host;

[Collection("environment")]
public sealed class AblationTests
{
    [Fact]
    public void APartThatChangesNothingIsWorthNothingAndOneThatSeesAllIsWorthAll()
    {
        var corpus = new Corpus("c", Layout.Generic, [Series(400), Series(700), Series(900)]);
        var sees = Figures("streamrnn", series => [.. series.Label.Select(label => label ? 0.9 : 0.1)]);
        var same = Figures(Ablation.NameOf("range"), series => [.. series.Label.Select(label => label ? 0.9 : 0.1)]);
        var blind = Figures(Ablation.NameOf("net"), series => Noise(series.Rows));
        var text = new StringWriter();
        Ablation.Write(text, [sees, same, blind]);
        Assert.Contains("| range | 0.000 ± 0.000 | 0.000 ± 0.000 | 0.000 ± 0.000 | 0.000 ± 0.000 |", text.ToString(), StringComparison.Ordinal);
        Assert.Matches(@"\| net \| −0\.[89]\d+ ± 0\.0\d+ \| −", text.ToString());
        Assert.DoesNotContain("| level |", text.ToString(), StringComparison.Ordinal);        // was not measured

        CorpusFigures Figures(string name, Func<LabelledSeries, double[]> scores) => CorpusFigures.Of(corpus, name, [.. corpus.Series.Select(series => new Judgement(scores(series), scores(series), null, null, 0, []))], null);
    }

    [Fact]
    public async Task EveryPartIsLeftOutOnceAndTheTableOfTheProductStaysAsItIs()
    {
        using var folder = new Folder();
        folder.Write("a.csv", "timestamp,value,label\n" + string.Join('\n', Enumerable.Range(0, 700).Select(n =>
            FormattableString.Invariant($"{60 * n},{Math.Sin(0.3 * n) + (n is >= 500 and < 510 ? 6 : 0)},{(n is >= 500 and < 510 ? 1 : 0)}"))) + "\n");
        var (output, error) = (new StringWriter(), new StringWriter());
        var report = Path.Combine(folder.Path, "detection.md");
        Assert.Equal(0, await CommandLine.RunAsync(["evaluate", folder.Path, "--detector", "streamrnn", "--ablate", "--report", report], output, error));
        foreach (var (_, name) in Ablation.Parts)
            Assert.Matches($@"\| {name} \| [+−]?0\.\d+ ", output.ToString());
        Assert.Single(output.ToString().Split('\n'), line => line.Contains("| streamrnn |", StringComparison.Ordinal));
        Assert.DoesNotContain("| without ", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("≥ .42 / ≥ .70 / ≥ .80 |", await File.ReadAllTextAsync(report), StringComparison.Ordinal);

        Assert.Equal(2, await CommandLine.RunAsync(["evaluate", folder.Path, "--detector", "level", "--ablate"], output, error));
        Assert.Contains("--ablate compares with streamrnn", error.ToString(), StringComparison.Ordinal);
    }

    private static double[] Noise(int rows)
    {
        var seeded = new Seeded(5);
        return [.. Enumerable.Range(0, rows).Select(_ => seeded.NextDouble())];
    }

    private static LabelledSeries Series(int at)
    {
        var label = new bool[1500];
        Array.Fill(label, true, at, 10);
        return new LabelledSeries("x.csv", "x.csv", new string[1500], label, [(at, at + 9)], 100, new double[1500]);
    }
}
