using System.Buffers;
using System.Globalization;
using System.Text.Json;
using StreamRnn.Alerts;
using StreamRnn.Host.Replay;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Host.Explaining;

/// <summary>How much around an alert is shown: so many readings, or so long.</summary>
internal readonly record struct Around(int Readings, TimeSpan? Time);

/// <summary>An alert and what led to it: its events as they were told, and as they come when the journal is lived again; the readings around it as the detector saw them.</summary>
/// <param name="Told">As the journal keeps them, in order; at least one.</param>
/// <param name="Again">What living the journal again made of the same alert.</param>
/// <param name="Samples">Of the alert's device, in order: before it opened, in it, and after it.</param>
/// <param name="PeakAt">The reading in the alert that was rarest; null where none was read in it.</param>
/// <param name="First">The entry that the journal begins with.</param>
/// <param name="Entries">Lived.</param>
/// <param name="Readings">Of the device, in them.</param>
/// <param name="Came">In words, that the device was imported, when and from where; null where it was born here.</param>
internal sealed record Explanation(
    IReadOnlyList<AlertEvent> Told, IReadOnlyList<AlertEvent> Again, IReadOnlyList<ScoredSample> Samples, Instant? PeakAt, long First, long Entries, long Readings, string? Came)
{
    private const double LeastShare = .1;

    public AlertEvent Opening => Told[0];

    public AlertEvent Last => Told[^1];

    public bool IsOver => Last.Status == AlertStatus.Resolved;

    /// <summary>The reading (or missed deadline) that ended it; null while it is open.</summary>
    public Instant? ClosedAt => IsOver ? Last.EventTime : null;

    /// <summary>Whether the same events came again, byte for byte.</summary>
    public bool IsSame => Difference is null;

    /// <summary>How what came again differs from what was told; null where it does not.</summary>
    public string? Difference => _difference ??= Compare();

    private string? _difference;

    /// <summary>The channels that had a tenth of it or more when it opened, as far as they were read, with their part; where nothing is said of parts, the first that was read.</summary>
    public IReadOnlyList<(string Name, double Share)> Channels => _channels ??= Parts();

    private IReadOnlyList<(string, double)>? _channels;

    /// <summary>Why it may differ; empty where it does not.</summary>
    public string Why => IsSame ? ""
        : Came is not null && Again.Count == 0 ? Came + ": what it lived before is not in this journal"
        : Again.Count > 0 && (Again[0].ModelId, Again[0].ModelVersion) != (Opening.ModelId, Opening.ModelVersion)
            ? $"it was made with the model {Opening.ModelId} {Opening.ModelVersion}, here predicts {Again[0].ModelId} {Again[0].ModelVersion}"
        : First > 1 ? string.Create(CultureInfo.InvariantCulture, $"the journal begins with entry {First}: what was learned before it is missing here (StreamRnn:Storage:History)")
        : Opening.Kind == AlertKind.Silence ? "when a silence is noticed depends on when the clock was looked at; or the configuration (StreamRnn:Detection, Alerts, Groups) or the program was another"
        : "the configuration (StreamRnn:Detection, Alerts, Groups) or the program was another when it was told";

    /// <summary>Lives the device's readings again, as far as they matter to the alert.</summary>
    /// <param name="told">The alert's events.</param>
    /// <exception cref="Storage.StoreException">An entry is damaged or missing.</exception>
    public static Explanation Of(IReadOnlyList<AlertEvent> told, JournalReplayer replayer, Around around, Action progress, CancellationToken cancel)
    {
        var (id, name, opened) = (told[0].AlertId, told[0].Device, told[0].OpenedAt);
        var ends = told[^1].Status == AlertStatus.Resolved ? told[^1].EventTime : (Instant?)null;
        var device = replayer.Registry.Devices.First(d => d.Name == name);
        var again = new List<AlertEvent>();
        var before = new Queue<List<ScoredSample>>();
        var since = new List<ScoredSample>();
        var after = 0;
        foreach (var outcome in replayer.Play(device, cancel))
        {
            progress();
            again.AddRange(outcome.Alerts.Where(e => e.AlertId == id));
            foreach (var sample in outcome.Scores)
            {
                var isFirst = since.Count == 0 || since[^1].Time != sample.Time;
                if (sample.Time < opened && since.Count == 0)
                    Remember(before, sample, around, opened);
                else if (ends is { } end && sample.Time > end && (around.Time is { } span ? sample.Time > end + span : (after += isFirst ? 1 : 0) > around.Readings))
                    after = int.MaxValue / 2;
                else
                    since.Add(sample);
            }

            if (after >= int.MaxValue / 2 && again.Exists(e => e.Status == AlertStatus.Resolved))
                break;
        }

        List<ScoredSample> samples = [.. before.SelectMany(reading => reading), .. since];
        var inside = samples.Where(s => s.Time >= opened && (ends is null || s.Time <= ends)).ToList();
        return new Explanation(told, again, samples, inside.Count == 0 ? null : inside.MaxBy(s => s.Now).Time, replayer.Journal.First, replayer.Entries, replayer.Readings,
            replayer.ImportOf(device) is { } import ? $"{device.Name} was imported at {import.At} from {import.From}" : null);
    }

    private List<(string, double)> Parts()
    {
        var read = Samples.Select(s => s.Channel.Name).Distinct().ToList();
        var parts = Opening.Contributions.Where(c => c.Share >= LeastShare && read.Contains(c.Channel)).Select(c => (c.Channel, c.Share)).ToList();
        if (Opening.Channel is { } main && read.Contains(main) && !parts.Exists(p => p.Channel == main))
            parts.Insert(0, (main, 1));
        return parts.Count > 0 ? parts : [.. read.Take(1).Select(name => (name, 1.0))];
    }

    private static void Remember(Queue<List<ScoredSample>> before, in ScoredSample sample, Around around, Instant opened)
    {
        if (around.Time is { } span && sample.Time < opened + -span)
            return;
        if (before.Count > 0 && before.Last()[0].Time == sample.Time)
        {
            before.Last().Add(sample);
            return;
        }

        before.Enqueue([sample]);
        if (around.Time is null && before.Count > around.Readings)
            before.Dequeue();
    }

    // Of events that were told and are not kept any more nothing can be said.
    private string? Compare()
    {
        if (Again.Count == 0)
            return "it does not open when the journal is lived again";
        foreach (var told in Told)
        {
            var again = Again.FirstOrDefault(e => e.Sequence == told.Sequence);
            if (again is null)
                return $"event {told.Id} ({AlertWords.Of(told.Status)}) does not come when the journal is lived again";
            if (Members(told).Zip(Members(again)).Where(pair => pair.First.Value.GetRawText() != pair.Second.Value.GetRawText()).Select(pair => pair.First.Name).ToList() is { Count: > 0 } others)
                return $"event {told.Id} ({AlertWords.Of(told.Status)}) comes with another {string.Join(", ", others)}";
        }

        return Again.Count > Told.Count && IsOver && Again[^1].Sequence > Last.Sequence ? $"it goes on after event {Last.Id}" : null;
    }

    private static IEnumerable<JsonProperty> Members(AlertEvent e)
    {
        var buffer = new ArrayBufferWriter<byte>();
        AlertJson.WriteData(e, buffer);
        using var json = JsonDocument.Parse(buffer.WrittenMemory);
        return [.. json.RootElement.Clone().EnumerateObject()];
    }
}
