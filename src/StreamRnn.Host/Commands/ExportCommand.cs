using System.CommandLine;
using System.Globalization;
using StreamRnn.Host.Configuration;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Host.Commands;

/// <summary><c>export</c>: the readings of the journal as CSV.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var device = new Option<string?>("--device") { Description = "Of this device only. Default: of all.", HelpName = "NAME" };
        var store = StoreOption.Create();
        var verb = new Verb("export", "Write the readings that the service keeps as CSV: timestamp, device, channel, value.")
        {
            Options = { device, store },
            Examples = [("streamrnn export --device pump-1 > pump-1.csv", "What was heard of a device, as long as Storage:History says."), ("streamrnn export --store /backup/streamrnn-monday > monday.csv", "All that a back-up holds.")],
            Notes = ["The service may run meanwhile. Rows are in the order in which they came; a reading that the broker sent twice is there twice.", "Exit code 0: written, 2: no store there, or the device is not in it."],
        };
        verb.SetAction((parsed, cancel) => Task.Run(() => Run(parsed.GetValue(device), parsed.GetValue(store), parsed.InvocationConfiguration, cancel), cancel));
        return verb;
    }

    private static int Run(string? device, string? store, InvocationConfiguration console, CancellationToken cancel)
    {
        var folder = StoreOption.FolderOf(store, Settings.Load(Directory.GetCurrentDirectory(), []));
        var registry = DeviceRegistry.Unbounded();
        using var journal = Journal.OpenAsItIs(folder, registry);
        if (device is not null && registry.Find(device) is null)
            throw StoreException.NoDevice(device, folder, registry.DeviceCount);
        var done = 0L;
        using var progress = new ProgressLine(console.Error, "export", () => journal.Position == 0 ? 1 : (double)done / journal.Position);
        console.Output.WriteLine("timestamp,device,channel,value");
        foreach (var entry in journal.ReadFrom(journal.First))
        {
            cancel.ThrowIfCancellationRequested();
            done = entry.Position;
            progress.Show();
            for (var i = 0; i < entry.Readings.ReadingCount; i++)
            {
                foreach (var sample in entry.Readings[i])
                {
                    if (device is null || sample.Channel.Device.Name == device)
                        console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sample.Time},{Quoted(sample.Channel.Device.Name)},{Quoted(sample.Channel.Name)},{sample.Value:R}"));
                }
            }
        }

        progress.Clear();
        return ExitCode.Fine;
    }

    // RFC 4180. A name that a spreadsheet would take for a formula is text to whoever reads CSV; it is left as it is.
    private static string Quoted(string name) => name.AsSpan().IndexOfAny(",\";\t") < 0 ? name : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
