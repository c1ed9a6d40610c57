using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using StreamRnn.Host.Commands;
using StreamRnn.Host.Configuration;
using StreamRnn.Simulators.Commands;
using StreamRnn.Storage;

namespace StreamRnn.Host;

/// <summary>From the arguments to the verb and back to the exit code. Knows what all verbs share: help, refusals, suggestions, failures.</summary>
internal static class CommandLine
{
    public static RootCommand Tree()
    {
        var root = new RootCommand("StreamRnn finds anomalies in MQTT streams, in real time and without configuration. Start with `streamrnn demo`; without a command it does `run`.");
        foreach (var verb in new Command[] { RunCommand.Create(), DemoCommand.Create(), SimulateCommand.Create(), WatchCommand.Create(), NormalCommand.Create(), ReplayCommand.Create(), ExportCommand.Create(), ExplainCommand.Create(), BackupCommand.Create(), BackupCommand.CreateRestore(), StateCommand.Create(), EvaluateCommand.Create(), TuneCommand.Create(), ClustersCommand.Create(), TrainCommand.Create(), ModelCommand.Create(), ForecastCommand.Create(), SampleCommand.Create(), TrainBaseCommand.Create(), PasswordCommand.Create(), VersionCommand.Create() })
            root.Add(verb);
        root.Options.Remove(root.Options.OfType<VersionOption>().Single());     // `version` is a verb here
        root.Options.OfType<HelpOption>().Single().Action = new Help();
        return root;
    }

    /// <returns>The exit code, see <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancel = default)
    {
        var root = Tree();
        args = WithVerb(args, root);
        var parsed = root.Parse(args);
        var path = Help.PathOf(parsed.CommandResult.Command);
        if (parsed.Action is not Help && Refusal(parsed, args) is { } refusal)
        {
            error.WriteLine($"{path}: {refusal}");
            error.WriteLine($"Try '{path} --help'.");
            return ExitCode.Usage;
        }

        try
        {
            // Signals are each verb's own matter: the service stops within its own limit, others at once.
            return await parsed.InvokeAsync(
                new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
                cancel).ConfigureAwait(false);
        }
        catch (ConfigurationException e)
        {
            error.WriteLine(e.Message);
            return ExitCode.Configuration;
        }
        catch (Exception e) when (e is UsageException or StoreException)
        {
            error.WriteLine($"{path}: {e.Message}");
            return ExitCode.Usage;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Fine;                // Ctrl-C: asked to stop, and stopped
        }
#pragma warning disable CA1031 // the outermost place: what comes here is a bug, and is said as one
        catch (Exception e)
#pragma warning restore CA1031
        {
            error.WriteLine($"{path} failed; this is a bug of ours. Please report it with what 'streamrnn version' says and with this:");
            error.WriteLine(e);
            return ExitCode.Failure;
        }
    }

    // `streamrnn` and `streamrnn --broker …` mean `streamrnn run …`.
    private static string[] WithVerb(string[] args, RootCommand root)
    {
        if (args is ["--version", ..])
            return ["version", .. args[1..]];
        var asksForHelp = args.Length > 0 && root.Options.OfType<HelpOption>().Single() is var help && (args[0] == help.Name || help.Aliases.Contains(args[0]));
        return args.Length == 0 || (args[0].StartsWith('-') && !asksForHelp) ? ["run", .. args] : args;
    }

    private static string? Refusal(ParseResult parsed, string[] args)
    {
        var command = parsed.CommandResult.Command;
        // The parser lets an unknown option fall through to a positional argument or to the option before it.
        var literal = Array.IndexOf(args, "--");
        var unknown = parsed.UnmatchedTokens.Concat(parsed.CommandResult.Children.SelectMany(c => c.Tokens).Select(t => t.Value))
            .FirstOrDefault(t => LooksLikeOption(t) && Array.IndexOf(args, t) is var at && (literal < 0 || at < literal));
        if (unknown is not null)
        {
            var name = unknown.Split('=')[0];
            return $"unknown option '{name}'.{Suggestion(name, command.Options.Where(o => !o.Hidden).Select(o => o.Name))}";
        }

        if (parsed.UnmatchedTokens.Count > 0)
        {
            var word = parsed.UnmatchedTokens[0];
            return command.Subcommands.Count == 0
                ? $"does not take '{word}'."
                : $"unknown command '{word}'.{Suggestion(word, command.Subcommands.Select(c => c.Name))}";
        }

        if (parsed.Errors.Count > 0)
            return string.Join(" ", parsed.Errors.Select(e => e.Message));
        return command.Action is null && command.Subcommands.Count > 0 && parsed.Action is null
            ? $"needs a command: {string.Join(", ", command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name))}." : null;
    }

    private static bool LooksLikeOption(string token) =>
        token.StartsWith("--", StringComparison.Ordinal) || (token.Length > 1 && token[0] == '-' && char.IsLetter(token[1]));

    private static string Suggestion(string word, IEnumerable<string> known)
    {
        var all = known.ToList();
        return Nearest.To(word, all) is { } near ? $" Did you mean '{near}'?" : all.Count > 0 ? $" Known are {string.Join(", ", all)}." : "";
    }
}
