using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using StreamRnn.Host;
using StreamRnn.Host.Forecasting;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Host;

/// <summary>The verb <c>forecast</c>, on files of a few hundred rows.</summary>
public sealed class ForecastTests
{
    [Fact]
    public async Task ANetTrainedOnTheSpotForecastsTheNextRowsWithIntervalsAndSaysHowItFared()
    {
        using var folder = new Folder();
        var picture = Path.Combine(folder.Path, "out.png");
        var (code, output, error) = await Run("forecast", Waves(folder, 400), "--steps", "30", "--seconds", "1", "--paths", "50", "--out", picture);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("Training on 320 of 400 rows of 2 channels", output, StringComparison.Ordinal);
        Assert.Contains("a, last value", output, StringComparison.Ordinal);
        Assert.Contains("2026-03-01T00:06:40Z", output, StringComparison.Ordinal); // one second after the last row
        Assert.Contains("of the values lay within the 90 % interval", output, StringComparison.Ordinal);
        var png = File.ReadAllBytes(picture);
        Assert.Equal((1600, 900), (BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20))));
    }

    [Fact]
    public async Task AModelForecastsInItsOwnColumnsAndEqualSeedsDrawEqualFutures()
    {
        using var folder = new Folder();
        var model = Model(folder, "studentT", "b", "a");
        string[] line = ["forecast", Waves(folder, 50), "--steps", "5", "--model", model, "--paths", "200", "--json"];
        var (code, output, error) = await Run(line);
        Assert.Equal((0, ""), (code, error));
        Assert.Equal(output, (await Run(line)).Output);
        Assert.NotEqual(output, (await Run([.. line, "--seed", "2"])).Output);
        var steps = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        Assert.Equal([1, 2, 3, 4, 5], steps.Select(s => s.GetProperty("step").GetInt32()));
        Assert.Equal("2026-03-01T00:00:50Z", steps[0].GetProperty("time").GetString());
        foreach (var (name, at) in new[] { ("a", 1000.0), ("b", 0.0) }) // the net of weights zero predicts each column's mean: what a normaliser's way back makes of 0
            foreach (var step in steps)
            {
                var channel = step.GetProperty("channels").GetProperty(name);
                Assert.InRange(at, channel.GetProperty("low").GetDouble(), channel.GetProperty("high").GetDouble());
                Assert.InRange(channel.GetProperty("median").GetDouble(), channel.GetProperty("low").GetDouble(), channel.GetProperty("high").GetDouble());
            }
    }

    [Fact]
    public async Task AModelThatPredictsPointsHasNoIntervalsAndThatIsSaid()
    {
        using var folder = new Folder();
        var (code, output, _) = await Run("forecast", Waves(folder, 50), "--steps", "3", "--model", Model(folder, "mse", "a", "b"));
        Assert.Equal(0, code);
        Assert.Contains("No intervals", output, StringComparison.Ordinal);
        Assert.DoesNotContain("95 %", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatCannotBeForecastIsRefused()
    {
        using var folder = new Folder();
        var rows = Waves(folder, 50);
        await Refused("expected are at least 60", "forecast", rows);
        await Refused("--steps is 0; allowed are 1 to 10000", "forecast", rows, "--steps", "0");
        await Refused("ends in .png", "forecast", rows, "--out", "picture.jpg");
        await Refused("there is no file", "forecast", rows, "--model", Path.Combine(folder.Path, "none.model"));
        await Refused("has the channels a, b; the model m expects a, c", "forecast", rows, "--model", Model(folder, "mse", "a", "c"));
    }

    [Fact]
    public void ATrialCountsWhatLayWithinTheIntervalAndComparesWithNothingChanges()
    {
        // A mixture of weights zero is Student-t with ν = 4 and scale 1 around 0; its 90 % interval is ± 2.13, where 96.7 % of normal numbers lie.
        var net = new Net(new Topology(new LayerSpec("rnnOutput") { Units = 1, Loss = "studentT" }), 1);
        var model = new NetModel(net, ["a"], new Normaliser([100], [2]), "m");
        var seeded = new Seeded(1);
        var rows = SequenceMatrix.FromRows(Enumerable.Range(0, 900).Select(_ => new[] { (float)(100 + (2 * seeded.NextNormal())) }), ["a"]);
        var trial = ForecastTrial.Of(model, rows, 400, new ForecastRequest("a.csv", 40, null, TimeSpan.Zero, 200, null, false, 1));
        Assert.Equal((20, 40), (trial.Places, trial.Steps));
        Assert.InRange(trial.Within, 0.93, 0.99);
        Assert.InRange(trial.Error, 0.72, 0.88);             // √(2/π) = 0.80
        Assert.InRange(trial.Persistence, 0.9, 1.4);         // about √2 of that
        Assert.Contains("nearer than 'nothing changes'", trial.Say(500), StringComparison.Ordinal);
        Assert.Contains("do not rely on it", (trial with { Error = 2 }).Say(500), StringComparison.Ordinal);
        Assert.Contains("exactly right", (trial with { Persistence = 0 }).Say(500), StringComparison.Ordinal);
        Assert.Contains("Too few", ForecastTrial.Of(model, rows, 899, new ForecastRequest("a.csv", 40, null, TimeSpan.Zero, 200, null, false, 1)).Say(1), StringComparison.Ordinal);
    }

    private static async Task Refused(string says, params string[] line)
    {
        var (code, _, error) = await Run(line);
        Assert.Equal(2, code);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    private static string Model(Folder folder, string loss, params string[] columns)
    {
        var net = new Net(new Topology(new LayerSpec("lstm") { Units = 4 }, new LayerSpec("rnnOutput") { Units = 2, Loss = loss }), 2);
        var normaliser = new Normaliser(columns.Select(c => c == "a" ? 1000.0 : 0), [1, 1]);
        var path = Path.Combine(folder.Path, $"{loss}-{string.Concat(columns)}.model");
        using var file = File.Create(path);
        new NetModel(net, columns, normaliser, "m").Save(file);
        return path;
    }

    private static string Waves(Folder folder, int rows)
    {
        var text = new StringBuilder("timestamp,a,b\n");
        for (var n = 0; n < rows; n++)
            text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"{new DateTime(2026, 3, 1).AddSeconds(n):yyyy-MM-dd HH:mm:ss},{1000 + (3 * Math.Sin(n / 4.0)):0.000},{Math.Cos(n / 7.0):0.000}"));
        return folder.Write("waves.csv", text.ToString());
    }

    private static async Task<(int Code, string Output, string Error)> Run(params string[] line)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        return (await CommandLine.RunAsync(line, output, error), output.ToString(), error.ToString());
    }
}
