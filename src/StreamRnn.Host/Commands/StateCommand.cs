using System.CommandLine;
using System.Globalization;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Host.Configuration;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Host.Commands;

/// <summary><c>state export</c> and <c>state import</c>: a device from one machine to another, with all that was learned of it.</summary>
internal static class StateCommand
{
    public static Command Create()
    {
        var verb = new Verb("state", "Move a device to another machine with all that was learned of it: no warm-up there, and its open alert goes on.")
        {
            Examples =
            [
                ("streamrnn state export pump-1 pump-1.state", "On the old machine; its service may run."),
                ("streamrnn state import pump-1.state", "On the new machine, before its service starts."),
            ],
            Notes = ["The order: let the device publish to the new machine's broker, export, import, start the new service. What it sends in between, the new broker keeps. The old service, where it goes on, will tell of the device's silence."],
        };
        verb.Add(Export());
        verb.Add(Import());
        return verb;
    }

    private static Verb Export()
    {
        var device = new Argument<string>("DEVICE") { Description = "The device's name." };
        var file = new Argument<string>("FILE") { Description = "Where to write it. Not overwritten." };
        var store = StoreOption.Create();
        var verb = new Verb("export", "Write what is known of a device into a file: what was learned, its open alert, what a person called normal of it.")
        {
            Arguments = { device, file },
            Options = { store },
            Examples = [("streamrnn state export pump-1 pump-1.state", "Of the service that this folder configures."), ("streamrnn state export pump-1 pump-1.state --store /backup/streamrnn-monday", "As it was when a back-up was made.")],
            Notes = ["The service may run meanwhile: the file holds the device as of its last entry. Readings that wait to be put in order (Ingest:MaxLateness) are learned first.", "Exit code 0: written, 2: the device is not in the store, or the file is there already, 78: the configuration was refused."],
        };
        verb.SetAction((parsed, cancel) => Task.Run(() => Export(parsed.GetRequiredValue(device), parsed.GetRequiredValue(file), parsed.GetValue(store), parsed.InvocationConfiguration), cancel));
        return verb;
    }

    private static Verb Import()
    {
        var file = new Argument<string>("FILE") { Description = "A file that 'streamrnn state export' wrote." };
        var name = new Option<string?>("--as") { Description = "What the device is called here. Default: as there.", HelpName = "NAME" };
        var replace = new Option<bool>("--replace") { Description = "Where the device is known here already: let go of what is known of it. Its open alerts are closed." };
        var store = StoreOption.Create();
        var verb = new Verb("import", "Take a device from such a file into a store that no service uses.")
        {
            Arguments = { file },
            Options = { name, replace, store },
            Examples = [("streamrnn state import pump-1.state", "For the service that this folder configures."), ("streamrnn state import pump-1.state --as pump-2", "The pump was replaced by one of its kind.")],
            Notes =
            [
                "Until when its next reading is due counts from here: how long the move took is no silence. Nets of groups are those of the configuration found here; states of another net, or of another base model, begin anew, what is usual for the device is kept.",
                "It is written to the journal, in its order: 'replay --from-journal' and 'explain' live the device from here on, for what it lived before is not in this journal.",
                "Exit code 0: taken in, 2: the store is in use, the device is known here, or the file cannot be used, 78: the configuration was refused.",
            ],
        };
        verb.SetAction((parsed, cancel) => Task.Run(
            () => Import(parsed.GetRequiredValue(file), parsed.GetValue(name), parsed.GetValue(replace), parsed.GetValue(store), parsed.InvocationConfiguration), cancel));
        return verb;
    }

    private static int Export(string name, string path, string? store, InvocationConfiguration console)
    {
        var (settings, groups) = Configured();
        var moved = DeviceMove.Export(StoreOption.FolderOf(store, settings), name, () =>
        {
            var registry = DeviceRegistry.Unbounded(groups.Of);
            return (registry, () => (DetectorOf(settings, groups, registry), new WaitingRoom(settings.Ingest.MaxLateness)));
        });
        var bytes = moved.ToBytes();
        try
        {
            using var file = new FileStream(path, FileMode.CreateNew);
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path} cannot be written: {e.Message}");
        }

        console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {moved.Channels.Count} channels, as of entry {moved.Position} at {moved.Now}, {bytes.Length} bytes in {path}"));
        return ExitCode.Fine;
    }

    private static int Import(string path, string? name, bool replace, string? store, InvocationConfiguration console)
    {
        if (name is not null && DeviceRegistry.Unusable(name) is { } why)
            throw new UsageException($"--as '{name}' cannot be used: {why}.");
        var (settings, groups) = Configured();
        MovedDevice moved;
        try
        {
            moved = MovedDevice.Read(File.ReadAllBytes(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SnapshotException)
        {
            throw new UsageException($"{e.Message}{(e is SnapshotException ? "; expected is a file that 'streamrnn state export' wrote" : "")}");
        }

        var folder = StoreOption.FolderOf(store, settings);
        var registry = new DeviceRegistry(1, settings.Ingest.MaxDevices, settings.Ingest.MaxChannelsPerDevice, settings.Ingest.MaxSeries, groups.Of);
        var came = DeviceMove.Import(folder, moved, name, replace, registry, () => DetectorOf(settings, groups, registry), TimeProvider.System);
        console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{came.Device.Name}: taken into {folder} with entry {came.Position}; it was {moved.Name} of store {moved.Store} as of {moved.Now}"));
        foreach (var e in came.Open)
            console.Output.WriteLine($"  alert {e.AlertId} goes on: {e.Summary}");
        foreach (var e in came.Closed)
            console.Output.WriteLine($"  alert {e.AlertId} of what was known here is closed, and told so when the service starts");
        if (came.Lost.HasFlag(Anew.BaseStates))
            console.Output.WriteLine("  it was learned with another base model: what is usual is kept, hidden states begin at zero");
        if (came.Lost.HasFlag(Anew.GroupState))
            console.Output.WriteLine("  the net of its group is another one here, or none: its sequence begins anew");
        return ExitCode.Fine;
    }

    private static (Settings, DeviceGroups) Configured()
    {
        var root = Settings.Read(Directory.GetCurrentDirectory(), []);
        var settings = Settings.From(root);
        return (settings, DeviceGroups.Load(settings, root));
    }

    private static Detector DetectorOf(Settings settings, DeviceGroups groups, DeviceRegistry registry) => new(settings.Detection, settings.Alerts, BaseModel.Load(), registry, groups.Models);
}
