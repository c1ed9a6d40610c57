using System.CommandLine;
using StreamRnn.Host.Configuration;
using StreamRnn.Storage;

namespace StreamRnn.Host.Commands;

/// <summary><c>backup</c> and <c>restore</c>: a copy of the store, made while the service runs, and put back where none is.</summary>
internal static class BackupCommand
{
    public static Command Create()
    {
        var to = new Argument<string>("DIR") { Description = "A new folder for the copy." };
        var store = StoreOption.Create();
        var verb = new Verb("backup", "Copy what the service keeps, while it runs: what was learned, the journal, and alerts that are still to be sent.")
        {
            Arguments = { to },
            Options = { store },
            Examples = [("streamrnn backup /backup/streamrnn-monday", "Of the service that this folder configures."), ("streamrnn backup copy --store /var/lib/streamrnn/store", "Of one whose store lies elsewhere.")],
            Notes = ["Exit code 0: copied, 2: no store there, or the folder is not empty."],
        };
        verb.SetAction(parsed => Run(parsed, store, folder =>
        {
            StoreFiles.BackUp(folder, parsed.GetRequiredValue(to));
            return $"copied {folder} to {parsed.GetRequiredValue(to)}";
        }));
        return verb;
    }

    public static Command CreateRestore()
    {
        var from = new Argument<string>("DIR") { Description = "A folder that 'streamrnn backup' has made." };
        var store = StoreOption.Create();
        var verb = new Verb("restore", "Put a back-up where the service will look for it. Nothing is overwritten.")
        {
            Arguments = { from },
            Options = { store },
            Examples = [("streamrnn restore /backup/streamrnn-monday", "Then start the service: it goes on where the back-up was made; the broker sends what came since, as far as it has kept it."), ("streamrnn restore copy --store /var/lib/streamrnn/store", "On another machine.")],
            Notes = ["Every entry is checked first.", "Exit code 0: restored, 2: it cannot be used, or a store is there already."],
        };
        verb.SetAction(parsed => Run(parsed, store, folder =>
        {
            StoreFiles.Restore(parsed.GetRequiredValue(from), folder);
            return $"restored {folder} from {parsed.GetRequiredValue(from)}";
        }));
        return verb;
    }

    private static int Run(ParseResult parsed, Option<string?> store, Func<string, string> copy)
    {
        var folder = StoreOption.FolderOf(parsed.GetValue(store), Settings.Load(Directory.GetCurrentDirectory(), []));
        parsed.InvocationConfiguration.Output.WriteLine(copy(folder));
        return ExitCode.Fine;
    }
}
