using System.Text;
using Microsoft.Data.Sqlite;
using StreamRnn.Readings;

namespace StreamRnn.Storage;

/// <summary>A device that came from another store: what it was when it came.</summary>
/// <param name="Device">The journal's number.</param>
/// <param name="Position">The entry with which it came: a tick. The device goes on with the one after it.</param>
/// <param name="At">When.</param>
/// <param name="From">In words: which store, and at which of its entries.</param>
/// <param name="State">On this store's listening clock.</param>
internal sealed record Import(int Device, long Position, Instant At, string From, byte[] State);

/// <summary>
/// The journal's table of devices that were imported, the last import of each: an input like the entries, so it is kept where they are. A recovery takes the state from here unless the checkpoint has a
/// later one; whoever lives the journal again lives the device from here on. Made with the first import.
/// </summary>
internal static class ImportTable
{
    private const string Schema = "CREATE TABLE IF NOT EXISTS imports (device INTEGER PRIMARY KEY, position INTEGER NOT NULL, at INTEGER NOT NULL, origin TEXT NOT NULL, state BLOB NOT NULL, crc INTEGER NOT NULL)";

    /// <summary>Within the transaction at hand.</summary>
    public static void Write(SqliteConnection connection, Import import)
    {
        Sqlite.Run(connection, Schema);
        using var put = Sqlite.Prepare(connection, "INSERT OR REPLACE INTO imports VALUES (@d, @p, @a, @o, @s, @c)", "@d", "@p", "@a", "@o", "@s", "@c");
        Sqlite.Run(put, import.Device, import.Position, import.At.Microseconds, import.From, import.State, CrcOf(import));
    }

    /// <exception cref="StoreException">A row is damaged.</exception>
    public static List<Import> Read(SqliteConnection connection, string path)
    {
        if (Sqlite.Number(connection, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'imports'") == 0)
            return [];
        using var command = Sqlite.Prepare(connection, "SELECT device, position, at, origin, state, crc FROM imports ORDER BY position");
        return [.. Sqlite.Rows(command, path, "reading imported states", row =>
        {
            var import = new Import((int)Sqlite.Number(row, 0), Sqlite.Number(row, 1), new Instant(Sqlite.Number(row, 2)), Encoding.UTF8.GetString(Sqlite.Bytes(row, 3)), Sqlite.Bytes(row, 4).ToArray());
            return CrcOf(import) == Sqlite.Number(row, 5) ? import
                : throw new StoreException($"{path}: the state with which device {import.Device} was imported is damaged: its checksum does not fit its bytes. {StoreException.WhatToDo} Nothing was changed.");
        })];
    }

    private static long CrcOf(Import import) => CheckpointFile.CrcOf(import.Device, import.Position, import.State);
}
