using System.Buffers;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using StreamRnn.Alerts;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Storage;

/// <summary>What was found at the start.</summary>
/// <param name="Devices">That the store knows.</param>
/// <param name="Checkpoint">The entry at which the checkpoint began; 0: none.</param>
/// <param name="Entries">Folded after it.</param>
/// <param name="Readings">In them.</param>
/// <param name="Heard">The listening clock of the last entry; null: there is none.</param>
public sealed record Recovered(int Devices, long Checkpoint, long Entries, long Readings, Instant? Heard);

/// <summary>
/// A folder with a journal and a checkpoint, and the order in which they are written:
/// entry → <see cref="Append"/> (durable) → acknowledged → folded → <see cref="Tell"/> → published → <see cref="Mark"/>ed; between entries, <see cref="Between"/> copies some states for the checkpoint.
/// All but <see cref="Mark"/> on one thread.
/// </summary>
public sealed class Store : IDisposable
{
    /// <summary>A tick that nothing came of is written with what follows it, after this time at the latest: a disk is not kept awake by the clock.</summary>
    private static readonly TimeSpan LongestQuiet = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(100), LongestWait = TimeSpan.FromSeconds(5);
    private const int TicksAtOnce = 64;

    private readonly StorageOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly StoreLock _lock;
    private readonly CheckpointFile _checkpoint;
    private readonly Dictionary<long, long> _imports = [];      // device → the entry with which it came from another store: rows before it are of what it replaced
    private CheckpointWriter? _writer;
    private Instant _lastCommit;
    private int _commits;

    private Store(string folder, StorageOptions options, StoreLock held, Journal journal, CheckpointFile checkpoint, TimeProvider clock, ILogger log)
    {
        (Folder, _options, _lock, Journal, _checkpoint, _clock, _log) = (folder, options, held, journal, checkpoint, clock, log);
    }

    public string Folder { get; }

    public Journal Journal { get; }

    /// <summary>Called while a commit has to be tried again, so that somebody else can see that we live.</summary>
    public event Action? Waiting;

    /// <summary>Opens a store, makes it where there is none, and enters its names into the registry, which knows no device yet.</summary>
    /// <exception cref="StoreException">It cannot be used, or another process uses it: the message says why and what to do.</exception>
    public static Store Open(string folder, StorageOptions options, DeviceRegistry registry, TimeProvider clock, ILogger log)
    {
        var held = StoreLock.Take(folder, clock);
        Journal? journal = null;
        try
        {
            journal = Journal.Open(folder, registry, durable: options.Durable, vfs: options.Vfs);
            CheckpointFile checkpoint;
            try
            {
                checkpoint = CheckpointFile.Open(folder, journal.StoreId, durable: options.Durable, vfs: options.Vfs);
            }
            catch (StoreException e) when (journal.First <= 1 && journal.Position > 0)
            {
                LogMessages.FoldsAll(log, e.Message);
                PutAside(folder);
                checkpoint = CheckpointFile.Open(folder, journal.StoreId, durable: options.Durable, vfs: options.Vfs);
            }

            return new Store(folder, options, held, journal, checkpoint, clock, log);
        }
        catch
        {
            journal?.Dispose();
            held.Dispose();
            throw;
        }
    }

    /// <summary>Loads the checkpoint and folds the entries after it. Alerts that come of them go into the outbox, where they are not there already.</summary>
    /// <param name="begin">Makes a detector and a waiting room that have folded nothing; once, or twice where the first cannot be used.</param>
    /// <param name="told">Is told what came of each entry, valid during the call.</param>
    /// <exception cref="StoreException">Something is damaged or missing that cannot be made again.</exception>
    public Recovered Recover(Func<(Detector Detector, WaitingRoom Room)> begin, Action<Outcome> told)
    {
        var began = _clock.GetTimestamp();
        var (detector, room) = begin();
        var position = 0L;
        Insist(Journal.MakeDurable, Journal.Path, CancellationToken.None);
        var imports = Journal.Imports();
        foreach (var import in imports)
            _imports[import.Device] = import.Position;
        try
        {
            Insist(_checkpoint.MakeDurable, _checkpoint.Path, CancellationToken.None);
            position = LoadCheckpoint(detector, room);
        }
        catch (Exception e) when (e is DamageException or SnapshotException)
        {
            if (Journal.First > 1)
                throw new StoreException($"{_checkpoint.Path}: {e.Message}. The journal begins at entry {Journal.First}, so it cannot be made again. {StoreException.WhatToDo} Nothing was changed.", e);
            LogMessages.FoldsAll(_log, e.Message);
            detector.Dispose();
            (detector, room) = begin();
        }

        LoadImports(imports, detector);
        var (entries, readings) = FoldFrom(position + 1, detector, room, told);
        Instant? heard = position + entries > 0 ? detector.Heard : null;
        Commit(CancellationToken.None);
        _writer = new CheckpointWriter(_checkpoint, Journal, detector, room, _options, position, _clock, _log);
        LogMessages.Recovered(_log, Journal.Names.DeviceCount, Folder, position, entries, readings, _clock.GetElapsedTime(began).TotalSeconds);
        return new Recovered(Journal.Names.DeviceCount, position, entries, readings, heard);
    }

