using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace StreamRnn.Storage;

/// <summary>All instruments of this room, under the meter <c>StreamRnn.Storage</c>.</summary>
internal static class Instruments
{
    public const string MeterName = "StreamRnn.Storage";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Bytes = Meter.CreateCounter<long>("streamrnn.journal.bytes", "By", "Bytes of entries that were committed");
    private static readonly Histogram<double> Commits = Meter.CreateHistogram<double>("streamrnn.journal.commit", "s", "How long a commit took");

    public static readonly Counter<long> Waits = Meter.CreateCounter<long>("streamrnn.journal.waits", "{attempt}", "Commits that failed and are tried again: no room on the disk, above all");
    public static readonly Counter<long> CheckpointBytes = Meter.CreateCounter<long>("streamrnn.checkpoint.bytes", "By", "Bytes of device states that were written");

    public static readonly ObservableGauge<double> CheckpointAge = Meter.CreateObservableGauge(
        "streamrnn.checkpoint.age", () => Writers!.Keys.Select(writer => new Measurement<double>(writer.Age.TotalSeconds)), "s", "Time since the last whole checkpoint began, or since the start where there was none");

    private static readonly ConcurrentDictionary<CheckpointWriter, bool> Writers = [];

    /// <summary>The age of its checkpoint is measured from now on.</summary>
    public static void Watch(CheckpointWriter writer) => Writers.TryAdd(writer, true);

    public static void Forget(CheckpointWriter writer) => Writers.TryRemove(writer, out _);

    public static void Committed(int bytes, TimeSpan took)
    {
        Bytes.Add(bytes);
        Commits.Record(took.TotalSeconds);
    }
}
