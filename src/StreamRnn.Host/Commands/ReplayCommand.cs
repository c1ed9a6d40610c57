using System.Buffers;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Host.Configuration;
using StreamRnn.Host.Models;
using StreamRnn.Host.Replay;
using StreamRnn.Host.Watch;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Host.Commands;

/// <summary><c>replay</c>: recorded series through the same detector as the service's, offline.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE.csv")
        {
            Description = "Recorded series, one device each, named after the file: a header, then a row per reading. The first column is the time "
                + "(ISO 8601, 'yyyy-MM-dd HH:mm:ss' in UTC, or seconds), the others are channels; an empty cell is a missing value; "
                + "columns named label, anomaly, is_anomaly or changepoint are not looked at. Separated by comma, semicolon or tab.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var json = new Option<bool>("--json") { Description = "Alert events as CloudEvents, one JSON object per line, as they would be published." };
        var plot = new Option<string?>("--plot")
        {
            Description = "Draw value, expected band, score and alerts into this PNG, 1600 x 900; with several files the device's name is put before .png.",
            HelpName = "OUT.png",
        };
        var model = new Option<string?>("--model")
        {
            Description = "A model file that 'streamrnn train' wrote: its net predicts the channels that are its columns. Default: the base model predicts all.",
            HelpName = "MODEL",
        };
        var prime = new Option<string?>("--prime")
        {
            Description = "Past readings of the device, as a file of the same form: learned from before the record begins, and no alert is told for them.",
            HelpName = "HISTORY.csv",
        };
        var fromJournal = new Option<bool>("--from-journal") { Description = "Instead of files: what the service has kept, entry by entry, as it lived it. The same alerts again." };
        var device = new Option<string?>("--device") { Description = "With --from-journal: this device only. Default: all.", HelpName = "NAME" };
        var store = StoreOption.Create();
        var verb = new Verb("replay", "Run recorded series through the detector, offline, and print the alerts it would have raised.")
        {
            Arguments = { files },
            Options = { json, plot, model, prime, fromJournal, device, store },
            Examples =
            [
                ("streamrnn replay office.csv --plot office.png", "Alerts of one device as lines, and a picture."),
                ("streamrnn replay pump.csv --model pump.model", "With a net that was trained on such devices."),
                ("streamrnn replay --from-journal", "What the service has lived through, with the sensitivity and the rules of the configuration found here."),
                ("streamrnn replay --from-journal --device pump-1 --plot pump.png", "One device of it, and a picture."),
                ("streamrnn replay week/*.csv --json > alerts.jsonl", "Alerts of many devices for another program."),
            ],
            Notes =
            [
                "Lines tell when an alert opened, grew more severe and resolved; --json tells every event. Sensitivity and alert rules are those of the configuration (StreamRnn:Detection, StreamRnn:Alerts).",
                "Exit code 0: no alert was opened, 1: at least one was, 2: a file cannot be used, 78: the configuration was refused.",
            ],
        };
        verb.SetAction((parsed, cancel) => Task.Run(
            () =>
            {
                var console = parsed.InvocationConfiguration;
                var (given, picture, net, past) = (parsed.GetValue(files) ?? [], parsed.GetValue(plot), parsed.GetValue(model), parsed.GetValue(prime));
                if (parsed.GetValue(fromJournal))
                {
                    return given.Length > 0 ? throw new UsageException("give files or --from-journal, not both.")
                        : net is not null ? throw new UsageException("--model goes with files; what the journal holds is lived with the models of StreamRnn:Groups, as the service does.")
                        : past is not null ? throw new UsageException("--prime goes with files; what a service was primed with is in its journal.")
                        : RunJournal(parsed.GetValue(store), parsed.GetValue(device), parsed.GetValue(json), picture, console, cancel);
                }

                return given.Length == 0 ? throw new UsageException("no FILE.csv was given; expected is at least one, or --from-journal.")
                    : parsed.GetValue(device) is not null ? throw new UsageException("--device goes with --from-journal; a file is of one device.")
                    : parsed.GetValue(store) is not null ? throw new UsageException("--store goes with --from-journal.")
                    : Run(given, parsed.GetValue(json), picture, net, past, console, cancel);
            }, cancel));
        return verb;
    }

    private static int Run(string[] paths, bool json, string? plot, string? model, string? prime, InvocationConfiguration console, CancellationToken cancel)
    {
        Plot.RequirePng("--plot", plot);
        var settings = Settings.Load(Directory.GetCurrentDirectory(), []);
        var replayer = new Replayer(settings.Detection with { KeepScores = plot is not null }, settings.Alerts, BaseModel.Load(), model is null ? null : SavedModel.ReadForDevices(model, "--model"), settings.Ingest.MaxLateness);
        var history = prime is null ? null : History.Read(prime, new Instant(long.MaxValue));
        using var events = new EventWriter(console.Output, json);
        var summaries = json ? console.Error : console.Output;
        var opened = 0;
        foreach (var path in paths)
        {
            using var file = SeriesFile.Open(path);
            using var progress = new ProgressLine(console.Error, file.Device, () => file.Done);
            var recording = plot is null ? null : new Recording(file.Device);
            var tally = new Tally();
            var began = Stopwatch.GetTimestamp();
            var readings = replayer.Play(file, outcome =>
            {
                progress.Show();
                tally.Add(outcome);
                foreach (var notice in outcome.Notices.Where(n => n.News != ModelNews.Predicts || n.Strangers.Count > 0))
                {
                    progress.Clear();
                    console.Error.WriteLine(NoticeLine.Of(notice));
                }

                foreach (var e in outcome.Alerts)
                {
                    progress.Clear();
                    events.Write(e);
                    recording?.Add(e);
                }

                foreach (var sample in outcome.Scores)
                    recording?.Add(sample);
            }, cancel, history: history);
            progress.Clear();
            events.Flush();
            summaries.WriteLine(tally.Say(file, readings, Stopwatch.GetElapsedTime(began)));
            opened += tally.Opened;
            if (recording is null)
                continue;
            var picture = paths.Length == 1 ? plot! : Path.ChangeExtension(plot!, null) + "-" + file.Device + ".png";
            Plot.Save(recording, picture);
            summaries.WriteLine($"{file.Device}: drawn into {picture}");
        }

        return opened > 0 ? ExitCode.Findings : ExitCode.Fine;
    }

    private static int RunJournal(string? store, string? only, bool json, string? plot, InvocationConfiguration console, CancellationToken cancel)
    {
        Plot.RequirePng("--plot", plot);
        using var replayer = JournalReplayer.Open(store, keepScores: plot is not null);
        var devices = replayer.Registry.Devices;
        var device = only is null ? null : replayer.Registry.Find(only) ?? throw StoreException.NoDevice(only, replayer.Folder, devices.Count);
        if (plot is not null && only is null && devices.Count > 1)
            throw new UsageException($"--plot {plot}: a picture is of one device, the store {replayer.Folder} has {devices.Count}; say which with --device.");
        if (plot is not null && devices.Count > 0)
            device ??= devices[0];
        var recording = plot is null ? null : new Recording(device?.Name ?? replayer.Folder);
        using var events = new EventWriter(console.Output, json);
        var summaries = json ? console.Error : console.Output;
        var (opened, first) = (0, replayer.Journal.First);
        using var progress = new ProgressLine(console.Error, "journal", () => replayer.Done);
        foreach (var outcome in replayer.Play(device, cancel))
        {
            progress.Show();
            foreach (var e in outcome.Alerts)
            {
                progress.Clear();
                events.Write(e);
                recording?.Add(e);
                opened += e.Status == AlertStatus.Opened ? 1 : 0;
            }

            foreach (var sample in outcome.Scores)
                recording?.Add(sample);
        }

        progress.Clear();
        events.Flush();
        summaries.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{replayer.Folder}: {(device is null ? $"{devices.Count} devices" : device.Name)}, {replayer.Readings} readings, {(opened == 1 ? "1 alert" : $"{opened} alerts")}{(first > 1 ? $"; the journal begins with entry {first}, so what was learned before it is missing here and alerts may differ from those that were sent" : "")}"));
        foreach (var came in devices.Where(d => device is null || d == device).OrderBy(d => d.Name, StringComparer.Ordinal))
        {
            if (replayer.ImportOf(came) is { } import)
                summaries.WriteLine($"{came.Name} was imported at {import.At} from {import.From}, and is lived from there: what it lived before is not in this journal");
        }

        if (recording is not null)
        {
            Plot.Save(recording, plot!);
            summaries.WriteLine($"{recording.Device}: drawn into {plot}");
        }

        return opened > 0 ? ExitCode.Findings : ExitCode.Fine;
    }

    /// <summary>Alert events to the output: lines for people, or CloudEvents.</summary>
    private sealed class EventWriter(TextWriter output, bool json) : IDisposable
    {
        private readonly ArrayBufferWriter<byte> _buffer = new();
        private readonly Dictionary<string, Severity> _told = [];

        public void Write(AlertEvent e)
        {
            if (!json)
            {
                // The record is over: that an alert went on says little, that it grew worse says much.
                if (e.Status != AlertStatus.Updated || e.Severity > _told.GetValueOrDefault(e.AlertId))
                    output.WriteLine(AlertLine.Of(e));
                _told[e.AlertId] = e.Severity;
                return;
            }

            _buffer.ResetWrittenCount();
            CloudEvent.Write(e, _buffer, Service.Line.EventSource);
            output.WriteLine(System.Text.Encoding.UTF8.GetString(_buffer.WrittenSpan));
        }

        public void Flush() => output.Flush();

        public void Dispose() => output.Flush();
    }

    private sealed class Tally
    {
        private readonly HashSet<string> _open = [];
        private int _late;
        private int _duplicates;

        public int Opened { get; private set; }

        public void Add(Outcome outcome)
        {
            (_late, _duplicates) = (_late + outcome.Late, _duplicates + outcome.Duplicates);
            foreach (var e in outcome.Alerts)
            {
                Opened += e.Status == AlertStatus.Opened ? 1 : 0;
                if (e.Status == AlertStatus.Resolved)
                    _open.Remove(e.AlertId);
                else
                    _open.Add(e.AlertId);
            }
        }

        public string Say(SeriesFile file, long readings, TimeSpan took)
        {
            var culture = CultureInfo.InvariantCulture;
            var alerts = Opened switch { 0 => "no alert", 1 => "1 alert", _ => string.Create(culture, $"{Opened} alerts") };
            var open = _open.Count > 0 ? string.Create(culture, $" ({_open.Count} still open at the end)") : "";
            var dropped = _late + _duplicates > 0 ? string.Create(culture, $", {_late} values late and {_duplicates} twice, not used") : "";
            var channels = file.Channels.Count > 1 ? string.Create(culture, $" of {file.Channels.Count} channels") : "";
            return string.Create(culture, $"{file.Device}: {readings} readings{channels}, {alerts}{open}{dropped}, {readings / Math.Max(took.TotalSeconds, 1e-6):0} readings/s");
        }
    }
}