    /// <summary>Writes an entry to the disk, and gives it its position. Waits, and tries again, where the disk has no room: what is not written is not acknowledged. A quiet tick may be written later.</summary>
    /// <exception cref="OperationCanceledException">Asked to stop while waiting. The entry is not acknowledged; it may be written when the store is closed.</exception>
    /// <exception cref="StoreException">The file is damaged.</exception>
    public void Append(Arrivals entry, CancellationToken cancel)
    {
        Journal.Add(entry);
        // The past from files can be read again, so it is written with what comes next.
        var quiet = entry.Past || (entry.Readings.ReadingCount == 0 && entry.Commands.Count == 0 && !Journal.HasNews && (entry.Now - _lastCommit).Duration() < LongestQuiet);
        if (quiet)
            return;
        Insist(() => Retain(entry.Now), Journal.Path, cancel);
        Commit(cancel);
        _lastCommit = entry.Now;
    }

    /// <summary>Takes in what came of the last entry, before any of it is published: its alerts go to the disk with the next entry, and can be made again until then. Ticks that led to something are written first.</summary>
    public void Tell(Outcome outcome, CancellationToken cancel)
    {
        Journal.Add(outcome.Alerts, Journal.Position);
        if (Journal.HasEntries && outcome.Alerts.Count + outcome.States.Count + outcome.Replies.Count > 0)
            Commit(cancel);
    }

    /// <summary>What the broker has answered: goes to the disk with the next entry. From any thread.</summary>
    public void Mark(AlertEvent alert, bool shown, bool refused) => Journal.Mark(new Mark(alert.AlertId, alert.Sequence, shown, refused));

    /// <inheritdoc cref="CheckpointWriter.IsAmid"/>
    internal bool IsAmidCheckpoint => _writer?.IsAmid == true;

    /// <summary>The next alert events that no broker has answered for; those that are only in memory are written first.</summary>
    /// <inheritdoc cref="Journal.Unsent"/>
    public IReadOnlyList<AlertEvent> Unsent(string? behind, int most, CancellationToken cancel)
    {
        if (Journal.HasNews)
            Commit(cancel);
        IReadOnlyList<AlertEvent> found = [];
        Insist(() => found = [.. Journal.Unsent(behind, most)], Journal.Path, cancel);
        return found;
    }

    /// <summary>Copies some states for the checkpoint, a millisecond or so, where one is due. Called when the entry and all that came of it are through.</summary>
    public void Between() => _writer?.Step();

    /// <inheritdoc cref="CheckpointWriter.WriteSlice"/>
    internal bool WriteSlice() => _writer?.WriteSlice() ?? true;

    /// <summary>Whether a device was known before: then past readings from files would be learned a second time.</summary>
    public bool Knows(Device device) => Journal.Names.Knows(device);

    /// <summary>Writes what is left, and a last checkpoint.</summary>
    public void Close(TimeSpan grace)
    {
        try
        {
            Journal.Commit();
            _writer?.Finish(grace);
        }
        catch (SqliteException e)
        {
            LogMessages.CannotClose(_log, Journal.Path, Sqlite.Why(e));       // the next start recovers what was committed
        }
    }

    public void Dispose()
    {
        _writer?.Dispose();
        _checkpoint.Dispose();
        Journal.Dispose();
        _lock.Dispose();
    }

    private void Commit(CancellationToken cancel) => Insist(Journal.Commit, Journal.Path, cancel);

    // Until it is written, or read, however long that takes.
    private void Insist(Action write, string path, CancellationToken cancel)
    {
        for (var (delay, failed) = (ShortestWait, false); ; failed = true)
        {
            try
            {
                write();
                if (failed)
                    LogMessages.CanWrite(_log, path);
                return;
            }
            catch (Exception e) when ((e as SqliteException ?? e.InnerException as SqliteException) is { } passing && Sqlite.MayPass(passing))
            {
                LogMessages.CannotWrite(_log, path, Sqlite.Why(passing), delay);
                Instruments.Waits.Add(1);
                Waiting?.Invoke();
            }
            catch (SqliteException e)
            {
                throw Sqlite.Fault(path, "writing to it", e);
            }

            Pause.For(delay, _clock, cancel);
            delay = delay * 2 < LongestWait ? delay * 2 : LongestWait;
        }
    }

    private void Retain(Instant now)
    {
        if (_commits++ % TicksAtOnce != 0 || _writer is null)
            return;
        var needed = _writer.Position;                      // that entry stays too: the journal is never empty, so its numbers go on
        Journal.Prune(needed, now + -_options.History, _options.MaxBytes);
        if (needed <= Journal.First + 1 && Journal.Bytes > _options.MaxBytes)
            LogMessages.TooLarge(_log, Journal.Bytes);
    }

