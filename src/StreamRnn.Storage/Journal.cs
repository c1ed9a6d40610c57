using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using StreamRnn.Alerts;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Storage;

/// <summary>
/// All inputs of the detector in order, in one SQLite file: entries, the names that they mention, and the outbox of alerts. What is added is kept in memory until <see cref="Commit"/> has written all of it
/// in one durable transaction (WAL, synchronous FULL); a commit that fails changes nothing and can be tried again. One thread adds and commits; <see cref="Mark"/> may come from any.
/// </summary>
public sealed class Journal : IDisposable
{
    internal const string FileName = "journal.db";
    internal const int Kind = 0x53526A31;                   // "SRj1"
    internal const int Layout = 1;
    private const int RowsAtOnce = 256;
    private const int MostPruned = 4096;                   // in one commit: some milliseconds
    private const int CharsOfStoreId = 32;

    private const string Schema = NameTable.Schema + """
        CREATE TABLE entries (position INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL UNIQUE, alert TEXT NOT NULL, sequence INTEGER NOT NULL, position INTEGER NOT NULL,
            open INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0, shown INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL, crc INTEGER NOT NULL);
        CREATE INDEX outbox_alert ON outbox (alert, sequence);
        CREATE INDEX outbox_unsent ON outbox (number) WHERE sent = 0;
        CREATE TABLE store (id TEXT NOT NULL);
        INSERT INTO store VALUES (lower(hex(randomblob(16))));
        """;

    private readonly SqliteConnection _connection;
    private readonly AlertOutbox _outbox;
    private readonly NameTable _names;
    private readonly SqliteCommand _addEntry, _begin, _commit, _read, _prune;
    private readonly Packer _packer = new();
    private readonly List<(long Position, int End)> _rows = [];
    private readonly Packer _bodies = new();                // of the rows
    private readonly ConcurrentQueue<Mark> _marks = new();
    private Import? _import;
    private long _committed, _told, _pruneTo;

    private Journal(string path, SqliteConnection connection, DeviceRegistry registry)
    {
        (Path, _connection) = (path, connection);
        _addEntry = Sqlite.Prepare(connection, "INSERT INTO entries VALUES (@p, @b)", "@p", "@b");
        _begin = Sqlite.Prepare(connection, "BEGIN IMMEDIATE");
        _commit = Sqlite.Prepare(connection, "COMMIT");
        _read = Sqlite.Prepare(connection, "SELECT position, body FROM entries WHERE position >= @p ORDER BY position LIMIT @n", "@p", "@n");
        _prune = Sqlite.Prepare(connection, "DELETE FROM entries WHERE position < @p", "@p");
        _outbox = new AlertOutbox(path, connection);
        _names = new NameTable(path, connection, Names);
        try
        {
            _names.Load(registry);
            StoreId = Sqlite.Text(connection, "SELECT id FROM store");
            if (StoreId.Length != CharsOfStoreId)
                throw new StoreException($"{path}: the number of the store is damaged: found is '{StoreId}', expected {CharsOfStoreId} hexadecimal digits. {WhatToDo}");
            Position = Sqlite.Number(connection, "SELECT max(position) FROM entries");
            First = Sqlite.Number(connection, "SELECT min(position) FROM entries");
            // All entries may be gone, the outbox not: numbers never go back.
            Position = Math.Max(Position, Sqlite.Number(connection, "SELECT max(position) FROM outbox"));
            (_committed, _told) = (Position, Position);
        }
        catch (SqliteException e)
        {
            throw Sqlite.Fault(path, "reading what it holds", e);
        }
    }

    public string Path { get; }

    /// <summary>Drawn when the file was made: the checkpoint beside it says whose it is.</summary>
    public string StoreId { get; }

    /// <summary>Of the last entry that was added; 0: none.</summary>
    public long Position { get; private set; }

    /// <summary>Of the oldest entry that is kept; 0: none.</summary>
    public long First { get; private set; }

    /// <summary>Up to which entries, and the alerts that came of them, are on the disk. Readable from any thread.</summary>
    public long Committed => Volatile.Read(ref _committed);

    /// <summary>Whether there is something that only the memory has.</summary>
    public bool HasPending => _rows.Count > 0 || _outbox.HasPending || !_marks.IsEmpty;

    /// <summary>Whether entries wait to be written.</summary>
    public bool HasEntries => _rows.Count > 0;

