using System.Globalization;
using System.Text;
using StreamRnn.Nets;
using StreamRnn.Nets.Training;

namespace StreamRnn.Host.Samples;

/// <summary>A net that learns to continue a text, letter by letter.</summary>
internal static class LettersSample
{
    private const int Units = 160;
    private const int LeastLetters = 500;

    /// <summary>Letters times vocabulary at most: every letter is a row of as many values as there are letters.</summary>
    private const long MostValues = 20_000_000;

    /// <summary>The last part of the text is not learned: it tells what was understood and what only learned by heart.</summary>
    private const double HeldOut = 0.08;

    private static readonly double Ln2 = Math.Log(2);

    /// <exception cref="UsageException">The text cannot be read, is too short, or <paramref name="start"/> has a letter that it has not.</exception>
    public static int Run(string? path, string? start, double seconds, double temperature, ulong seed, TextWriter output, CancellationToken cancel)
    {
        var culture = CultureInfo.InvariantCulture;
        var text = path is null ? Sonnets() : Read(path);
        var letters = Letters.Of(text);
        var most = (int)(MostValues / letters.Count);
        var runes = text.EnumerateRunes().ToArray();
        if (runes.Length > most)
            output.WriteLine(string.Create(culture, $"Only the first {most:N0} of {runes.Length:N0} letters are read."));
        text = string.Concat(runes.Take(most));
        if (runes.Length < LeastLetters)
            throw new UsageException($"--text {path}: the text has {runes.Length} letters; expected are at least {LeastLetters}.");
        start ??= FirstWord(text);
        try
        {
            if (letters.PlacesOf(start).Length == 0)
                throw new UsageException("--start is empty; expected is at least one letter.");
        }
        catch (DataException e)
        {
            throw new UsageException($"--start: {e.Message}.");
        }

        var data = TrainingSet.HoldOutTails([letters.ToSequence(text)], HeldOut);
        var net = new Net(
            new Topology(new LayerSpec("lstm") { Units = Units }, new LayerSpec("dropout") { Rate = 0.3 }, new LayerSpec("rnnOutput") { Units = letters.Count, Loss = "crossEntropy", Activation = "softmax" }),
            letters.Count,
            Seeded.For(seed, 0));
        output.WriteLine(string.Create(culture, $"{Math.Min(runes.Length, most):N0} letters, {letters.Count} different ones: {(path is null ? "sonnets by William Shakespeare, 1609" : path)}"));
        output.Write(net.Describe());
        output.WriteLine(string.Create(culture, $"{seconds:0} seconds; loss in bits a letter. Knowing only how frequent each letter is, one needs {Frequency(letters, text):0.00}; choosing blindly, {Math.Log2(letters.Count):0.00}."));

        var pieces = Seeded.For(seed, 1);
        var clock = new SampleClock(TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(Math.Clamp(seconds / 10, 2, 30)), (elapsed, report) =>
        {
            output.WriteLine(string.Create(culture,
                $"{elapsed.TotalSeconds,4:0} s  {report.Loss / Ln2:0.00} bits{(double.IsNaN(report.HeldOut) ? "" : $", held out {report.HeldOut / Ln2:0.00}")}  {report.Rows / elapsed.TotalSeconds / 1000:0} thousand letters/s"));
            output.WriteLine("       " + OneLine(start + letters.Continue(net, start, 90, temperature, pieces)));
            output.Flush();
        });
        TrainingResult end;
        using (var trainer = new Trainer(net, data, new TrainingPlan { Lanes = 32, Chunk = 48, Epochs = 1_000_000, Patience = 1_000_000, LearningRate = 6e-3, Seed = seed }))
            end = trainer.Train(clock, clock.Spent, cancel);
        output.WriteLine(string.Create(culture,
            $"Learned {end.Rows:N0} letters in {end.Epochs} passes. The net that predicted the held-out end of the text best needed {end.HeldOut / Ln2:0.00} bits a letter there; at temperature {temperature} it writes:"));
        output.WriteLine();
        output.WriteLine(start + letters.Continue(net, start, 700, temperature, pieces));
        return ExitCode.Fine;
    }

    /// <summary>The embedded text, without the line that tells where it is from.</summary>
    internal static string Sonnets()
    {
        using var reader = new StreamReader(typeof(LettersSample).Assembly.GetManifestResourceStream("sonnets.txt")!);
        reader.ReadLine();
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true)).ReplaceLineEndings("\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--text {path} cannot be read: {e.Message}");
        }
        catch (DecoderFallbackException)
        {
            throw new UsageException($"--text {path} is not UTF-8; expected is a text file.");
        }
    }

    private static string FirstWord(string text)
    {
        var trimmed = text.TrimStart();
        var end = trimmed.AsSpan().IndexOfAny(' ', '\n', '\t');
        return end is > 0 and < 30 ? trimmed[..(end + 1)] : trimmed.EnumerateRunes().First().ToString();
    }

    private static string OneLine(string text) => text.Replace("\n", " / ", StringComparison.Ordinal);

    /// <summary>Entropy of the letters' frequencies, in bits.</summary>
    private static double Frequency(Letters letters, string text)
    {
        var places = letters.PlacesOf(text);
        return places.GroupBy(place => place).Sum(group => -group.Count() / (double)places.Length * Math.Log2(group.Count() / (double)places.Length));
    }
}
