using System.Buffers.Binary;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Pipeline;

/// <summary>Laws of the state as bytes: whoever restores it and folds the rest has what one that never stopped has, bit for bit.</summary>
public sealed class SnapshotTests
{
    private const int Steps = 450;
    private static readonly Lazy<(List<Record> Journal, List<(long Position, string Device, string Said)> Said, Dictionary<string, (long, byte[] State)> End)> Whole = new(() =>
    {
        var (journal, life) = Life.Live(14, Steps);
        using (life)
        {
            life.CopyAll();
            return (journal, life.Said, life.Kept);
        }
    });

    [Fact]
    public void TheLifeThatTheLawsAreTriedOnHasAllThatADetectorHasStateFor()
    {
        var said = Whole.Value.Said.ConvertAll(s => s.Said);
        foreach (var what in (string[])["\"silence\"", "\"stuck\"", "\"prediction_error\"", "\"feedback\"", "\"updated\"", "Predicts", "is called normal", "no longer called normal", "The budget is", "The budget of", "Silent"])
            Assert.True(said.Exists(s => s.Contains(what, StringComparison.Ordinal)), what);
        Assert.Contains(said, s => s.Contains("late", StringComparison.Ordinal) && !s.Contains("0 duplicates", StringComparison.Ordinal));
        Assert.True(said.Exists(s => s.Contains("Suppressed = ", StringComparison.Ordinal) && !s.Contains("Suppressed = 0", StringComparison.Ordinal)), "suppressed");
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(301, 3)]
    [InlineData(622, 2)]
    [InlineData(745, 5)]
    [InlineData(801, 4)]
    public void ACutAnywhereAndAnotherNumberOfShardsChangeNothing(int cut, int shards)
    {
        var (journal, said, end) = Whole.Value;
        var names = new List<string>();
        using var before = new Life(2);
        for (var k = 0; k < cut; k++)
            before.Fold(journal[k], k + 1);
        before.CopyAll();
        using var after = new Life(shards);
        after.Meet(before);
        after.Fleet.Detector.RestoreCommon(before.Common());
        after.RestoreRoom(before.Room(names), names);
        Assert.All(before.Kept, kept => Assert.Equal(Anew.Nothing, after.Restore(kept.Key, kept.Value.Position, kept.Value.State)));
        Assert.Equal(before.Fleet.Detector.Heard, after.Fleet.Detector.Heard);
        Assert.Equal(before.Fleet.Detector.OpenAlerts, after.Fleet.Detector.OpenAlerts);
        for (var k = cut; k < journal.Count; k++)
            after.Fold(journal[k], k + 1);
        AssertSaid(said.Where(s => s.Position > cut), after.Said);
        AssertEnd(end, after);
    }

    [Theory]
    [InlineData(1, 7_000, 0.7, 3)]
    [InlineData(2, 20_000, 0.3, 1)]
    [InlineData(3, 1, 0.7, 4)]
    [InlineData(4, 1, 0.05, 2)]
    public void DevicesCopiedAtDifferentPositionsAndFoldedFromTheLowestBecomeWhatTheyWouldHave(int seed, int slice, double often, int shards)
    {
        var (journal, said, end) = Whole.Value;
        var (kept, after) = Crash(seed, slice, often, shards, skips: true, out var from);
        using (after)
        {
            Assert.True(kept.Values.Distinct().Count() > 1, "all were copied at once");
            AssertSaid(
                said.Where(s => s.Position > from && s.Device.Length > 0 && s.Position > kept.GetValueOrDefault(s.Device)),
                after.Said.Where(s => s.Device.Length > 0 && s.Position > kept.GetValueOrDefault(s.Device)));
            // What a device has behind it is not said again, but for the answers to commands.
            Assert.DoesNotContain(after.Said, s => s.Device.Length > 0 && s.Position <= kept.GetValueOrDefault(s.Device) && !s.Said.Contains("has obeyed", StringComparison.Ordinal));
            var last = kept.Values.Max();
            AssertSaid(said.Where(s => s.Position > last), after.Said.Where(s => s.Position > last));
            AssertEnd(end, after);
        }
    }

