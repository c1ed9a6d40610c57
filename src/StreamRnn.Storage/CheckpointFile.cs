using System.Text;
using Microsoft.Data.Sqlite;
using StreamRnn.Pipeline;

namespace StreamRnn.Storage;

/// <summary>What belongs to no device when a pass began: the budgets and clocks, and the readings that wait for their order, at position S.</summary>
internal readonly record struct Common(long Position, byte[] State, byte[] Room);

/// <summary>
/// States of devices, one row each with the position that it reflects, and what belongs to none at position S: an SQLite file of its own, so that writing it never holds up the journal. Every device that
/// had changed by S has a row that reflects S or later. One thread at a time.
/// </summary>
internal sealed class CheckpointFile : IDisposable
{
    public const string FileName = "checkpoint.db";
    public const int Kind = 0x53526331;                     // "SRc1"
    public const int Layout = 1;

    private const string Schema = """
        CREATE TABLE devices (device INTEGER PRIMARY KEY, position INTEGER NOT NULL, state BLOB NOT NULL, crc INTEGER NOT NULL);
        CREATE TABLE common (one INTEGER PRIMARY KEY CHECK (one = 1), store TEXT NOT NULL, position INTEGER NOT NULL, state BLOB NOT NULL, room BLOB NOT NULL, crc INTEGER NOT NULL);
        """;

    private const int BytesAtOnce = 1 << 20;

    private readonly SqliteConnection _connection;
    private readonly string _storeId;
    private readonly SqliteCommand _put, _putCommon;

    private CheckpointFile(string path, SqliteConnection connection, string storeId)
    {
        (Path, _connection, _storeId) = (path, connection, storeId);
        _put = Sqlite.Prepare(connection, "INSERT OR REPLACE INTO devices VALUES (@d, @p, @s, @c)", "@d", "@p", "@s", "@c");
        _putCommon = Sqlite.Prepare(connection, "INSERT OR REPLACE INTO common VALUES (1, @i, @p, @s, @r, @c)", "@i", "@p", "@s", "@r", "@c");
    }

    public string Path { get; }

    /// <param name="storeId">Of the journal beside it.</param>
    /// <exception cref="StoreException">It cannot be used.</exception>
    public static CheckpointFile Open(string folder, string storeId, bool readOnly = false, bool durable = true, string? vfs = null)
    {
        var path = System.IO.Path.Combine(folder, FileName);
        return new CheckpointFile(path, Sqlite.Open(path, Kind, Layout, Schema, readOnly, durable, vfs), storeId);
    }

    /// <returns>Null: no pass was ever finished.</returns>
    /// <exception cref="StoreException">The file is damaged, or belongs to another journal.</exception>
    public Common? ReadCommon()
    {
        try
        {
            using var command = Sqlite.Prepare(_connection, "SELECT store, position, state, room, crc FROM common");
            using var reader = command.ExecuteReader();
            if (!reader.Read())
                return null;
            if (Encoding.UTF8.GetString(Sqlite.Bytes(reader, 0)) is var store && store != _storeId)
                throw new StoreException($"{Path} belongs to another journal (store {store}; {Journal.FileName} beside it is of store {_storeId}). Put back the two files that belong together, or move {FileName} away: then what the journal has is learned again.");
            var common = new Common(Sqlite.Number(reader, 1), Sqlite.Bytes(reader, 2).ToArray(), Sqlite.Bytes(reader, 3).ToArray());
            return CrcOf(common) == Sqlite.Number(reader, 4) ? common
                : throw new DamageException($"{Path}: what belongs to no device at position {common.Position} is damaged: its checksum does not fit its bytes");
        }
        catch (SqliteException e)
        {
            throw new DamageException(Sqlite.Fault(Path, "reading it", e).Message, e);
        }
    }

    /// <summary>The row of one device: the entry that it reflects, and its state; null where it has none.</summary>
    /// <exception cref="DamageException">The row is damaged.</exception>
    public (long Position, byte[] State)? ReadDevice(int device)
    {
        using var command = Sqlite.Prepare(_connection, "SELECT position, state, crc FROM devices WHERE device = @d", "@d");
        command.Parameters[0].Value = device;
        using var reader = Execute(command);
        if (!Next(reader))
            return null;
        var (position, state) = (Sqlite.Number(reader, 0), Sqlite.Bytes(reader, 1).ToArray());
        return CrcOf(device, position, state) == Sqlite.Number(reader, 2) ? (position, state)
            : throw new DamageException($"{Path}: the row of device {device} is damaged: its checksum does not fit its bytes");
    }

