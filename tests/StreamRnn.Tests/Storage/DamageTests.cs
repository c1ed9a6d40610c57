using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using StreamRnn.Nets;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Tests.Storage;

/// <summary>A store that is damaged, in use or of another version: a running service or a message that says what to do, never silent loss.</summary>
public sealed class DamageTests
{
    private const int Overwritten = 64;     // bytes

    // The long form: STREAMRNN_HISTORIES=20000 dotnet test tests/StreamRnn.Tests -c Release --filter DamageTests
    private static readonly ulong Damages = Environment.GetEnvironmentVariable("STREAMRNN_HISTORIES") is { } many ? ulong.Parse(many, CultureInfo.InvariantCulture) : 40;

    [Fact]
    public void ASecondInstanceIsRefusedWithTheNameOfTheFirst()
    {
        using var history = new History();
        var refused = Assert.Throws<StoreException>(() => Store.Open(history.Folder, new StorageOptions(), new DeviceRegistry(), TimeProvider.System, NullLogger.Instance));
        Assert.Contains($"process {Environment.ProcessId} on {Environment.MachineName}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("StreamRnn:Storage:Path", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileInThePlaceOfTheFolderIsNamedWithTheKey()
    {
        var file = Path.GetTempFileName();
        try
        {
            var refused = Assert.Throws<StoreException>(() => Store.Open(file, new StorageOptions(), new DeviceRegistry(), TimeProvider.System, NullLogger.Instance));
            Assert.Equal($"StreamRnn:Storage:Path names {file}, which is a file; expected is a folder, which is made where it is missing.", refused.Message);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void AStoreThatWasForgottenIsGoneAndOneInUseIsNotForgotten()
    {
        string folder;
        using (var history = new History())
        {
            folder = history.Folder;
            Assert.Throws<StoreException>(() => Store.Forget(folder));
        }

        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, Journal.FileName), "");
        Store.Forget(folder);
        Assert.False(Directory.Exists(folder));
    }

    [Theory]
    [InlineData("UPDATE devices SET state = zeroblob(length(state))")]
    [InlineData("UPDATE common SET room = x'01'")]
    [InlineData("DELETE FROM common")]
    [InlineData("UPDATE common SET state = 'text', position = 'none'")]
    [InlineData("UPDATE devices SET state = 'text', crc = 'none'")]
    public void ADamagedCheckpointIsMadeAgainFromAJournalThatIsWhole(string damage)
    {
        using var whole = new History();
        var expected = whole.Live(_ => Cut.None).Text;
        using var damaged = new History { Tamper = folder => Sql(folder, CheckpointFile.FileName, damage) };
        Assert.Equal(expected, damaged.Live(i => i == 150 && damaged!.Kills == 0 ? Cut.AfterCheckpoint : Cut.None).Text);
    }

    [Theory]
    [InlineData("UPDATE entries SET body = zeroblob(length(body)) WHERE position > 100", "is damaged")]
    [InlineData("UPDATE entries SET body = 'text' WHERE position > 100", "is damaged")]
    [InlineData("UPDATE outbox SET sent = 0, body = 5", "of the outbox is damaged")]
    [InlineData("UPDATE outbox SET sent = 0, crc = 'none'", "of the outbox is damaged")]
    public void ADamagedRowEndsTheStartWithTheFileAndTheRow(string damage, string message)
    {
        var refused = RefusalOf(folder => Sql(folder, Journal.FileName, damage));
        Assert.Contains(Journal.FileName, refused, StringComparison.Ordinal);
        Assert.Contains(message, refused, StringComparison.Ordinal);
    }

    /// <summary>SQLite itself finds this one, and only when the alerts are read that wait for a broker.</summary>
    [Fact]
    public void ADamagedPageOfTheOutboxEndsTheStartWithTheFile()
    {
        var refused = RefusalOf(folder => Overwrite(Path.Combine(folder, Journal.FileName), _ => RootOf(folder, "outbox"), new Seeded(1)));
        Assert.Contains($"{Journal.FileName} is damaged", refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UPDATE devices SET name = 'A' WHERE id = 1", "the name of device 1 ('A')")]
    [InlineData("UPDATE devices SET origin = 'elsewhere' WHERE id = 2", "the name of device 2 ('b')")]
    [InlineData("DELETE FROM devices WHERE id = 1", "the name of device 2 ('b')")]
    [InlineData("UPDATE channels SET name = 'T' WHERE id = 2", "the name of channel 2 ('T')")]
    [InlineData("UPDATE channels SET device = 99 WHERE id = 1", "the name of channel 1 ('t')")]
    public void ADamagedNameEndsTheStartWithTheFileAndTheName(string damage, string message)
    {
        var refused = RefusalOf(folder => Sql(folder, Journal.FileName, damage));
        Assert.Contains(Journal.FileName, refused, StringComparison.Ordinal);
        Assert.Contains(message, refused, StringComparison.Ordinal);
    }

    /// <summary>Whatever bytes of either file are overwritten: the same alerts, or a message that names the file and says what to do.</summary>
    [Theory]
    [InlineData(Journal.FileName)]
    [InlineData(CheckpointFile.FileName)]
    public void BytesOverwrittenAnywhereEndInTheSameAlertsOrInAMessage(string file)
    {
        using var whole = new History();
        var expected = whole.Live(_ => Cut.None).Text;
        var (same, refused) = (0, 0);
        for (var seed = 1UL; seed <= Damages; seed++)
        {
            var random = new Seeded(seed);
            var place = random.NextDouble();
            using var damaged = new History { Tamper = folder => Overwrite(Path.Combine(folder, file), length => (long)(place * (length - Overwritten)), random) };
            try
            {
                Assert.Equal(expected, damaged.Live(i => i == 215 && damaged.Kills == 0 ? Cut.AfterCheckpoint : Cut.None).Text);
                same++;
            }
            catch (StoreException e)
            {
                Assert.True(e.Message.Contains(file, StringComparison.Ordinal), $"seed {seed}: {e.Message}");
                refused++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}, at {place:p1} of {file}: {e.Message}", e);
            }
        }

        Assert.True(file == CheckpointFile.FileName ? same > 0 : refused > 0, $"{same} went on, {refused} were refused");
    }

    [Theory]
    [InlineData(Journal.FileName)]
    [InlineData(CheckpointFile.FileName)]
    public void AStoreOfAnotherLayoutIsRefusedWithBoth(string file)
    {
        using var history = new History { Tamper = folder => Sql(folder, file, "PRAGMA user_version = 99") };
        if (file == Journal.FileName)
        {
            var refused = Assert.Throws<StoreException>(() => history.Live(i => i == 20 ? Cut.AfterCheckpoint : Cut.None));
            Assert.Contains("layout 99", refused.Message, StringComparison.Ordinal);
            Assert.Contains("Use the version that wrote it", refused.Message, StringComparison.Ordinal);
            return;
        }

        // Of the checkpoint alone: what the journal has is folded again, and nothing is lost.
        using var whole = new History();
        Assert.Equal(whole.Live(_ => Cut.None).Text, history.Live(i => i == 20 && history.Kills == 0 ? Cut.AfterCheckpoint : Cut.None).Text);
    }

    /// <summary>What is said of a store that was damaged while its service was dead.</summary>
    private static string RefusalOf(Action<string> damage)
    {
        using var history = new History { Tamper = damage };
        return Assert.Throws<StoreException>(() => history.Live(i => i == 215 ? Cut.AfterCheckpoint : Cut.None)).Message;
    }

    private static void Overwrite(string path, Func<long, long> place, Seeded random)
    {
        Sql(Path.GetDirectoryName(path)!, Path.GetFileName(path), "PRAGMA wal_checkpoint(TRUNCATE)");      // else the bytes lie in the WAL
        var bytes = new byte[Overwritten];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)random.Next(256);
        using var file = File.OpenWrite(path);
        file.Seek(place(file.Length), SeekOrigin.Begin);
        file.Write(bytes);
    }

    private static long RootOf(string folder, string table)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, Journal.FileName)};Pooling=False");
        connection.Open();
        return (StreamRnn.Storage.Sqlite.Number(connection, $"SELECT rootpage FROM sqlite_master WHERE name = '{table}'") - 1) * StreamRnn.Storage.Sqlite.Number(connection, "PRAGMA page_size");
    }

    private static void Sql(string folder, string file, string text)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, file)};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }
}