    /// <summary>Whether alerts or marks wait to be written: with the next entry, if it is only a tick.</summary>
    public bool HasNews => _outbox.HasPending || !_marks.IsEmpty;

    internal Names Names { get; } = new();

    /// <summary>Opens the journal of a folder, makes it where there is none, and enters its names into the registry.</summary>
    /// <exception cref="StoreException">It cannot be used: the message says why and what to do.</exception>
    public static Journal Open(string folder, DeviceRegistry registry, bool readOnly = false, bool durable = true, string? vfs = null)
    {
        var path = System.IO.Path.Combine(folder, FileName);
        var connection = Sqlite.Open(path, Kind, Layout, Schema, readOnly, durable, vfs);
        try
        {
            return new Journal(path, connection, registry);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Opens the journal of a folder to be read as it is at this moment: what a service commits meanwhile is not seen, and what it lets go of stays.</summary>
    /// <exception cref="StoreException">It cannot be used.</exception>
    public static Journal OpenAsItIs(string folder, DeviceRegistry registry)
    {
        var path = System.IO.Path.Combine(folder, FileName);
        var connection = Sqlite.Open(path, Kind, Layout, Schema, readOnly: true);
        try
        {
            Sqlite.Run(connection, "BEGIN");                // what is read first, the names, says which moment that is
            return new Journal(path, connection, registry);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Takes an entry in, which gets its position. Nothing is written before <see cref="Commit"/>.</summary>
    public void Add(Arrivals entry)
    {
        entry.Position = Position + 1;
        EntryCodec.Write(entry, entry.Position, Names, _packer);
        _bodies.Append(_packer.Bytes);
        _rows.Add((++Position, _bodies.Length));
    }

    /// <summary>Takes in the alerts that came of an entry, also where there are none.</summary>
    public void Add(IReadOnlyList<AlertEvent> alerts, long position)
    {
        foreach (var alert in alerts)
            _outbox.Add(alert, position);
        _told = position;
    }

    /// <summary>Takes in that a device came from another store, with the entry that was added last.</summary>
    internal void Add(Import import) => _import = import;

    /// <summary>The devices that came from other stores, in the order in which they came.</summary>
    /// <exception cref="StoreException">One is damaged.</exception>
    internal List<Import> Imports() => ImportTable.Read(_connection, Path);

    /// <summary>What the broker has answered to an alert event. From any thread.</summary>
    public void Mark(in Mark mark) => _marks.Enqueue(mark);

    /// <summary>Writes all that was added, in one durable transaction.</summary>
    /// <exception cref="SqliteException">Nothing was written, nothing is lost: it can be tried again.</exception>
    public void Commit()
    {
        if (!HasPending)
        {
            Volatile.Write(ref _committed, Math.Min(Position, _told));      // the last entry led to nothing
            return;
        }

        var began = Stopwatch.GetTimestamp();
        var marks = _marks.Count;
        try
        {
            _begin.ExecuteNonQuery();
            _names.Add();
            var start = 0;
            foreach (var (position, end) in _rows)
            {
                Sqlite.Run(_addEntry, position, _bodies.Bytes[start..end].ToArray());
                start = end;
            }

            if (_import is not null)
                ImportTable.Write(_connection, _import);
            _outbox.Write(_marks.Take(marks));
            if (_pruneTo > First && First > 0)
            {
                Sqlite.Run(_prune, _pruneTo);
                _outbox.Prune(_pruneTo);
            }

            _commit.ExecuteNonQuery();
        }
        catch (SqliteException)
        {
            RollBack();
            throw;
        }

        Instruments.Committed(_bodies.Length, Stopwatch.GetElapsedTime(began));
        _names.Added();
        if (First == 0 && _rows.Count > 0)
            First = _rows[0].Position;
        First = Math.Max(First, _pruneTo);
        _pruneTo = 0;
        for (; marks > 0; marks--)
            _marks.TryDequeue(out _);
        _outbox.Written();
        _import = null;
        _rows.Clear();
        _bodies.Clear();
        Volatile.Write(ref _committed, Math.Min(Position, _told));
    }

    /// <summary>The committed entries from a position on, in order. One object, filled anew for each.</summary>
    /// <exception cref="StoreException">An entry is damaged or missing: the message says which.</exception>
    public IEnumerable<Arrivals> ReadFrom(long position)
    {
        var entry = new Arrivals();
        var rows = new List<(long Position, byte[] Body)>();
        while (true)
        {
            rows.Clear();
            ReadRows(position, rows);
            foreach (var (found, body) in rows)
            {
                if (found != position && !(position <= First && found == First))
                    throw new StoreException($"{Path}: entry {position} is missing, the next is {found}. {WhatToDo}");
                if (!EntryCodec.TryRead(body, found, Names, entry, out var problem))
                    throw new StoreException($"{Path}: entry {found} is damaged: {problem}. {WhatToDo}");
                yield return entry;
                position = found + 1;
            }

            if (rows.Count < RowsAtOnce)
                yield break;
        }
    }

    /// <summary>Alert events that no broker has answered yet, oldest first, those that one refused in an earlier life included.</summary>
    /// <param name="behind">Only those that were written after this event, which is kept; null: all.</param>
    /// <param name="most">So many at most.</param>
    public IEnumerable<AlertEvent> Unsent(string? behind = null, int most = int.MaxValue) => _outbox.ReadUnsent(behind, most);

    /// <summary>Of each alert the last event, where the retained topic of what is open may not have it: of open alerts all, of others those that were not answered for.</summary>
    public IEnumerable<(AlertEvent Alert, bool Shown)> LastEvents() => _outbox.ReadLast();

    /// <summary>All alert events that are kept, oldest first, with the position of the entry that they came of.</summary>
    public IEnumerable<(AlertEvent Alert, long Position)> Alerts() => _outbox.ReadAll();

    /// <summary>Lets go of entries that are older than wished for and not needed: 4096 with each call at most, so that no commit takes long.</summary>
    /// <param name="needed">The first entry that recovery needs: it and all after it stay.</param>
    /// <param name="oldest">Entries from this time on stay, unless there are too many bytes.</param>
    /// <remarks>It happens with the next <see cref="Commit"/>.</remarks>
    public void Prune(long needed, Instant oldest, long maxBytes)
    {
        var until = First;
        if (First == 0)
            return;
        var (bytes, entries) = (Bytes, Math.Max(1, Position - First + 1));
        // Entries are about in the order of their times: a few looks find how many at the beginning are too old.
        for (var step = MostPruned; step > 0; step /= 2)
        {
            if (until + step - First <= MostPruned && TimeOf(until + step - 1) is { } time && time < oldest)
                until += step;
        }

        if (bytes > maxBytes)
            until = Math.Max(until, First + Math.Min(MostPruned, 64 + ((bytes - maxBytes) * entries / bytes)));
        _pruneTo = Math.Min(until, needed);
    }

    /// <summary>Bytes of the file that are in use.</summary>
    public long Bytes => (Sqlite.Number(_connection, "PRAGMA page_count") - Sqlite.Number(_connection, "PRAGMA freelist_count")) * Sqlite.Number(_connection, "PRAGMA page_size");

    /// <inheritdoc cref="Sqlite.MakeDurable"/>
    internal void MakeDurable() => Sqlite.MakeDurable(_connection);

    /// <summary>A copy of all that is committed, while others read and write.</summary>
    public void BackUp(string path) => Sqlite.BackUp(_connection, path);

    public void Dispose()
    {
        foreach (var command in (SqliteCommand[])[_addEntry, _begin, _commit, _read, _prune])
            command.Dispose();
        _outbox.Dispose();
        _names.Dispose();
        _connection.Dispose();
    }

    private const string WhatToDo = StoreException.WhatToDo + " Nothing was changed.";

    private void ReadRows(long position, List<(long, byte[])> rows, int most = RowsAtOnce)
    {
        (_read.Parameters[0].Value, _read.Parameters[1].Value) = (position, most);
        rows.AddRange(Sqlite.Rows(_read, Path, $"reading entries from {position} on", row => (Sqlite.Number(row, 0), Sqlite.Bytes(row, 1).ToArray())));
    }

    private Instant? TimeOf(long position)
    {
        var rows = new List<(long Position, byte[] Body)>();
        ReadRows(position, rows, 1);
        return rows.Count == 1 ? EntryCodec.NowOf(rows[0].Body) : null;
    }

    // SQLite has rolled back already after some errors, and not after others.
    private void RollBack()
    {
        try
        {
            Sqlite.Run(_connection, "ROLLBACK");
        }
        catch (SqliteException)
        {
            return;                                         // "no transaction is active": it has
        }
    }
}
