using System.CommandLine;

namespace StreamRnn.Simulators.Commands;

/// <summary>Wrong usage of a command line: what was found, and what is allowed.</summary>
public static class UsageErrors
{
    /// <summary>Exit code of wrong usage.</summary>
    public const int ExitCode = 2;

    /// <summary>Writes the errors and the options that there are; the caller exits with the returned code.</summary>
    public static int Report(ParseResult parsed, TextWriter error)
    {
        foreach (var message in parsed.Errors.Select(e => e.Message).Distinct())
            error.WriteLine(message);
        if (parsed.UnmatchedTokens.Count > 0)
            error.WriteLine($"Options: {string.Join(", ", parsed.CommandResult.Command.Options.Select(o => o.Name))}.");
        error.WriteLine("See --help.");
        return ExitCode;
    }
}
