using StreamRnn.Host;
using StreamRnn.Host.Evaluation;

namespace StreamRnn.Tests.Host;

/// <summary>The figures are held against those of the field's own scorers (NAB 1.1, TSB-AD, SKAB), computed once in Python from the same formulas of series.</summary>
[Collection("environment")]
public sealed class EvaluationTests
{
    private static readonly (LabelledSeries Series, double[] Scores)[] s_files = [Made(0, 400, (150, 180), (300, 330)), Made(1, 500, (90, 120), (200, 260), (400, 420))];

    [Theory]
    [InlineData(0, 78.09766653473415, 37.925408939906)]
    [InlineData(1, 63.09484383874261, -22.453891127982892)]
    [InlineData(2, 85.39844435648943, 58.61693929327074)]
    public void TheNabScoreIsTheFieldsOwn(int profile, double best, double atNine)
    {
        var score = new NabScore(s_files);
        var (threshold, value) = score.Best(NabProfile.All[profile]);
        Assert.Equal(0.976, threshold);
        Assert.Equal(best, value, 9);
        Assert.Equal(atNine, score.At(0.9, NabProfile.All[profile]), 9);
        Assert.Equal(0, score.At(NabScore.Nothing, NabProfile.All[profile]), 9);
    }

    [Theory]
    [InlineData(0, 0.31228205224181943, 0.2696930491324242)]
    [InlineData(1, 0.40929089879355635, 0.35402400186401967)]
    public void TheVolumeUnderTheSurfaceIsTheFieldsOwn(int file, double volume, double withoutBuffer)
    {
        var (series, scores) = s_files[file];
        var wave = Enumerable.Range(0, series.Rows).Select(n => Math.Round(Math.Sin(n * 2 * Math.PI / 24), 6)).ToArray();
        Assert.Equal(24, Vus.Period(wave));
        Assert.Equal(volume, Vus.Pr(series.Label, scores, 24), 9);
        Assert.Equal(withoutBuffer, Vus.Pr(series.Label, scores, 0), 9);
        Assert.True(double.IsNaN(Vus.Pr(new bool[series.Rows], scores, 24)));
    }

    [Theory]
    [InlineData(0, 2, 2, 17, 13)]
    [InlineData(1, 3, 3, 23, 14)]
    public void EventsAreCountedAsTheFieldDoes(int file, int windows, int found, int alarms, int wrong)
    {
        var (series, scores) = s_files[file];
        var counts = EventCounts.OfFlags(series, [.. scores.Select(score => score >= 0.95)], merge: 2);
        Assert.Equal((windows, found, alarms, wrong), (counts.Windows, counts.Found, counts.Alarms, counts.False));
        Assert.Equal(file == 0 ? [11, 9] : [6, 7, 5], counts.Delays);
    }

    [Fact]
    public void SkabsFiguresAreItsOwn()
    {
        var score = SkabScore.At(0.7, s_files);
        Assert.Equal(0.41797752808988764, score.F1, 12);
        Assert.Equal(30.0, score.FalseAlarmRate, 9);
        Assert.Equal(46.857142857142854, score.MissRate, 9);
    }

    [Fact]
    public void RecallAtABudgetCountsAnAlarmAHundredRowsOnce()
    {
        // Ten false alarms of rows next to each other are one; the only anomaly scores lower than they do.
        var scores = new double[2000];
        Array.Fill(scores, 0.9, 1000, 10);
        Array.Fill(scores, 0.8, 1500, 5);
        var series = Labelled(2000, (1500, 1510));
        var curve = new BudgetCurve([(series, scores)]);
        Assert.Equal(1, curve.RecallAt(1));             // one false alarm in some 1,700 normal rows
        Assert.Equal(0, curve.RecallAt(0.5));
    }

    [Fact]
    public async Task ACorpusIsEvaluatedByTheProductsOwnPipelineAndWrittenForOtherScorers()
    {
        using var folder = new Folder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "corpus"));
        folder.Write("manifest.csv", "corpus,file,rows,channels,train_rows\ncorpus,a.csv,700,1,100\n");
        folder.Write("corpus/a.csv", Waves(700, 500));
        folder.Write("corpus/b.csv", Waves(700, 600));
        var (output, error) = (new StringWriter(), new StringWriter());
        var results = Path.Combine(folder.Path, "results");
        var code = await CommandLine.RunAsync(["evaluate", Path.Combine(folder.Path, "corpus"), "--detector", "streamrnn", "random", "--out", results, "--plots"], output, error);
        Assert.True(code == 0, error.ToString());
        Assert.Contains("| corpus | 2 | 2 |", output.ToString(), StringComparison.Ordinal);     // both anomalies are found by an alert
        foreach (var file in new[] { "streamrnn/streamrnn_a.csv", "random/random_b.csv" })
        {
            var lines = await File.ReadAllLinesAsync(Path.Combine(results, file));
            Assert.Equal(701, lines.Length);
            Assert.Equal("timestamp,value,anomaly_score,label", lines[0]);
        }

        // The anomaly is the row that the product finds oddest after the training rows.
        var scores = (await File.ReadAllLinesAsync(Path.Combine(results, "streamrnn/streamrnn_a.csv"))).Skip(1).Select(line => double.Parse(line.Split(',')[2], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.InRange(scores.IndexOf(scores.Skip(100).Max()), 500, 512);
        Assert.Contains("pictures/corpus/a.csv.png", await File.ReadAllTextAsync(Path.Combine(results, "index.html")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFolderWithoutSeriesAndAnUnknownDetectorAreRefused()
    {
        using var folder = new Folder();
        folder.Write("a.csv", "what,value\n1,2\n");
        Assert.Contains("no series found", await Refusal(folder.Path), StringComparison.Ordinal);
        Assert.Contains("level, seasonal, ar, random", await Refusal(folder.Path, "--detector", "magic"), StringComparison.Ordinal);
        Assert.Contains("nab, skab, generic", await Refusal(folder.Path, "--layout", "nabb"), StringComparison.Ordinal);

        static async Task<string> Refusal(params string[] args)
        {
            var error = new StringWriter();
            Assert.Equal(2, await CommandLine.RunAsync(["evaluate", .. args], new StringWriter(), error));
            return error.ToString();
        }
    }

    private static (LabelledSeries, double[]) Made(int k, int rows, params (int First, int Last)[] windows)
    {
        var scores = Enumerable.Range(0, rows).Select(n => (((n * 7919) + (k * 104729)) % 1000) / 1000.0).ToArray();
        foreach (var (first, last) in windows)
            for (var n = first + 5; n < last; n++)
                scores[n] = Math.Round((scores[n] * 0.5) + 0.5, 6);
        return (Labelled(rows, windows), scores);
    }

    private static LabelledSeries Labelled(int rows, params (int First, int Last)[] windows)
    {
        var label = new bool[rows];
        foreach (var (first, last) in windows)
            Array.Fill(label, true, first, last - first + 1);
        return new LabelledSeries("x.csv", "x.csv", new string[rows], label, windows, Corpus.Probation(rows), new double[rows]);
    }

    private static string Waves(int rows, int anomaly) => "timestamp,value,label\n" + string.Join('\n', Enumerable.Range(0, rows).Select(n =>
        FormattableString.Invariant($"{n},{Math.Sin(0.3 * n) + (0.05 * Math.Sin(n * n)) + (n >= anomaly && n < anomaly + 10 ? 6 : 0)},{(n >= anomaly && n < anomaly + 10 ? 1 : 0)}"))) + "\n";
}
