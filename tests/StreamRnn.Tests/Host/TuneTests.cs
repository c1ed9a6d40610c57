using System.Globalization;
using System.Text.Json;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Host;
using StreamRnn.Host.Replay;
using StreamRnn.Nets;
using StreamRnn.Pipeline;

namespace StreamRnn.Tests.Host;

[Collection("environment")]
public sealed class TuneTests
{
    [Fact]
    public async Task EachBudgetSaysWhatAReplayAtItSends()
    {
        using var folder = new Folder();
        var path = folder.Write("pump.csv", Waves(3000, label: false));
        var json = await Tune("--data", path, "--budgets", "0.01,1000", "--json", "--first", "2");
        Assert.Equal([0.01, 1, 1000], Of(json, "budget"));
        foreach (var (budget, alerts) in Of(json, "budget").Zip(Of(json, "alerts")))
            Assert.Equal(Replayed(path, budget), alerts);
        Assert.True(Of(json, "alerts")[0] < Of(json, "alerts")[2], string.Join(", ", Of(json, "alerts")));
        Assert.Equal(3000, json.GetProperty("readings").GetInt32());
        Assert.Equal(2999 / 10_080.0, json.GetProperty("weeks").GetDouble(), 4);
        Assert.Equal(Of(json, "alerts")[1], Of(json, "perDeviceAndWeek")[1] * 2999 / 10_080, 2);
        Assert.All(json.GetProperty("budgets").EnumerateArray(), b => Assert.Equal(JsonValueKind.Null, b.GetProperty("falseAlarms").ValueKind));
        var first = json.GetProperty("alerts").EnumerateArray().First();
        Assert.Equal("pump", first.GetProperty("device").GetString());
        Assert.Equal((int)Math.Min(2, Of(json, "alerts")[1]), json.GetProperty("alerts").GetArrayLength());
    }

    [Fact]
    public async Task WhereThereAreLabelsFalseAlarmsAreHeldAgainstTheBudget()
    {
        using var folder = new Folder();
        folder.Write("a.csv", Waves(3000, label: true));
        folder.Write("b.csv", Waves(3000, label: false));
        var json = await Tune("--data", folder.Path, "--budgets", "3", "--show", "3", "--first", "1000", "--json");
        Assert.Equal(2, json.GetProperty("devices").GetInt32());
        Assert.Equal(1, json.GetProperty("labelledAnomalies").GetInt32());
        Assert.Equal(2989 / 10_080.0, json.GetProperty("normalWeeks").GetDouble(), 4);      // of the labelled one, without its ten anomalous rows
        var at = json.GetProperty("budgets").EnumerateArray().Last();
        Assert.Equal(1, at.GetProperty("found").GetInt32());
        var wrong = at.GetProperty("falseAlarms").GetInt32();
        var ofA = json.GetProperty("alerts").EnumerateArray().Where(a => a.GetProperty("device").GetString() == "a").ToList();
        Assert.Equal(ofA.Count - 1, wrong);                                                  // b's alerts are neither false nor right
        Assert.Equal(wrong / (2989 / 10_080.0) / 3, at.GetProperty("ofBudget").GetDouble(), 3);
    }

    [Fact]
    public async Task PeopleSeeWhichIsConfiguredAndTheFirstAlerts()
    {
        using var folder = new Folder();
        var path = folder.Write("pump.csv", Waves(3000, label: true));
        var output = new StringWriter();
        Assert.Equal(0, await CommandLine.RunAsync(["tune", "--data", path, "--budgets", "3", "--show", "3", "--first", "1"], output, new StringWriter()));
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("1 device, 3,000 readings, 0.3 weeks in all: so little", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("1 labelled anomaly", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("*      1  ", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("       3  ", lines[3], StringComparison.Ordinal);
        Assert.Matches(@"^At 3: (1 alert|the first 1 of \d+ alerts)\.$", lines[5]);
        Assert.Matches(@"^1970-01-0\dT\S+Z  opened    ", lines[6]);
        Assert.Contains("StreamRnn__Detection__FalseAlarmsPerDevicePerWeek", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatCannotBeTriedIsRefused()
    {
        using var folder = new Folder();
        var path = folder.Write("pump.csv", Waves(60, label: false));
        Assert.Contains("--budgets is '1,0'; allowed is a list of numbers from 0.001 to 1000", await Refusal("--data", path, "--budgets", "1,0"), StringComparison.Ordinal);
        Assert.Contains("--budgets is 'few'", await Refusal("--data", path, "--budgets", "few"), StringComparison.Ordinal);
        Assert.Contains("--show is '-1'", await Refusal("--data", path, "--show", "-1"), StringComparison.Ordinal);
        Assert.Contains("'--data' is required", await Refusal(), StringComparison.Ordinal);
        Assert.Contains("cannot be read", await Refusal("--data", path + ".gone"), StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(folder.Path, "empty"));
        Assert.Contains("holds no CSV file", await Refusal("--data", Path.Combine(folder.Path, "empty")), StringComparison.Ordinal);

        static async Task<string> Refusal(params string[] args)
        {
            var error = new StringWriter();
            Assert.Equal(2, await CommandLine.RunAsync(["tune", .. args], new StringWriter(), error));
            return error.ToString();
        }
    }

    private static async Task<JsonElement> Tune(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        Assert.True(await CommandLine.RunAsync(["tune", .. args], output, error) == 0, error.ToString());
        return JsonDocument.Parse(output.ToString()).RootElement;
    }

    private static double[] Of(JsonElement json, string property) => [.. json.GetProperty("budgets").EnumerateArray().Select(b => b.GetProperty(property).GetDouble())];

    private static int Replayed(string path, double budget)
    {
        using var file = SeriesFile.Open(path);
        var opened = 0;
        new Replayer(new DetectionOptions { FalseAlarmsPerDevicePerWeek = budget }, new AlertOptions(), BaseModel.Load())
            .Play(file, outcome => opened += outcome.Alerts.Count(e => e.Status == AlertStatus.Opened), CancellationToken.None);
        return opened;
    }

    /// <summary>A reading a minute: a wave with heavy-tailed noise, and from row 2500 on ten readings that are far off.</summary>
    private static string Waves(int rows, bool label)
    {
        var seeded = new Seeded(11);
        return $"timestamp,value{(label ? ",label" : "")}\n" + string.Join('\n', Enumerable.Range(0, rows).Select(n =>
        {
            var isOdd = n is >= 2500 and < 2510;
            var value = Math.Sin(0.3 * n) + (0.1 * seeded.NextNormal() * seeded.NextExponential()) + (isOdd ? 30 : 0);
            return string.Create(CultureInfo.InvariantCulture, $"{60 * n},{value:0.000}{(label ? isOdd ? ",1" : ",0" : "")}");
        })) + "\n";
    }
}