    [Fact]
    public void WithoutTheRuleThatLeavesOutWhatADeviceHasTheLawIsBroken()
    {
        var (_, after) = Crash(4, 1, 0.05, 3, skips: false, out _);
        using (after)
        {
            after.CopyAll();
            Assert.Contains(Whole.Value.End, device => !device.Value.State.AsSpan().SequenceEqual(after.Kept[device.Key].State));
        }
    }

    [Fact]
    public void BytesThatWereRestoredAreCopiedAsTheyWere()
    {
        using var after = new Life(3);
        foreach (var (device, (position, state)) in Whole.Value.End)
        {
            after.Restore(device, position, state);
            var of = after.Fleet.Registry.Devices.Single(d => d.Name == device);
            Assert.Equal(state, after.Fleet.Detector.Shards[of.Shard].Copy(of));
        }
    }

    [Fact]
    public void APassCopiesWhatChangedAndNothingElse()
    {
        var (journal, _, _) = Whole.Value;
        using var life = new Life(2);
        for (var k = 0; k < 400; k++)
            life.Fold(journal[k], k + 1);
        life.CopyAll();
        Assert.Equal(8, life.Kept.Count);
        life.Kept.Clear();
        Assert.True(life.Copy(1));
        Assert.Empty(life.Kept);
        var record = journal[400] with { Readings = [.. journal[400].Readings.Where(r => r.Device == "d5").Select(r => (r.Device, r.Time + 10, r.Values))] };
        life.Fold(record with { Commands = [new SetSensitivity(3, "d4")], Heard = journal[399].Heard, Now = journal[399].Now + 30 }, 401);
        life.CopyAll();
        Assert.Contains("d4", life.Kept.Keys);
        Assert.All(life.Kept.Values, kept => Assert.Equal(401, kept.Position));
    }

    [Fact]
    public void ASliceIsBoundedAndEveryDeviceHasItsTurn()
    {
        var (journal, _, _) = Whole.Value;
        using var life = new Life(3);
        var copied = new Dictionary<string, int>();
        for (var k = 0; k < 200; k++)
        {
            life.Fold(journal[k], k + 1);
            life.Kept.Clear();
            life.Copy(1);
            Assert.InRange(life.Kept.Count, 0, 1);
            foreach (var device in life.Kept.Keys)
                copied[device] = copied.GetValueOrDefault(device) + 1;
        }

        Assert.Equal(8, copied.Count);
        Assert.InRange(copied.Values.Max() - copied.Values.Min(), 0, 5);
    }

    [Fact]
    public void ADamagedByteAnywhereIsRefused()
    {
        var (state, common, room, names) = Bytes();
        for (var at = 0; at < state.Length; at++)
            AssertRefused(state, at, bytes => new Refusing().Life.Restore("d5", 1, bytes));
        for (var at = 0; at < common.Length; at++)
            AssertRefused(common, at, bytes => new Refusing().Life.Fleet.Detector.RestoreCommon(bytes));
        for (var at = 0; at < room.Length; at++)
            AssertRefused(room, at, bytes => new Refusing().Life.RestoreRoom(bytes, names));
        Assert.Contains("'d5'", Assert.Throws<SnapshotException>(() => new Refusing().Life.Restore("d5", 1, state[..^100])).Message, StringComparison.Ordinal);
        Assert.Throws<SnapshotException>(() => new Refusing().Life.Restore("d5", 1, []));

        static void AssertRefused(byte[] sound, int at, Action<byte[]> restore)
        {
            var damaged = (byte[])sound.Clone();
            damaged[at] ^= (byte)(1 << (at % 8));
            Assert.Throws<SnapshotException>(() => restore(damaged));
        }
    }

