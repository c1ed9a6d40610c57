using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Storage.Simulation;

/// <summary>What SQLite asks of a file.</summary>
internal enum DiskOperation { Read, Write, Sync, Truncate, Delete }

/// <summary>What a disk makes of it.</summary>
/// <param name="Code">The error of SQLite's that it answers; 0: none.</param>
/// <param name="Share">How much of the operation takes effect nevertheless, 0 to 1: of a write that many bytes.</param>
/// <param name="Dies">It is the last that happens: from here on nothing reaches the files, and everything is an error.</param>
internal readonly record struct DiskAnswer(int Code, double Share, bool Dies)
{
    public const int Full = 13, ReadError = 266, WriteError = 778, SyncError = 1034, Damaged = 11;

    public static DiskAnswer Fine { get; } = new(0, 1, false);
}

/// <summary>
/// A folder on a disk that fails when it is told to, and that knows of every file what was written since it was last synced: at a loss of power that is lost, partly or wholly. SQLite reaches it through
/// <see cref="DiskVfs"/>, so that all of it is put to the test: commits, recovery of its log, creation and closing of files.
/// </summary>
internal sealed class Disk : IDisposable
{
    private const int Sector = 512;

    private static readonly ConcurrentDictionary<string, Disk> All = [];

    private readonly Lock _gate = new();                    // a service has a thread for each of its files
    private readonly Dictionary<string, List<Change>> _unsynced = [];
    private readonly List<(string Path, byte[] Bytes)> _deleted = [];     // while the folder was not synced

    public Disk(string folder)
    {
        DiskVfs.Register();
        Folder = folder;
        Assert.True(All.TryAdd(folder, this), folder);
    }

    public string Folder { get; }

    /// <summary>Is asked before each operation; null: all goes well.</summary>
    public Func<DiskOperation, string, DiskAnswer>? Asked { get; set; }

    /// <summary>Nothing reaches the files any more.</summary>
    public bool IsDead { get; set; }

    /// <summary>Of the process: what an earlier one left open reaches nothing.</summary>
    public int Life { get; private set; }

    public static Disk? Of(string path) => All.GetValueOrDefault(Path.GetDirectoryName(path)!);

    /// <summary>The process is gone: what it wrote stays. All files are closed.</summary>
    public void Revive()
    {
        _unsynced.Clear();
        _deleted.Clear();
        IsDead = false;
        Life++;
    }

    /// <summary>The power was lost: of what was not synced any part is there, sector by sector. All files are closed.</summary>
    public void LosePower(Seeded random)
    {
        foreach (var (path, bytes) in _deleted)
        {
            if (random.Chance(0.5) && !File.Exists(path))
                File.WriteAllBytes(path, bytes);
        }

        foreach (var (path, changes) in _unsynced)
        {
            if (!File.Exists(path))
                continue;
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            for (var i = changes.Count - 1; i >= 0; i--)
                changes[i].Undo(file);
            var often = random.Next(3) switch { 0 => 0.0, 1 => 0.5, _ => 0.95 };
            foreach (var change in changes)
                change.Redo(file, () => random.Chance(often), Sector);
        }

        Revive();
    }

    public void Dispose() => All.TryRemove(Folder, out _);

    public DiskAnswer Ask(DiskOperation operation, string path)
    {
        if (IsDead)
            return new DiskAnswer(10, 0, true);
        var answer = Asked?.Invoke(operation, Path.GetFileName(path)) ?? DiskAnswer.Fine;
        IsDead = answer.Dies;
        return answer;
    }

    public int Write(string path, SafeFileHandle file, ReadOnlySpan<byte> bytes, long at)
    {
        using var _ = _gate.EnterScope();
        var answer = Ask(DiskOperation.Write, path);
        bytes = bytes[..(int)(answer.Share * bytes.Length)];
        if (bytes.Length > 0)
        {
            Changes(path).Add(Change.Of(file, at, bytes.ToArray(), Math.Max(at + bytes.Length, RandomAccess.GetLength(file))));
            RandomAccess.Write(file, bytes, at);
        }

        return answer.Code;
    }

    public int Truncate(string path, SafeFileHandle file, long length)
    {
        using var _ = _gate.EnterScope();
        var answer = Ask(DiskOperation.Truncate, path);
        if (answer.Share >= 1)
        {
            Changes(path).Add(Change.Of(file, length, [], length));
            RandomAccess.SetLength(file, length);
        }

        return answer.Code;
    }

    /// <param name="folderToo">The first sync of a new log makes the folder durable too.</param>
    public int Sync(string path, bool folderToo)
    {
        using var _ = _gate.EnterScope();
        var answer = Ask(DiskOperation.Sync, path);
        if (answer.Share >= 1)
        {
            _unsynced.Remove(path);
            if (folderToo)
                _deleted.Clear();
        }

        return answer.Code;
    }

    public int Delete(string path)
    {
        using var _ = _gate.EnterScope();
        var answer = Ask(DiskOperation.Delete, path);
        if (answer.Share < 1 || !File.Exists(path))
            return answer.Code;
        _deleted.Add((path, File.ReadAllBytes(path)));
        _unsynced.Remove(path);
        File.Delete(path);
        return answer.Code;
    }

    private List<Change> Changes(string path)
    {
        if (!_unsynced.TryGetValue(path, out var changes))
            _unsynced.Add(path, changes = []);
        return changes;
    }

    /// <summary>New bytes from an offset on, and the length after it; what was there before.</summary>
    private readonly record struct Change(long At, byte[] Bytes, long Length, byte[] OldBytes, long OldLength)
    {
        public static Change Of(SafeFileHandle file, long at, byte[] bytes, long length)
        {
            var oldLength = RandomAccess.GetLength(file);
            var old = new byte[Math.Max(0, (length < oldLength ? oldLength : Math.Min(oldLength, at + bytes.Length)) - at)];
            RandomAccess.Read(file, old, at);
            return new Change(at, bytes, length, old, oldLength);
        }

        public void Undo(SafeFileHandle file)
        {
            RandomAccess.SetLength(file, OldLength);
            RandomAccess.Write(file, OldBytes, At);
        }

        public void Redo(SafeFileHandle file, Func<bool> happens, int sector)
        {
            if (Bytes.Length == 0 && happens())
                RandomAccess.SetLength(file, Length);
            for (var start = 0; start < Bytes.Length; start += sector)
            {
                if (happens())
                    RandomAccess.Write(file, Bytes.AsSpan(start, Math.Min(sector, Bytes.Length - start)), At + start);
            }
        }
    }
}
