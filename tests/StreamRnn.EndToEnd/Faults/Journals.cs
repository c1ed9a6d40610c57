using Microsoft.Data.Sqlite;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.EndToEnd.Faults;

/// <summary>A look into a store that nobody uses, and harm done to it.</summary>
internal static class Journals
{
    /// <summary>Forgets the last entries, as if they had been acknowledged and not written.</summary>
    public static void Forget(string store, int last)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(store, "journal.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"""
            DELETE FROM entries WHERE position > (SELECT max(position) FROM entries) - {last};
            DELETE FROM outbox WHERE position > (SELECT max(position) FROM entries);
            """;
        command.ExecuteNonQuery();
        foreach (var checkpoint in Directory.EnumerateFiles(store, "checkpoint.db*"))
            File.Delete(checkpoint);                          // it reflects them
    }

    /// <summary>SQLite finds nothing wrong with either file.</summary>
    public static void AssertSound(string store)
    {
        foreach (var file in (string[])["journal.db", "checkpoint.db"])
        {
            using var connection = new SqliteConnection($"Data Source={Path.Combine(store, file)};Pooling=False");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA integrity_check";
            Assert.Equal("ok", command.ExecuteScalar());
        }
    }

    /// <summary>Every reading of the script is there, of each device in its order.</summary>
    /// <param name="once">None is there twice; else what was sent again may be.</param>
    public static void AssertHoldsTheScript(string store, int rows = Script.Rows, bool once = false)
    {
        var readings = Readings(store).ToLookup(reading => reading.Device, reading => reading.Time);
        foreach (var device in Script.Devices)
        {
            var times = readings[device];
            var expected = Enumerable.Range(0, rows).Select(row => Instant.From(Script.TimeOf(row))).ToList();
            var found = (once ? times : times.Distinct()).ToList();
            Assert.True(expected.SequenceEqual(found), $"of {device}'s {rows} readings {expected.Except(found).Count()} are missing, {found.Zip(found.Skip(1)).Count(pair => pair.Second < pair.First)} are out of order, {found.Count} are there");
        }
    }

    private static List<(string Device, Instant Time)> Readings(string store)
    {
        var readings = new List<(string, Instant)>();
        using var journal = Journal.Open(store, new DeviceRegistry(), readOnly: true);
        foreach (var entry in journal.ReadFrom(1))
        {
            for (var i = 0; i < entry.Readings.ReadingCount; i++)
            {
                foreach (var sample in entry.Readings[i])
                    readings.Add((sample.Channel.Device.Name, sample.Time));
            }
        }

        return readings;
    }
}