    [Fact]
    public void AnotherLayoutIsRefusedWithWhatWasFoundAndWhatIsExpected()
    {
        var (state, common, room, names) = Bytes();
        foreach (var bytes in new[] { state, common, room })
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), StateWriter.Layout + 7);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), StateWriter.Checksum(bytes.AsSpan(0, bytes.Length - 4)));
        }

        using var life = new Life(1);
        foreach (var refused in new[]
        {
            Assert.Throws<SnapshotException>(() => life.Restore("d5", 1, state)),
            Assert.Throws<SnapshotException>(() => life.Fleet.Detector.RestoreCommon(common)),
            Assert.Throws<SnapshotException>(() => life.RestoreRoom(room, names)),
        })
        {
            Assert.Contains($"layout {StateWriter.Layout + 7}", refused.Message, StringComparison.Ordinal);
            Assert.Contains($"layouts 1 to {StateWriter.Layout}:", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void OneKindOfStateIsNotTakenForAnother() =>
        Assert.Contains("of kind", Assert.Throws<SnapshotException>(() => new Refusing().Life.Restore("d5", 1, Bytes().Common)).Message, StringComparison.Ordinal);

    [Fact]
    public void WithAnotherBaseModelWhatWasLearnedIsKeptAndHiddenStatesBeginAtZero()
    {
        using var other = new Life(1, model: Fleet.Save(ForecastLayers.Create(24, new Seeded(99))));
        foreach (var (device, (position, state)) in Whole.Value.End)
            Assert.Equal(Anew.BaseStates, other.Restore(device, position, state));
        Assert.All(other.Fleet.StateOf("d3", "x"), bits => Assert.Equal(0, bits));
        Assert.True(other.Fleet.RowOf("d3", "x").Count > 150);
        other.Kept.Clear();
        other.CopyAll();                                     // changed, so that the next checkpoint is of the new model
        Assert.Equal(Whole.Value.End.Keys.Order(), other.Kept.Keys.Order());
        Assert.Equal(Whole.Value.End["d3"].Item1, other.Kept["d3"].Position);
        for (var k = 0; k < 40; k++)
            other.Fold(Later(Whole.Value.Journal[k]), 10_000 + k);
        Assert.Contains(other.Fleet.StateOf("d3", "x"), bits => bits != 0);
    }

    [Fact]
    public void WithAnotherNetOfItsGroupADevicesSequenceBeginsAnew()
    {
        var (_, _, end) = Whole.Value;
        using var swapped = new Life(1, groups: [GroupLawTests.Models[1], GroupLawTests.Models[0]]);
        using var alone = new Life(1, groupOf: _ => -1);
        foreach (var (device, (position, state)) in end)
        {
            Assert.Equal(device == "d5" ? Anew.Nothing : Anew.GroupState, swapped.Restore(device, position, state));
            Assert.Equal(device == "d5" ? Anew.Nothing : Anew.GroupState, alone.Restore(device, position, state));
        }

        Assert.Empty(swapped.Fleet.GroupStateOf("d3"));
        Assert.Contains(swapped.Fleet.StateOf("d3", "x"), bits => bits != 0);
        swapped.Fold(Later(Whole.Value.Journal[^2]), 10_000);
        alone.Fold(Later(Whole.Value.Journal[^2]), 10_000);
    }

    [Fact]
    public void AChannelThatTheRegistryRefusesIsNamed()
    {
        var registry = new DeviceRegistry(maxChannels: 1);
        using var detector = new Detector(new DetectionOptions(), new AlertOptions(), BaseModel.Load(), registry);
        Assert.True(registry.TryGetDevice("d5", out var device, out _));
        Assert.Contains("the cap of 1 channels", Assert.Throws<SnapshotException>(() => detector.Restore(device, 1, Whole.Value.End["d5"].State)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AStateIsRestoredBeforeTheFirstReadingOnly()
    {
        using var life = new Life(1);
        life.Fold(Whole.Value.Journal[0] with { Readings = [("d5", 1_700_000_000, [("x", 1)]), ("d5", 1_700_000_009, [("x", 1)])] }, 1);
        Assert.Throws<InvalidOperationException>(() => life.Restore("d5", 1, Whole.Value.End["d5"].State));
    }

    [Fact]
    public void AFlappingSilenceEndsWhetherOrNotAnotherDeviceIsSilent()
    {
        using var fleet = new Fleet();
        var t = 1_700_000_000.0;
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 300; i++, t++)
                fleet.Send("d", t, ("x", 20 + (i % 5)));
            for (var i = 0; i < 100; i++, t++)
                fleet.Fold(t);
        }

        for (var i = 0; i < 20; i++, t++)
            fleet.Send("d", t, ("x", 20 + (i % 5)));
        Assert.Contains(fleet.Alerts, a => a is { Kind: AlertKind.Silence, Flapping: true });
        Assert.Equal(AlertStatus.Resolved, fleet.Alerts.FindLast(a => a.Kind == AlertKind.Silence)!.Status);
        Assert.Equal(0, fleet.Detector.OpenAlerts);
    }

    // Copies slices as the journal goes on, stops somewhere, and begins again as a service would: from the last pass that was completed, with rows of the one that was not.
    private static (Dictionary<string, long> Kept, Life After) Crash(int seed, int slice, double often, int shards, bool skips, out long from)
    {
        var journal = Whole.Value.Journal;
        using var before = new Life(2);
        var random = new Seeded((ulong)seed);
        var stop = (journal.Count * 2 / 3) + random.Next(journal.Count / 4);
        var names = new List<string>();
        (long From, byte[] Common, byte[] Room) none = (0, [], []), begun = none, done = none;
        for (var k = 0; k < stop || done.From == 0; k++)
        {
            before.Fold(journal[k], k + 1);
            if (begun.From == 0)
                begun = (k + 1, before.Common(), before.Room(names));
            if (random.Chance(often) && before.Copy(slice))
                (begun, done) = (none, begun);
        }

        var after = new Life(shards);
        from = done.From;
        after.Meet(before);
        after.Fleet.Detector.RestoreCommon(done.Common);
        after.RestoreRoom(done.Room, names);
        foreach (var (device, (position, state)) in before.Kept)
            after.Restore(device, skips ? position : 0, state);
        for (var k = (int)from; k < journal.Count; k++)
            after.Fold(journal[k], k + 1);
        return (before.Kept.ToDictionary(k => k.Key, k => k.Value.Position), after);
    }

    private static void AssertSaid(IEnumerable<(long Position, string, string Said)> expected, IEnumerable<(long Position, string, string Said)> actual)
    {
        var (one, other) = (expected.Order().ToList(), actual.Order().ToList());
        for (var i = 0; i < Math.Min(one.Count, other.Count); i++)
            Assert.True(one[i] == other[i], $"expected: {one[i]}\nsaid:     {other[i]}");
        Assert.Equal(one.Count, other.Count);
    }

    private static void AssertEnd(Dictionary<string, (long, byte[] State)> end, Life life)
    {
        life.CopyAll();
        Assert.Equal(end.Keys.Order(), life.Kept.Keys.Order());
        foreach (var (device, (_, state)) in end)
            Assert.True(state.AsSpan().SequenceEqual(life.Kept[device].State), $"the state of {device} at the end is another");
    }

    private static (byte[] State, byte[] Common, byte[] Room, List<string> Names) Bytes()
    {
        var names = new List<string>();
        using var life = new Life(1);
        for (var k = 0; k < 301; k++)
            life.Fold(Whole.Value.Journal[k], k + 1);
        life.CopyAll();
        return (life.Kept["d5"].State, life.Common(), life.Room(names), names);
    }

    private static Record Later(Record record) => record with
    {
        Now = record.Now + 10_000,
        Heard = record.Heard + 10_000,
        Readings = [.. record.Readings.Select(r => (r.Device, r.Time + 10_000, r.Values))],
        Commands = [],
    };

    // One detector for all that is refused: it must be as it was.
    private readonly struct Refusing
    {
        private static readonly Life One = new(1);

        public Refusing()
        {
        }

        public Life Life => One;
    }
}
