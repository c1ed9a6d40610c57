using Microsoft.Data.Sqlite;
using StreamRnn.Storage;

namespace StreamRnn.Tests.Storage.Simulation;

/// <summary>Makes a checkpoint one of a pass that began forty entries earlier, and its rows forget which entry they reflect: it is these numbers alone that keep the rows from living those entries twice.</summary>
internal static class Forgetting
{
    public static void Tamper(string folder)
    {
        var path = Path.Combine(folder, CheckpointFile.FileName);
        if (!File.Exists(path))
            return;
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        connection.CreateFunction("crc", (long seed, byte[] state) => (long)EntryCodec.Crc(seed, state));
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM sqlite_master WHERE name = 'devices'";
        if (command.ExecuteScalar() is not 1L)
            return;
        command.CommandText = "UPDATE common SET position = max(1, position - 40); UPDATE common SET crc = crc(position, state) + crc(position, room);"
            + "UPDATE devices SET position = 0; UPDATE devices SET crc = crc(device << 32, state)";
        command.ExecuteNonQuery();
    }
}
