using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace StreamRnn.Host.Commands;

/// <summary>Options whose description says the default and whose refusal says what was found and what is allowed.</summary>
internal static class OptionOf
{
    public static Option<int> Whole(string name, string description, int usual, int least, int most) => new(name)
    {
        Description = string.Create(CultureInfo.InvariantCulture, $"{description} Default: {usual}."),
        HelpName = "N",
        DefaultValueFactory = _ => usual,
        CustomParser = Parser(name, string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"),
            text => (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n >= least && n <= most, n)),
    };

    public static Option<double> Number(string name, string description, string help, double usual, double least, double most) => new(name)
    {
        Description = string.Create(CultureInfo.InvariantCulture, $"{description} Default: {usual}."),
        HelpName = help,
        DefaultValueFactory = _ => usual,
        CustomParser = Parser(name, string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"),
            text => (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var x) && x >= least && x <= most, x)),
    };

    public static Func<ArgumentResult, T?> Parser<T>(string name, string allowed, Func<string, (bool Ok, T Value)> parse) => result =>
    {
        var (ok, value) = parse(result.Tokens[0].Value);
        if (!ok)
            result.AddError($"{name} is '{result.Tokens[0].Value}'; allowed is {allowed}.");
        return ok ? value : default;
    };

    public static Option<long> Seed(string description) => new("--seed")
    {
        Description = description + " Default: 1.",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
        CustomParser = Parser("--seed", "a whole number, 0 or more", text => (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n), n)),
    };
}