    private long LoadCheckpoint(Detector detector, WaitingRoom room)
    {
        var common = _checkpoint.ReadCommon();
        if (common is null && Journal.First <= 1)
            return 0;
        if (common is null)
            throw new StoreException($"{_checkpoint.Path} holds no checkpoint, and the journal begins at entry {Journal.First}: what came before is missing. {StoreException.WhatToDo}");
        var (position, state, waiting) = common.Value;
        if (position > Journal.Position || (Journal.First > position + 1 && Journal.Position > position))
            throw new StoreException($"{_checkpoint.Path} reflects entry {position}, {Storage.Journal.FileName} beside it holds entries {Journal.First} to {Journal.Position}: they do not belong together, or one is damaged. Restore both from one back-up.");
        detector.RestoreCommon(state);
        LoadDevices(detector);
        room.Restore(waiting, Journal.Names.ChannelOf);
        return position;
    }

    // One lot of rows is read while the shards take in the one before.
    private void LoadDevices(Detector detector)
    {
        using var threads = new ShardThreads(detector);
        using var lots = _checkpoint.ReadDevices().GetEnumerator();
        var others = 0;
        for (var more = lots.MoveNext(); more;)
        {
            var rows = lots.Current;
            var next = Task.Run(lots.MoveNext);
            try
            {
                threads.ForEach(shard => Interlocked.Add(ref others, Restore(rows, detector, shard)));
            }
            finally
            {
                more = next.GetAwaiter().GetResult();
            }
        }

        if (others > 0)
            LogMessages.AnotherModel(_log, others);
    }

    /// <returns>How many could not be taken over wholly.</returns>
    private int Restore(DeviceRows rows, Detector detector, int shard)
    {
        var others = 0;
        for (var i = 0; i < rows.Count; i++)
        {
            var (id, position) = (rows.DeviceOf(i), rows.PositionOf(i));
            if (id < 1 || id > Journal.Names.DeviceCount || position > Journal.Position)
                throw new DamageException($"a row is of device {id} at entry {position}, the journal knows {Journal.Names.DeviceCount} devices and {Journal.Position} entries");
            var device = Journal.Names.DeviceOf((int)id);
            if (device.Shard != shard || position < _imports.GetValueOrDefault(id))
                continue;
            try
            {
                if (!rows.IsWhole(i))
                    throw new SnapshotException($"the checksum of the row of {device.Name} does not fit its bytes");
                if (detector.Restore(device, position, rows.StateOf(i)) != Anew.Nothing)
                    others++;
            }
            catch (SnapshotException e) when (Journal.First > 1)
            {
                LogMessages.LearnsAnew(_log, device.Name, e.Message);
            }
        }

        return others;
    }

    // Of a device that came from another store and was not written since, the state is the one that it came with.
    private void LoadImports(IEnumerable<Import> imports, Detector detector)
    {
        foreach (var import in imports)
        {
            var device = Journal.Names.DeviceOf(import.Device);
            if (detector.Knows(device))
                continue;
            try
            {
                if (detector.Restore(device, import.Position, import.State) != Anew.Nothing)
                    LogMessages.AnotherModel(_log, 1);
            }
            catch (SnapshotException e)
            {
                LogMessages.LearnsAnew(_log, device.Name, e.Message);
            }
        }
    }

    private (long Entries, long Readings) FoldFrom(long first, Detector detector, WaitingRoom room, Action<Outcome> told)
    {
        using var threads = new ShardThreads(detector);
        var (entries, readings, said) = (0L, 0L, _clock.GetTimestamp());
        foreach (var entry in Journal.ReadFrom(first))
        {
            entries++;
            readings += entry.Readings.ReadingCount;
            _lastCommit = entry.Now;
            var outcome = threads.Fold(room.Take(entry));
            Journal.Add(outcome.Alerts, entry.Position);
            told(outcome);
            if (entries % 256 != 0 || _clock.GetElapsedTime(said) < TimeSpan.FromSeconds(2))
                continue;
            said = _clock.GetTimestamp();
            LogMessages.Recovering(_log, entries, Journal.Position - first + 1);
        }

        return (entries, readings);
    }

    /// <summary>Deletes a store that nobody uses: its own files, and the folder if nothing else is in it.</summary>
    /// <exception cref="StoreException">Another process uses it.</exception>
    public static void Forget(string folder)
    {
        using (StoreLock.Take(folder, TimeProvider.System))
        {
            foreach (var name in (string[])[Journal.FileName, CheckpointFile.FileName])
            {
                foreach (var suffix in (string[])["", "-wal", "-shm", ".damaged"])
                    File.Delete(Path.Combine(folder, name + suffix));
            }
        }

        StoreLock.Forget(folder);
        if (!Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }

    private static void PutAside(string folder)
    {
        var path = Path.Combine(folder, CheckpointFile.FileName);
        File.Move(path, path + ".damaged", overwrite: true);
        File.Delete(path + "-wal");
        File.Delete(path + "-shm");
    }
}
