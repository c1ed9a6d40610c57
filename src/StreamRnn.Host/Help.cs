using System.CommandLine;
using System.CommandLine.Invocation;

namespace StreamRnn.Host;

/// <summary>Writes the help of a command: one sentence, usage, arguments, options, examples, notes. Plain text, at most 100 columns.</summary>
internal sealed class Help : SynchronousCommandLineAction
{
    private const int Width = 100;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        Write(parseResult.CommandResult.Command, parseResult.InvocationConfiguration.Output);
        return ExitCode.Fine;
    }

    public static void Write(Command command, TextWriter output)
    {
        // A verb that was written for an executable of its own shows examples without our name.
        foreach (var line in (command.Description ?? "").Split('\n').Select(l => l.TrimEnd()))
            output.WriteLine(line.StartsWith($"  {command.Name} ", StringComparison.Ordinal) ? $"  {PathOf(command)}{line[(2 + command.Name.Length)..]}" : line);
        output.WriteLine();
        output.WriteLine("Usage:");
        output.WriteLine("  " + Usage(command));
        Section(output, "Commands", command.Subcommands.Where(c => !c.Hidden).Select(c => (c.Name, FirstSentence(c.Description))));
        Section(output, "Arguments", command.Arguments.Where(a => !a.Hidden).Select(a => (NameOf(a), a.Description ?? "")));
        Section(output, "Options", command.Options.Where(o => !o.Hidden).Select(o => (Label(o), Described(o))));
        var (examples, notes) = command is Verb verb ? (verb.Examples, verb.Notes) : ([], []);
        if (examples.Count > 0)
        {
            output.WriteLine();
            output.WriteLine("Examples:");
            foreach (var (line, does) in examples)
            {
                output.WriteLine("  " + line);
                output.WriteLine("      " + does);
            }
        }

        foreach (var note in notes)
        {
            output.WriteLine();
            foreach (var line in Wrapped(note, Width))
                output.WriteLine(line);
        }
    }

    private static string Usage(Command command)
    {
        var words = new List<string> { PathOf(command) };
        if (command.Subcommands.Any(c => !c.Hidden))
            words.Add("COMMAND");
        words.AddRange(command.Arguments.Where(a => !a.Hidden).Select(NameOf));
        words.Add("[options]");
        return string.Join(' ', words);
    }

    public static string PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{PathOf(parent)} {command.Name}" : "streamrnn";

    private static string NameOf(Argument argument)
    {
        var name = argument.HelpName ?? argument.Name;
        var many = argument.Arity.MaximumNumberOfValues > 1 ? " …" : "";
        return argument.Arity.MinimumNumberOfValues == 0 ? $"[{name}{many}]" : name + many;
    }

    private static string Label(Option option)
    {
        var names = string.Join(", ", option.Aliases.Where(a => !a.StartsWith('/')).Append(option.Name).OrderBy(a => a.Length));
        var takesValue = option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0 && option.Action is null;
        return takesValue ? $"{names} {option.HelpName ?? option.Name.TrimStart('-').ToUpperInvariant()}" : names;
    }

    private static string Described(Option option)
    {
        var text = option.Action is Help ? "Show this help." : option.Description ?? "";
        return option.Required ? $"{text} Required." : text;
    }

    private static string FirstSentence(string? description) => description is null ? "" : description.Split('\n')[0].Split(". ")[0].Trim().TrimEnd('.') + ".";

    private static void Section(TextWriter output, string title, IEnumerable<(string Name, string Text)> rows)
    {
        var all = rows.ToList();
        if (all.Count == 0)
            return;
        output.WriteLine();
        output.WriteLine(title + ":");
        var column = Math.Min(28, all.Max(r => r.Name.Length) + 2);
        foreach (var (name, text) in all)
        {
            var lines = Wrapped(text, Width - column - 2).ToList();
            if (name.Length + 2 > column)
            {
                output.WriteLine("  " + name);
                output.WriteLine((new string(' ', column + 2) + lines[0]).TrimEnd());
            }
            else
                output.WriteLine(("  " + name.PadRight(column) + lines[0]).TrimEnd());
            foreach (var line in lines.Skip(1))
                output.WriteLine(new string(' ', column + 2) + line);
        }
    }

    internal static IEnumerable<string> Wrapped(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        yield return line;
    }
}
