using StreamRnn.Host;
using StreamRnn.Host.Samples;
using StreamRnn.Nets;
using StreamRnn.Nets.Training;

namespace StreamRnn.Tests.Host;

/// <summary>The verb <c>sample</c>. How well its nets do in a minute depends on the machine; here is what does not.</summary>
public sealed class SampleTests
{
    [Fact]
    public void TheTextThatShipsIsTwentyTwoSonnetsOfFourteenLines()
    {
        var sonnets = LettersSample.Sonnets().TrimEnd().Split("\n\n");
        Assert.Equal(22, sonnets.Length);
        Assert.All(sonnets, sonnet => Assert.Equal(14, sonnet.Split('\n').Length));
    }

    [Fact]
    public async Task LettersShowsWhatIsWrittenWhileItIsLearnedAndThenALongerPiece()
    {
        var (code, output, error) = await Run("sample", "letters", "--seconds", "1", "--start", "Shall I");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("knowing only how frequent", output, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\nShall I", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATextThatCannotBeLearnedOrContinuedIsRefused()
    {
        using var folder = new Folder();
        var text = folder.Write("own.txt", string.Concat(Enumerable.Repeat("abcabd ", 100)));
        await Refused("letter 'x' (U+0078) at position 3 was never seen", "--text", text, "--start", "abx");
        await Refused("--start is empty", "--text", text, "--start", "");
        await Refused("has 12 letters; expected are at least 500", "--text", folder.Write("short.txt", "hello, hello"));
        await Refused("is not UTF-8", "--text", Bytes(folder));
        await Refused("cannot be read", "--text", Path.Combine(folder.Path, "none.txt"));
        await Refused("--temperature is -1; allowed are 0 to 10", "--temperature", "-1");
        await Refused("--seconds is 0; allowed are 1 to 86400", "--seconds", "0");

        static async Task Refused(string says, params string[] options)
        {
            var (code, _, error) = await Run(["sample", "letters", .. options]);
            Assert.Equal(2, code);
            Assert.Contains(says, error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void NumeralsAreDrawnFromTheSeedAndEachDifferently()
    {
        Assert.Equal(Numerals.Draw(new Seeded(4)).Picture, Numerals.Draw(new Seeded(4)).Picture);
        var seeded = new Seeded(1);
        var drawn = Enumerable.Range(0, 200).Select(_ => Numerals.Draw(seeded)).ToArray();
        Assert.Equal(10, drawn.Select(d => d.Numeral).Distinct().Count());
        Assert.Equal(200, drawn.Select(d => string.Join(' ', d.Picture)).Distinct().Count());
        Assert.All(drawn, d => Assert.All(d.Picture, value => Assert.InRange(value, 0, 1)));
        Assert.All(drawn, d => Assert.InRange(d.Picture.Count(value => value > 0.5f), 15, 300));
        Assert.Equal(14, Numerals.Lines([drawn[0].Picture, drawn[1].Picture]).Count());
    }

    /// <summary>Seeds 1 to 3 tried: 84 to 88 % are right after these 12 epochs; chance is 10 %.</summary>
    [Fact]
    public void ANetThatIsFedNumeralsRowByRowTellsThemApart()
    {
        var seeded = new Seeded(1);
        (int Numeral, float[] Picture)[] learned = [.. Enumerable.Range(0, 1500).Select(_ => Numerals.Draw(seeded))], heldOut = [.. Enumerable.Range(0, 300).Select(_ => Numerals.Draw(seeded))];
        var net = new Net(new Topology(new LayerSpec("lstm") { Units = 32 }, new LayerSpec("rnnOutput") { Units = 10, Loss = "crossEntropy" }), 28, seeded);
        using (var trainer = new Trainer(net, new TrainingSet(learned.Select(one => DigitsSample.Sequence(one, 28)), []), new TrainingPlan { Lanes = 16, Chunk = 28, Epochs = 12, LearningRate = 0.01, Seed = 1 }))
            trainer.Train();
        var right = DigitsSample.Share(heldOut, DigitsSample.Say(net, heldOut, 28));
        Assert.True(right > 0.75, $"right: {right}");
    }

    [Fact]
    public async Task DigitsTellsHowOftenItIsRightWhatItConfusesAndShowsSome()
    {
        var (code, output, error) = await Run("sample", "digits", "--seconds", "1");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("28 steps of 28 values", output, StringComparison.Ordinal);
        Assert.Contains("of 1,000 held out (chance is 10 %)", output, StringComparison.Ordinal);
        Assert.Contains("drawn    said", output, StringComparison.Ordinal);
        Assert.Contains("it said", output, StringComparison.Ordinal);
        (code, _, error) = await Run("sample", "digits", "--rows", "--pixels");
        Assert.Equal(2, code);
        Assert.Contains("two ways", error, StringComparison.Ordinal);
    }

    private static string Bytes(Folder folder)
    {
        var path = Path.Combine(folder.Path, "bytes.txt");
        File.WriteAllBytes(path, [.. Enumerable.Repeat((byte)0xFF, 600)]);
        return path;
    }

    private static async Task<(int Code, string Output, string Error)> Run(params string[] line)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        return (await CommandLine.RunAsync(line, output, error), output.ToString(), error.ToString());
    }
}
