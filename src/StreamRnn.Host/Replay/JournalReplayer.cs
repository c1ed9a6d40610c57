using StreamRnn.Detection;
using StreamRnn.Host.Configuration;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Host.Replay;

/// <summary>
/// Lives again what a service has lived: the entries of its journal, in order, through the same fold, as they were when it was opened; the service may run meanwhile. One device alone lives as it
/// does among the others, so whoever asks for one waits for no other.
/// </summary>
internal sealed class JournalReplayer : IDisposable
{
    private readonly Detector _detector;
    private readonly WaitingRoom _room;
    private readonly Arrivals _own = new();
    private readonly List<Import> _imports;
    private long _done;

    /// <param name="folder">Of the store.</param>
    /// <param name="keepScores">Outcomes hold every scored sample.</param>
    /// <exception cref="StoreException">The store cannot be used.</exception>
    /// <exception cref="SnapshotException">A device that came from another store came from another layout.</exception>
    public JournalReplayer(string folder, Settings settings, DeviceGroups groups, bool keepScores)
    {
        (Folder, Registry) = (folder, DeviceRegistry.Unbounded(groups.Of));
        Journal = Journal.OpenAsItIs(folder, Registry);
        _detector = new Detector(settings.Detection with { KeepScores = keepScores }, settings.Alerts, BaseModel.Load(), Registry, groups.Models);
        _room = new WaitingRoom(settings.Ingest.MaxLateness);
        foreach (var import in _imports = Journal.Imports())
            _detector.Restore(Journal.Names.DeviceOf(import.Device), import.Position, import.State);
    }

    public string Folder { get; }

    public DeviceRegistry Registry { get; }

    public Journal Journal { get; }

    /// <summary>With which entry a device came from another store, when, and from where; null where it was born here. It is lived from there on.</summary>
    public (long Position, Instant At, string From)? ImportOf(Device device) =>
        _imports.Find(i => ReferenceEquals(Journal.Names.DeviceOf(i.Device), device)) is { } import ? (import.Position, import.At, import.From) : null;

    /// <summary>The share of the journal that was lived.</summary>
    public double Done => Journal.Position == 0 ? 1 : (double)_done / Journal.Position;

    /// <summary>Entries that were lived.</summary>
    public long Entries { get; private set; }

    /// <summary>Readings in them, of the device that was asked for or of all.</summary>
    public long Readings { get; private set; }

    /// <summary>Of the store that <c>streamrnn run</c> in this folder uses, or of the one named.</summary>
    public static JournalReplayer Open(string? store, bool keepScores)
    {
        var root = Settings.Read(Directory.GetCurrentDirectory(), []);
        var settings = Settings.From(root);
        return new JournalReplayer(Commands.StoreOption.FolderOf(store, settings), settings, DeviceGroups.Load(settings, root), keepScores);
    }

    /// <summary>Lives the journal, once.</summary>
    /// <param name="only">This device alone; null: all.</param>
    /// <exception cref="StoreException">An entry is damaged or missing.</exception>
    /// <returns>What came of each entry; valid until the next is asked for.</returns>
    public IEnumerable<Outcome> Play(Device? only, CancellationToken cancel)
    {
        foreach (var entry in Journal.ReadFrom(Journal.First))
        {
            cancel.ThrowIfCancellationRequested();
            var own = entry;
            if (only is not null)
                entry.CopyOf(only, own = _own);
            (_done, Entries, Readings) = (entry.Position, Entries + 1, Readings + own.Readings.ReadingCount);
            yield return _detector.Fold(_room.Take(own));
        }
    }

    public void Dispose()
    {
        _detector.Dispose();
        Journal.Dispose();
    }
}