    /// <summary>All rows of devices, some at a time: while one lot is worked on the next may be read. Two take turns.</summary>
    /// <exception cref="DamageException">The file is damaged.</exception>
    public IEnumerable<DeviceRows> ReadDevices()
    {
        using var command = Sqlite.Prepare(_connection, "SELECT device, position, crc, state FROM devices");
        using var reader = Execute(command);
        var (rows, other) = (new DeviceRows(), new DeviceRows());
        while (true)
        {
            rows.Clear();
            while (rows.Bytes < BytesAtOnce && Next(reader))
                rows.Add(Sqlite.Number(reader, 0), Sqlite.Number(reader, 1), Sqlite.Number(reader, 2), Sqlite.Bytes(reader, 3));
            if (rows.Count == 0)
                yield break;
            yield return rows;
            (rows, other) = (other, rows);
        }
    }

    /// <summary>Writes a slice, and with the last of a pass what belongs to no device: in one durable transaction.</summary>
    /// <param name="ids">The journal's numbers of the slice's devices.</param>
    /// <exception cref="SqliteException">Nothing was written; it can be tried again.</exception>
    public void Write(DeviceStates slice, IReadOnlyList<int> ids, Common? last)
    {
        using var transaction = _connection.BeginTransaction();
        (_put.Transaction, _putCommon.Transaction) = (transaction, transaction);
        for (var i = 0; i < slice.Count; i++)
        {
            var (device, position) = (ids[i], slice.PositionOf(i));
            Sqlite.Run(_put, device, position, slice[i].ToArray(), CrcOf(device, position, slice[i]));
        }

        if (last is { } common)
            Sqlite.Run(_putCommon, _storeId, common.Position, common.State, common.Room, CrcOf(common));
        transaction.Commit();
    }

    /// <inheritdoc cref="Sqlite.MakeDurable"/>
    /// <exception cref="DamageException">The file is damaged.</exception>
    public void MakeDurable()
    {
        try
        {
            Sqlite.MakeDurable(_connection);
        }
        catch (SqliteException e) when (!Sqlite.MayPass(e))
        {
            throw new DamageException(Sqlite.Fault(Path, "reading it", e).Message, e);
        }
    }

    public void BackUp(string path) => Sqlite.BackUp(_connection, path);

    public void Dispose()
    {
        _put.Dispose();
        _putCommon.Dispose();
        _connection.Dispose();
    }

    internal static long CrcOf(long device, long position, ReadOnlySpan<byte> state) => EntryCodec.Crc(position ^ (device << 32), state);

    private static long CrcOf(in Common common) => EntryCodec.Crc(common.Position, common.State) + (long)EntryCodec.Crc(common.Position, common.Room);

    private SqliteDataReader Execute(SqliteCommand command)
    {
        try
        {
            return command.ExecuteReader();
        }
        catch (SqliteException e)
        {
            throw new DamageException(Sqlite.Fault(Path, "reading states", e).Message, e);
        }
    }

    private bool Next(SqliteDataReader reader)
    {
        try
        {
            return reader.Read();
        }
        catch (SqliteException e)
        {
            throw new DamageException(Sqlite.Fault(Path, "reading states", e).Message, e);
        }
    }
}

/// <summary>Some rows of devices as they were read. One buffer, used again.</summary>
internal sealed class DeviceRows
{
    private readonly List<(long Device, long Position, long Crc, int End)> _rows = [];
    private byte[] _bytes = new byte[1 << 16];

    public int Count => _rows.Count;

    public int Bytes => _rows.Count == 0 ? 0 : _rows[^1].End;

    public long DeviceOf(int row) => _rows[row].Device;

    /// <summary>The last entry that its state has taken in.</summary>
    public long PositionOf(int row) => _rows[row].Position;

    public ReadOnlySpan<byte> StateOf(int row) => _bytes.AsSpan(row == 0 ? 0 : _rows[row - 1].End, _rows[row].End - (row == 0 ? 0 : _rows[row - 1].End));

    /// <summary>Whether the checksum fits number, position and state.</summary>
    public bool IsWhole(int row) => CheckpointFile.CrcOf(DeviceOf(row), PositionOf(row), StateOf(row)) == _rows[row].Crc;

    public void Clear() => _rows.Clear();

    public void Add(long device, long position, long crc, ReadOnlySpan<byte> state)
    {
        var start = Bytes;
        while (_bytes.Length < start + state.Length)
            Array.Resize(ref _bytes, 2 * _bytes.Length);
        state.CopyTo(_bytes.AsSpan(start));
        _rows.Add((device, position, crc, start + state.Length));
    }
}

/// <summary>The checkpoint cannot be used; where the journal reaches back to the first entry, it is not needed.</summary>
internal sealed class DamageException(string message, Exception? inner = null) : Exception(message, inner);
