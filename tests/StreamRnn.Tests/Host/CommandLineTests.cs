using StreamRnn.Host;

namespace StreamRnn.Tests.Host;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("version --help")]
    public async Task HelpIsFine(string line)
    {
        var (code, output, error) = await Run(line);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("Usage:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryVerbHasASentenceAndTwoExamples()
    {
        foreach (var verb in CommandLine.Tree().Subcommands)
        {
            var (_, output, _) = await Run($"{verb.Name} --help");
            Assert.EndsWith(".", verb.Description, StringComparison.Ordinal);
            Assert.True(output.Split($"streamrnn {verb.Name}").Length > 3, $"{verb.Name} shows fewer than two examples:\n{output}");
            Assert.DoesNotContain(output.Split('\n'), line => line.Length > 150);
        }
    }

    [Theory]
    [InlineData("version --jsn", "unknown option '--jsn'. Did you mean '--json'?")]
    [InlineData("version --json=maybe", "maybe")]
    [InlineData("version extra", "does not take 'extra'")]
    [InlineData("verison", "unknown command 'verison'. Did you mean 'version'?")]
    [InlineData("xyzzy", "Known are ")]
    public async Task ASlipIsRefusedWithASuggestion(string line, string says)
    {
        var (code, output, error) = await Run(line);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(says, error, StringComparison.Ordinal);
        Assert.Contains("--help", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheVersionIsForPeopleAndForScripts()
    {
        var (code, output, _) = await Run("version --json");
        Assert.Equal(0, code);
        using var json = System.Text.Json.JsonDocument.Parse(output);
        Assert.StartsWith("0.", json.RootElement.GetProperty("streamrnn").GetString(), StringComparison.Ordinal);
        Assert.Contains("streamrnn", (await Run("--version")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainBaseWritesAModelThatIsReadWithProgressAndTimeLeft()
    {
        using var folder = new Folder();
        var path = Path.Combine(folder.Path, "tiny.model");
        var (code, output, error) = await Run($"train-base --batches 1 --units 4 --out {path}");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("batch     1 of 1", output, StringComparison.Ordinal);
        using var file = File.OpenRead(path);
        Assert.Equal(4, StreamRnn.Detection.BaseModel.Load(file).Layers.Lstm.Units);
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("train-base --out x --batches 0", "--batches is 0; allowed are 1 to 1000000")]
    [InlineData("train-base --out x --units 5000", "--units is 5000; allowed are 1 to 1024")]
    [InlineData("train-base", "--out")]
    public async Task TrainBaseRefusesWhatItCannotDo(string line, string says)
    {
        var (code, _, error) = await Run(line);
        Assert.Equal(2, code);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> Run(string line)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), output, error);
        return (code, output.ToString(), error.ToString());
    }
}
