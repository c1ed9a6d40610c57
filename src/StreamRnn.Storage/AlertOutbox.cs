using System.Buffers;
using Microsoft.Data.Sqlite;
using StreamRnn.Alerts;

namespace StreamRnn.Storage;

/// <summary>What the broker answered to an alert event.</summary>
/// <param name="Shown">The answer was for the retained topic of what is open, not for the event itself.</param>
/// <param name="Refused">It was not taken.</param>
public readonly record struct Mark(string AlertId, int Sequence, bool Shown, bool Refused);

/// <summary>
/// The rows of alert events in the journal: written once by id, marked when the broker has answered, let go of when they are marked and old. The last event of an alert that is open is never let go of.
/// </summary>
internal sealed class AlertOutbox : IDisposable
{
    private const int Unsent = 0, Sent = 1, Refused = 2;

    private const string Doing = "reading alerts";

    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _add, _close, _markSent, _markShown, _prune;
    private readonly List<(AlertEvent Alert, long Position, byte[] Body)> _pending = [];

    public AlertOutbox(string path, SqliteConnection connection)
    {
        (_path, _connection) = (path, connection);
        _add = Sqlite.Prepare(
            connection, "INSERT OR IGNORE INTO outbox (event, alert, sequence, position, open, body, crc) VALUES (@e, @a, @s, @p, @o, @b, @c)", "@e", "@a", "@s", "@p", "@o", "@b", "@c");
        _close = Sqlite.Prepare(connection, "UPDATE outbox SET open = 0 WHERE alert = @a AND sequence < @s AND open = 1", "@a", "@s");
        _markSent = Sqlite.Prepare(connection, "UPDATE outbox SET sent = @v WHERE event = @e", "@v", "@e");
        _markShown = Sqlite.Prepare(connection, "UPDATE outbox SET shown = 1 WHERE alert = @a AND sequence <= @s AND shown = 0", "@a", "@s");
        _prune = Sqlite.Prepare(connection, "DELETE FROM outbox WHERE position < @p AND open = 0 AND sent <> 0 AND shown = 1", "@p");
    }

    public bool HasPending => _pending.Count > 0;

    public void Add(AlertEvent alert, long position)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        AlertJson.WriteData(alert, buffer);
        _pending.Add((alert, position, buffer.WrittenSpan.ToArray()));
    }

    /// <summary>In the transaction of the journal.</summary>
    public void Write(IEnumerable<Mark> marks)
    {
        foreach (var (alert, position, body) in _pending)
        {
            Sqlite.Run(_close, alert.AlertId, alert.Sequence);
            Sqlite.Run(_add, alert.Id, alert.AlertId, alert.Sequence, position, alert.Status == AlertStatus.Resolved ? 0 : 1, body, (long)EntryCodec.Crc(alert.Sequence, body));
        }

        foreach (var mark in marks)
        {
            if (mark.Shown)
                Sqlite.Run(_markShown, mark.AlertId, mark.Sequence);
            else
                Sqlite.Run(_markSent, mark.Refused ? Refused : Sent, $"{mark.AlertId}-{mark.Sequence}");
        }
    }

    public void Written() => _pending.Clear();

    public void Prune(long before) => Sqlite.Run(_prune, before);

    /// <summary>Events that no broker has answered for, oldest first.</summary>
    /// <param name="behind">Only those that were written after this event; null: all.</param>
    public IEnumerable<AlertEvent> ReadUnsent(string? behind, int most)
    {
        using var command = Sqlite.Prepare(
            _connection, "SELECT number, body, crc FROM outbox WHERE sent <> 1 AND number > ifnull((SELECT number FROM outbox WHERE event = @e), 0) ORDER BY number LIMIT @n", "@e", "@n");
        (command.Parameters[0].Value, command.Parameters[1].Value) = (behind ?? (object)DBNull.Value, most);
        foreach (var alert in Sqlite.Rows(command, _path, Doing, Parse))
            yield return alert;
    }

    public IEnumerable<(AlertEvent Alert, bool Shown)> ReadLast()
    {
        using var command = Sqlite.Prepare(_connection, """
            SELECT number, body, crc, shown FROM outbox AS o
            WHERE (open = 1 OR shown = 0) AND NOT EXISTS (SELECT 1 FROM outbox WHERE alert = o.alert AND sequence > o.sequence) ORDER BY number
            """);
        foreach (var last in Sqlite.Rows(command, _path, Doing, row => (Parse(row), Sqlite.Number(row, 3) != 0)))
            yield return last;
    }

    public IEnumerable<(AlertEvent Alert, long Position)> ReadAll()
    {
        using var command = Sqlite.Prepare(_connection, "SELECT number, body, crc, position FROM outbox ORDER BY number");
        foreach (var alert in Sqlite.Rows(command, _path, Doing, row => (Parse(row), Sqlite.Number(row, 3))))
            yield return alert;
    }

    public void Dispose()
    {
        foreach (var command in (SqliteCommand[])[_add, _close, _markSent, _markShown, _prune])
            command.Dispose();
    }

    private AlertEvent Parse(SqliteDataReader row)
    {
        var (number, body, crc) = (Sqlite.Number(row, 0), Sqlite.Bytes(row, 1).ToArray(), Sqlite.Number(row, 2));
        if (!AlertJson.TryReadData(body, out var alert, out var error))
            throw new StoreException($"{_path}: row {number} of the outbox is damaged: {error}. {StoreException.WhatToDo}");
        if (EntryCodec.Crc(alert.Sequence, body) != crc)
            throw new StoreException($"{_path}: row {number} of the outbox is damaged: its checksum does not fit its bytes. {StoreException.WhatToDo}");
        return alert;
    }
}
