using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using StreamRnn.Host.Samples;

namespace StreamRnn.Host.Commands;

/// <summary><c>sample</c>: small nets that are trained before one's eyes, on letters and on images.</summary>
internal static class SampleCommand
{
    public static Command Create()
    {
        var verb = new Verb("sample", "Train a small net before your eyes, in about a minute: one that writes letters, or one that reads numerals.")
        {
            Examples =
            [
                ("streamrnn sample letters", "A net that learns to write like Shakespeare's sonnets, as far as a minute takes it."),
                ("streamrnn sample digits", "A net that is shown a numeral row by row and says which it is."),
            ],
        };
        verb.Add(Letters());
        verb.Add(Digits());
        return verb;
    }

    private static Verb Letters()
    {
        var text = new Option<string?>("--text") { Description = "The text to learn, UTF-8. Default: 22 of Shakespeare's sonnets.", HelpName = "FILE" };
        var seconds = Seconds();
        var temperature = Number("--temperature", "How boldly it writes, 0 to 10: 0 the likeliest letter each time, 1 as it has learned.", "T", 0.7, 0, 10);
        var start = new Option<string?>("--start") { Description = "What the piece at the end begins with. Default: the text's first word.", HelpName = "TEXT" };
        var seed = Seed();
        var verb = new Verb("letters", "Train a net to predict the next letter of a text, show what it writes while it learns, and let it write a longer piece.")
        {
            Options = { text, seconds, temperature, start, seed },
            Examples =
            [
                ("streamrnn sample letters", "Learns the sonnets for a minute."),
                ("streamrnn sample letters --text novel.txt --seconds 600 --start \"It was \"", "A text of your own, ten minutes."),
            ],
            Notes = ["Ctrl-C ends the learning, and it writes with what it has. Texts differ from run to run: how far a minute takes the net depends on the machine."],
        };
        verb.SetAction((parsed, cancel) => Task.Run(
            () => LettersSample.Run(
                parsed.GetValue(text), parsed.GetValue(start), parsed.GetValue(seconds), parsed.GetValue(temperature), parsed.GetValue(seed), parsed.InvocationConfiguration.Output, cancel),
            CancellationToken.None));
        return verb;
    }

    private static Verb Digits()
    {
        var rows = new Option<bool>("--rows") { Description = "28 rows of 28 values, fed in order: the default." };
        var pixels = new Option<bool>("--pixels") { Description = "784 values, one at a time: far harder; it gets as far as the time allows." };
        var seconds = Seconds();
        var seed = Seed();
        var verb = new Verb("digits", "Train a net to read numerals that are fed to it as a sequence, and show how often it is right on numerals that it has not seen.")
        {
            Options = { rows, pixels, seconds, seed },
            Examples = [("streamrnn sample digits", "Row by row, one minute."), ("streamrnn sample digits --pixels --seconds 300", "One value at a time, five minutes.")],
            Notes = ["The numerals are drawn by the program from a seed: strokes that are bent, turned, slanted, scaled, shifted and blurred with noise, 28 x 28. They are not handwriting of people, and easier than that. Ctrl-C ends the learning."],
        };
        verb.Validators.Add(result =>
        {
            if (result.GetValue(rows) && result.GetValue(pixels))
                result.AddError("--rows and --pixels are two ways to feed a numeral; one can be chosen.");
        });
        verb.SetAction((parsed, cancel) => Task.Run(
            () => DigitsSample.Run(parsed.GetValue(pixels), parsed.GetValue(seconds), parsed.GetValue(seed), parsed.InvocationConfiguration.Output, cancel), CancellationToken.None));
        return verb;
    }

    private static Option<double> Seconds() => Number("--seconds", "How long to learn, 1 to 86400.", "N", 60, 1, 86_400);

    private static Option<ulong> Seed() => new("--seed") { Description = "Where chance comes from.", HelpName = "N", DefaultValueFactory = _ => 1 };

    private static Option<double> Number(string name, string description, string help, double usual, double least, double most)
    {
        var option = new Option<double>(name)
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"{description} Default: {usual}."),
            HelpName = help,
            DefaultValueFactory = _ => usual,
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && double.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var value) && !(value >= least && value <= most))
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; allowed are {least} to {most}."));
        });
        return option;
    }
}
