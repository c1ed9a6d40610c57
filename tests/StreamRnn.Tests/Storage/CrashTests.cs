using CsCheck;
using Microsoft.Data.Sqlite;
using StreamRnn.Nets;
using StreamRnn.Storage;

namespace StreamRnn.Tests.Storage;

/// <summary>After a kill at any point no alert is lost, and a resend bears the same id and body.</summary>
public sealed class CrashTests
{
    private static readonly Cut[] Cuts = Enum.GetValues<Cut>()[1..];
    private static readonly Lazy<string> Uninterrupted = new(() => Text(_ => Cut.None));

    public static TheoryData<int> AllCuts => [.. Cuts.Select(c => (int)c)];

    [Fact]
    public void TheScriptHasAlertsOfSeveralKinds()
    {
        Assert.Contains("\"kind\":\"silence\"", Uninterrupted.Value, StringComparison.Ordinal);
        Assert.True(Uninterrupted.Value.Split('\n').Length >= 6, Uninterrupted.Value);
    }

    [Theory, MemberData(nameof(AllCuts))]
    public void KilledAtOneKindOfPointAgainAndAgainTheAlertsAreTheSame(int cut)
    {
        var tried = new HashSet<int>();
        Assert.Equal(Uninterrupted.Value, Text(i => i % 3 == 0 && tried.Add(i) ? (Cut)cut : Cut.None));
    }

    [Fact]
    public void KilledAtRandomTheAlertsAreTheSame() => Gen.ULong.Sample(
        seed =>
        {
            var random = new Seeded(seed);
            var text = Text(_ => random.Chance(0.1) ? Cuts[random.Next(Cuts.Length)] : Cut.None);
            return text == Uninterrupted.Value;
        },
        iter: 30, threads: 1);

    [Fact]
    public void AnAlertIsRepeatedOnlyIfItsAnswerWasNotWritten()
    {
        using var history = new History();
        history.Live(i => Cut.None);
        Assert.Equal(history.Seen.Count, history.Published.Count);
    }

    [Fact]
    public void TheControlThatAcknowledgesBeforeTheCommitIsCaught()
    {
        var tried = new HashSet<int>();
        using var history = new History { AcknowledgesTooEarly = true };
        Assert.NotEqual(Uninterrupted.Value, history.Live(i => i >= 60 && i % 2 == 0 && tried.Add(i) ? Cut.DiskFull : Cut.None).Text);
    }

    // The fold begins a hundred entries before the rows' own positions. That it is these which keep a row from being lived twice, and not the watermarks alone, is SnapshotTests' control.
    [Fact]
    public void RowsMayReflectMoreThanTheEntryAtWhichTheCheckpointBegan()
    {
        var tried = new HashSet<int>();
        using var history = new History { Tamper = MoveBack };
        Assert.Equal(Uninterrupted.Value, history.Live(i => i % 40 == 39 && tried.Add(i) ? Cut.AfterCheckpoint : Cut.None).Text);
    }

    private static void MoveBack(string folder)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, CheckpointFile.FileName)};Pooling=False");
        connection.Open();
        connection.CreateFunction("crc", (long seed, byte[] state) => (long)EntryCodec.Crc(seed, state));
        using var command = connection.CreateCommand();
        command.CommandText = "UPDATE common SET position = max(1, position - 100); UPDATE common SET crc = crc(position, state) + crc(position, room);";
        command.ExecuteNonQuery();
    }

    private static string Text(Func<int, Cut> cutAt)
    {
        using var history = new History();
        return history.Live(cutAt).Text;
    }
}
