using System.Globalization;
using System.Text;
using System.Text.Json;
using StreamRnn.Host;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Host;

/// <summary>The verbs <c>train</c> and <c>model</c>, on files of a few hundred rows.</summary>
[Collection("environment")]
public sealed class TrainTests
{
    private static readonly string[] Quick = ["--epochs", "2", "--batch", "4", "--chunk", "16"];

    [Fact]
    public async Task ANetLearnsAChannelThatFollowsAnotherAndSaysByHowMuchItBeatsPersistence()
    {
        using var folder = new Folder();
        var net = folder.Write("net.json", """{"layers":[{"type":"lstm","units":8},{"type":"rnnOutput","units":2,"loss":"mse"}]}""");
        var path = Path.Combine(folder.Path, "own.model");
        var (code, output, error) = await Run("train", "--data", Rows(folder, "a.csv", 1), Rows(folder, "b.csv", 2), "--net", net, "--out", path, "--epochs", "60", "--lr", "0.01", "--batch", "8", "--chunk", "16");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("800 rows of 2 channels from 2 files, the last 160 held out: x, y", output, StringComparison.Ordinal);
        Assert.Contains("1.lstm ", output, StringComparison.Ordinal);
        Assert.Contains("% less", output, StringComparison.Ordinal);
        Assert.DoesNotContain("It predicts worse", output, StringComparison.Ordinal);

        using var shown = JsonDocument.Parse((await Run("model", "show", path, "--json")).Output);
        Assert.Equal("own", shown.RootElement.GetProperty("id").GetString());
        Assert.Equal(["x", "y"], shown.RootElement.GetProperty("columns").EnumerateArray().Select(c => c.GetProperty("name").GetString()));
        Assert.Contains("a.csv, b.csv", shown.RootElement.GetProperty("notes").GetProperty("data").GetString(), StringComparison.Ordinal);
        Assert.Contains("% less", (await Run("model", "show", path)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EqualDataOptionsAndSeedMakeAnEqualFileAndAnotherSeedAnother()
    {
        using var folder = new Folder();
        var rows = Rows(folder, "a.csv", 1);
        var files = new List<byte[]>();
        foreach (var (name, seed) in new[] { ("one", "7"), ("two", "7"), ("three", "8") })
        {
            var path = Path.Combine(folder.Path, name + ".model");
            Assert.Equal(0, (await Run(["train", "--data", rows, "--out", path, "--id", "m", "--seed", seed, .. Quick])).Code);
            files.Add(File.ReadAllBytes(path));
        }

        Assert.Equal(files[0], files[1]);
        Assert.NotEqual(files[0], files[2]);
    }

    [Fact]
    public async Task TimeAndLabelsAreNotShownToTheNet()
    {
        using var folder = new Folder();
        var plain = Rows(folder, "a.csv", 1);
        var labelled = folder.Write("a-labelled.csv", string.Join('\n', File.ReadLines(plain).Select((l, n) => l + (n == 0 ? ",anomaly" : n % 2 == 0 ? ",1" : ",0"))));
        string[] paths = [Path.Combine(folder.Path, "one.model"), Path.Combine(folder.Path, "two.model")];
        await Run(["train", "--data", plain, "--out", paths[0], .. Quick]);
        await Run(["train", "--data", labelled, "--out", paths[1], .. Quick]);
        var (one, two) = (Load(paths[0]), Load(paths[1]));
        Assert.Equal("x y", string.Join(' ', two.Columns));
        Assert.Equal(one.Net.Parameters.SelectMany(p => p.Values), two.Net.Parameters.SelectMany(p => p.Values));
    }

    [Fact]
    public async Task AnEmptyCellIsNamedByRowAndColumnOrCarriesTheLastValue()
    {
        using var folder = new Folder();
        var text = File.ReadAllLines(Rows(folder, "a.csv", 1));
        text[1] = "1700000000,,3";
        text[7] = "1700000060,,4";
        var path = folder.Write("gaps.csv", string.Join('\n', text));
        var model = Path.Combine(folder.Path, "own.model");
        var (code, _, error) = await Run(["train", "--data", path, "--out", model, .. Quick]);
        Assert.Equal(2, code);
        Assert.Contains("gaps.csv, row 2, column 'x' is empty; expected is a number. With --gaps carry the last value stands for it.", error, StringComparison.Ordinal);
        Assert.False(File.Exists(model));
        (code, var output, _) = await Run(["train", "--data", path, "--out", model, "--gaps", "carry", .. Quick]);
        Assert.Equal(0, code);
        Assert.Contains("399 rows", output, StringComparison.Ordinal);          // nothing stands for the first
    }

    [Fact]
    public async Task EachTrainingKeepsTheModelBeforeAndRollbackMakesItTheOneInUse()
    {
        using var folder = new Folder();
        var rows = Rows(folder, "a.csv", 1);
        var path = Path.Combine(folder.Path, "own.model");
        var versions = new List<string>();
        for (var seed = 1; seed <= 4; seed++)
        {
            Assert.Equal(0, (await Run(["train", "--data", rows, "--out", path, "--seed", $"{seed}", "--keep", "2", .. Quick])).Code);
            versions.Add(Load(path).Version);
        }

        Assert.Equal(versions.Skip(1), await Listed(path));                    // two kept besides the one in use
        Assert.Equal(0, (await Run("model", "rollback", path)).Code);
        Assert.Equal(versions[2], Load(path).Version);
        Assert.Equal(0, (await Run("model", "rollback", path)).Code);
        Assert.Equal(versions[1], Load(path).Version);
        var (code, _, error) = await Run("model", "rollback", path);
        Assert.Equal(2, code);
        Assert.Contains($"there is no version before {versions[1]}; kept are {versions[1]} (in use), {versions[2]}, {versions[3]}", error, StringComparison.Ordinal);
        Assert.Equal(0, (await Run("model", "rollback", path, versions[3][..8])).Code);
        Assert.Equal(versions[3], Load(path).Version);
        Assert.Contains("no version begins with 'xyz'", (await Run("model", "rollback", path, "xyz")).Error, StringComparison.Ordinal);
        Assert.Contains($"* {versions[3]}", (await Run("model", "list", path)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheSameTrainingAgainIsNoNewVersion()
    {
        using var folder = new Folder();
        var rows = Rows(folder, "a.csv", 1);
        var path = Path.Combine(folder.Path, "own.model");
        await Run(["train", "--data", rows, "--out", path, .. Quick]);
        await Run(["train", "--data", rows, "--out", path, .. Quick]);
        Assert.Single(await Listed(path));
    }

    [Fact]
    public async Task StoppingKeepsTheBestSoFarAndSaysSo()
    {
        using var folder = new Folder();
        var rows = Rows(folder, "a.csv", 1);
        var path = Path.Combine(folder.Path, "own.model");
        using var stop = new CancellationTokenSource();
        using var output = new Trigger("in all", stop.Cancel);               // the last line before training begins
        var code = await CommandLine.RunAsync(["train", "--data", rows, "--out", path], output, TextWriter.Null, stop.Token);
        Assert.Equal(0, code);
        Assert.Contains("Stopped when asked", output.ToString(), StringComparison.Ordinal);
        Assert.Equal("own", Load(path).Id);
    }

    [Fact]
    public async Task ASearchPrintsWhatItTriedAndHowTheWinnerDidAgainstTheNetItBeganWith()
    {
        using var folder = new Folder();
        var path = Path.Combine(folder.Path, "own.model");
        var net = folder.Write("net.json", """{"layers":[{"type":"simpleRnn","units":4},{"type":"rnnOutput","units":2,"loss":"mse"}]}""");
        var (code, output, error) = await Run("train", "--data", Rows(folder, "a.csv", 1), "--net", net, "--out", path, "--search", "1s", "--batch", "4", "--chunk", "16");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("the net to begin with", output, StringComparison.Ordinal);
        Assert.Contains("Final on the rows held out", output, StringComparison.Ordinal);
        Assert.Contains("To train it again: --lr ", output, StringComparison.Ordinal);
        Assert.StartsWith("adam, learning rate ", Load(path).Notes["training"], StringComparison.Ordinal);
        Assert.Contains("found by a search of 1 s over ", Load(path).Notes["training"], StringComparison.Ordinal);

        (code, _, error) = await Run("train", "--data", Rows(folder, "a.csv", 1), "--out", path, "--search", "1s", "--holdout", "0");
        Assert.Equal(2, code);
        Assert.Contains("a search needs rows that are held out", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsNoModelIsNotOverwritten()
    {
        using var folder = new Folder();
        var rows = Rows(folder, "a.csv", 1);
        var (code, _, error) = await Run(["train", "--data", rows, "--out", rows, .. Quick]);
        Assert.Equal(2, code);
        Assert.Contains("what is there is not overwritten", error, StringComparison.Ordinal);
        Assert.StartsWith("timestamp,x,y", File.ReadAllText(rows), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"layers":[{"type":"lstm","units":8},{"type":"rnnOutput","units":3}]}""", "the data have 2 channels: write \"units\":2")]
    [InlineData("""{"layers":[{"type":"lstm","units":8}]}""", "expected is rnnOutput")]
    [InlineData("""{"layers":[{"type":"lsmt","units":8}]}""", "layer type 'lsmt' is not known; known are lstm")]
    public async Task ANetThatDoesNotFitIsRefused(string json, string says)
    {
        using var folder = new Folder();
        var (code, _, error) = await Run(["train", "--data", Rows(folder, "a.csv", 1), "--out", Path.Combine(folder.Path, "m"), "--net", folder.Write("net.json", json), .. Quick]);
        Assert.Equal(2, code);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--holdout 1", "--holdout is '1'; allowed is a number from 0 to 0.9")]
    [InlineData("--optimizer adm", "--optimizer is 'adm'; allowed is one of ")]
    [InlineData("--gaps no", "--gaps is 'no'; allowed is refuse or carry")]
    [InlineData("--time -1s", "--time")]
    [InlineData("--lr 1e30", "--lr is '1e30'; allowed is a number from ")]
    public async Task AnOptionOutOfRangeIsRefused(string options, string says)
    {
        var (code, _, error) = await Run(["train", "--data", "x.csv", "--out", "m", .. options.Split(' ')]);
        Assert.Equal(2, code);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FilesWithOtherChannelsAreRefusedAndAnotherOrderIsNot()
    {
        using var folder = new Folder();
        var rows = Rows(folder, "a.csv", 1);
        var turned = folder.Write("turned.csv", string.Join('\n', File.ReadLines(rows).Select(l => l.Split(',')).Select(c => $"{c[0]},{c[2]},{c[1]}")));
        var other = folder.Write("other.csv", File.ReadAllText(rows).Replace("timestamp,x,y", "timestamp,x,z", StringComparison.Ordinal));
        string[] paths = [Path.Combine(folder.Path, "one.model"), Path.Combine(folder.Path, "two.model")];
        Assert.Equal(0, (await Run(["train", "--data", rows, rows, "--out", paths[0], .. Quick])).Code);
        Assert.Equal(0, (await Run(["train", "--data", rows, turned, "--out", paths[1], .. Quick])).Code);
        Assert.Equal(Load(paths[0]).Net.Parameters.SelectMany(p => p.Values), Load(paths[1]).Net.Parameters.SelectMany(p => p.Values));
        var (code, _, error) = await Run(["train", "--data", rows, other, "--out", paths[0], .. Quick]);
        Assert.Equal(2, code);
        Assert.Contains("other.csv has the columns x, z; expected are x, y, as in ", error, StringComparison.Ordinal);
    }

    // x is noise; y is what x was a row before: persistence knows neither, a net can know y.
    private static string Rows(Folder folder, string name, ulong seed)
    {
        var random = new Seeded(seed);
        var text = new StringBuilder("timestamp,x,y\n");
        var before = 0.0;
        for (var i = 0; i < 400; i++)
        {
            var x = random.NextNormal();
            text.Append(CultureInfo.InvariantCulture, $"{1_700_000_000 + (10 * i)},{x:0.###},{(2 * before) + 5:0.###}\n");
            before = x;
        }

        return folder.Write(name, text.ToString());
    }

    private static NetModel Load(string path)
    {
        using var file = File.OpenRead(path);
        return NetModel.Load(file);
    }

    private static async Task<IReadOnlyList<string?>> Listed(string path)
    {
        using var json = JsonDocument.Parse((await Run("model", "list", path, "--json")).Output);
        return [.. json.RootElement.EnumerateArray().Select(m => m.GetProperty("version").GetString())];
    }

    private static async Task<(int Code, string Output, string Error)> Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>Does something once a text has been written.</summary>
    private sealed class Trigger(string at, Action act) : StringWriter
    {
        public override void Write(string? value)
        {
            base.Write(value);
            if (value?.Contains(at, StringComparison.Ordinal) == true)
                act();
        }
    }
}
