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

    /// <summary>The readings of the entries in their order: series, time, value.</summary>
    public static List<(string Series, Instant Time, double Value)> Readings(string store)
    {
        var readings = new List<(string, Instant, double)>();
        using var journal = Journal.Open(store, new DeviceRegistry(), readOnly: true);
        foreach (var entry in journal.ReadFrom(1))
        {
            for (var i = 0; i < entry.Readings.ReadingCount; i++)
            {
                foreach (var sample in entry.Readings[i])
                    readings.Add((sample.Channel.ToString(), sample.Time, sample.Value));
            }
        }

        return readings;
    }
}
