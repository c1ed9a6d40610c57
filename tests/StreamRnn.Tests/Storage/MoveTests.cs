using StreamRnn.Alerts;
using StreamRnn.Host;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Tests.Storage;

/// <summary>A device goes to another machine with all that was learned of it.</summary>
[Collection("environment")]
public sealed class MoveTests : IDisposable
{
    private const int End = 260;

    private readonly List<IDisposable> _machines = [];

    [Theory]
    [InlineData(100, true)]
    [InlineData(182, true)]                                 // its alert is open
    [InlineData(182, false)]
    [InlineData(100, false)]
    public void ItLivesOnAsIfItHadStayed(int at, bool killed)
    {
        var stayed = Make().Live(0, End, "a", "b");

        var (old, other) = (Make(shards: 2), Make(shards: 3, TimeSpan.FromDays(-9)));
        old.Live(0, at, "a", "b");
        var moved = old.Export("a");                        // while it runs
        other.Live(0, 60, "c", "d").Stop(killed: false);
        other.Import(moved);
        other.Live(at, at + 20, "a", "c").Stop(killed);     // and a restart, before all of it is in a checkpoint or after
        other.Live(at + 20, End, "a", "c");
        Assert.Equal(stayed.Of("a"), old.Of("a").Concat(other.Of("a")));
        Assert.Equal(at > 180, old.Of("a").Any());
        Assert.Contains(other.Of("a"), e => e.Contains("\"resolved\"", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatIsExportedIsTheStateThatTheServiceHas()
    {
        var machine = Make(shards: 2).Live(0, 140, "a", "b");
        for (var i = 140; i < 150; i++)
            Assert.Equal(machine.Live(i, i + 1, "a", "b").StateOf("a"), machine.Export("a").State);
        var running = machine.Export("a");
        machine.Stop(killed: true);
        Assert.Equal(running.State, machine.Export("a").State);
        machine.Live(150, 151).Stop(killed: false);
        Assert.NotEqual(running.Position, machine.Export("a").Position);
        Assert.Equal(["t", "x"], running.Channels);
        Assert.Equal("devices/a", running.Origin);
        Assert.Contains("'nobody' is not in the store", Assert.Throws<StoreException>(() => machine.Export("nobody")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HowLongTheMoveTookIsNoSilenceAndTheTimeUntilItIsOneCountsFromTheImport()
    {
        var old = Make().Live(0, 150, "a");
        var moved = old.Export("a");
        var other = Make(listened: TimeSpan.FromDays(3));
        other.Live(0, 1).Stop(killed: false);
        other.Import(moved);
        other.Live(150, 152);                               // 2 s: less than 2.5 of its intervals
        Assert.Empty(other.Told);
        other.Live(152, 170);
        Assert.Single(other.Told, t => t.Body.Contains("\"silence\"", StringComparison.Ordinal) && t.Body.Contains("\"opened\"", StringComparison.Ordinal));
    }

    // The negative control of the one before.
    [Fact]
    public void OnTheOldListeningClockItWouldBeTakenForSilentAtOnce()
    {
        var moved = Make().Live(0, 150, "a").Export("a");
        var later = moved.Heard + TimeSpan.FromDays(3);
        Assert.Contains(Tick(moved.State, later), e => e.Kind == AlertKind.Silence);
        Assert.Empty(Tick(moved.StateAt(later), later));

        List<AlertEvent> Tick(byte[] state, Instant heard)
        {
            var registry = new DeviceRegistry();
            registry.TryGetDevice("a", out var device, out _);
            using var detector = Machine.DetectorOf(registry);
            detector.Restore(device, 1, state);
            return [.. detector.Fold(new Arrivals { Now = heard, Heard = heard + TimeSpan.FromSeconds(1), Position = 2 }).Alerts];
        }
    }

    [Fact]
    public void AFileThatIsDamagedCutOffOrNoneIsRefusedWhereverTheDamageIs()
    {
        var whole = Make().Live(0, 60, "a").Export("a").ToBytes();
        Assert.Equal(whole, MovedDevice.Read(whole, "file").ToBytes());
        for (var i = 0; i < whole.Length; i += 1 + (i / 16))
        {
            var damaged = whole.ToArray();
            damaged[i] ^= 0x10;
            Assert.Throws<SnapshotException>(() => MovedDevice.Read(damaged, "file"));
            Assert.Throws<SnapshotException>(() => MovedDevice.Read(whole.AsSpan(0, i), "file"));
        }
    }

    [Fact]
    public void AStoreInUseADeviceThatIsKnownAndAStateThatIsNoneAreRefusedAndNothingIsChanged()
    {
        var moved = Make().Live(0, 100, "a").Export("a");
        var other = Make();
        other.Live(0, 30, "a");
        Assert.Contains($"is in use by process {Environment.ProcessId}", Assert.Throws<StoreException>(() => other.Import(moved)).Message, StringComparison.Ordinal);
        other.Stop(killed: false);
        var before = other.Export("a");
        Assert.Contains("--replace", Assert.Throws<StoreException>(() => other.Import(moved)).Message, StringComparison.Ordinal);
        Assert.Contains("checksum", Assert.Throws<StoreException>(() => other.Import(moved with { State = [.. moved.State[..^1], 0] }, "z")).Message, StringComparison.Ordinal);
        Assert.Equivalent(before, other.Export("a"), strict: true);
        Assert.Throws<StoreException>(() => other.Export("z"));
    }

    [Fact]
    public void WhatItTakesThePlaceOfIsForgottenAndItsOpenAlertIsClosed()
    {
        var moved = Make().Live(0, 100, "a").Export("a");
        var other = Make();
        other.Live(0, 182, "a").Stop(killed: false);
        var came = other.Import(moved, replace: true);
        Assert.NotEmpty(came.Closed);
        Assert.All(came.Closed, e => Assert.Equal((AlertStatus.Resolved, (Resolution?)Resolution.Expired), (e.Status, e.Resolution)));
        using (var journal = Journal.OpenAsItIs(other.Folder, DeviceRegistry.Unbounded()))
            Assert.Subset(journal.Unsent().Select(e => e.Id).ToHashSet(), came.Closed.Select(e => e.Id).ToHashSet());
        Assert.Equal(Rows(moved.State), Rows(other.Export("a").State));
        other.Live(182, 184, "a").Stop(killed: false);      // the service too lives on from what came, though its checkpoint has a row of what was
        Assert.Equal(Rows(moved.State) + 2, Rows(other.Export("a").State));

        // How many readings each holds: those of the other life are not in it.
        static int Rows(byte[] state)
        {
            var registry = new DeviceRegistry();
            registry.TryGetDevice("a", out var device, out _);
            using var detector = Machine.DetectorOf(registry);
            detector.Restore(device, 1, state);
            return detector.Shards[0].SeriesAt(0).Count;
        }
    }

    [Fact]
    public void UnderAnotherNameItKeepsWhatItLearnedUnlessAnAlertIsOpen()
    {
        var old = Make().Live(0, 150, "a");
        var other = Make();
        other.Import(old.Export("a"), "z");
        Assert.Empty(other.Live(150, 180, "z").Told);
        Assert.Contains(other.Live(180, 190, "z").Of("z"), e => e.Contains("\"opened\"", StringComparison.Ordinal));      // no warm-up
        var amid = old.Live(150, 182, "a").Export("a");
        Assert.Contains("an alert of a is open", Assert.Throws<StoreException>(() => Make().Import(amid, "z")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutACheckpointItIsRecoveredFromTheJournalAndLivedAgainFromThereOn()
    {
        var other = Make();
        other.Import(Make().Live(0, 182, "a").Export("a"));
        other.Live(182, End, "a").Stop(killed: false);
        var state = other.Export("a").State;
        foreach (var file in Directory.GetFiles(other.Folder, "checkpoint.db*"))
            File.Delete(file);
        other.Live(End, End).Stop(killed: false);
        Assert.Equal(state, other.Export("a").State);

        var (code, output, error) = await RunAsync("replay", "--from-journal", "--json", "--store", other.Folder);
        Assert.Contains("a was imported at ", error, StringComparison.Ordinal);
        Assert.True(code is 0 or 1, error);
        Assert.Contains("\"resolved\"", output, StringComparison.Ordinal);      // the alert that came with it
    }

    [Fact]
    public async Task TheVerbsMoveADeviceFromOneFolderToAnother()
    {
        using var folder = new Host.Folder();
        var old = Make().Live(0, 100, "a", "b");
        var (file, there) = (Path.Combine(folder.Path, "a.state"), Path.Combine(folder.Path, "store"));
        var exported = await RunAsync("state", "export", "a", file, "--store", old.Folder);
        Assert.Equal((0, ""), (exported.Code, exported.Error));
        Assert.Contains("cannot be written", (await RunAsync("state", "export", "a", file, "--store", old.Folder)).Error, StringComparison.Ordinal);
        var imported = await RunAsync("state", "import", file, "--store", there);
        Assert.Equal((0, ""), (imported.Code, imported.Error));
        Assert.Contains("a: taken into", imported.Output, StringComparison.Ordinal);
        Assert.Contains("already", (await RunAsync("state", "import", file, "--store", there)).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("state", "import", file, "--store", there, "--replace")).Code);
        Assert.Equal(0, (await RunAsync("state", "import", file, "--store", there, "--as", "c")).Code);
        Assert.Contains("state export", (await RunAsync("state", "import", folder.Write("no.state", "12345678901234567890"), "--store", there)).Error, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("state", "import", file, "--store", there, "--as", "a/b")).Code);
        Assert.Equal(2, (await RunAsync("state")).Code);
    }

    public void Dispose() => _machines.ForEach(m => m.Dispose());

    private Machine Make(int shards = 1, TimeSpan listened = default)
    {
        var machine = new Machine(shards, listened);
        _machines.Add(machine);
        return machine;
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(args, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
