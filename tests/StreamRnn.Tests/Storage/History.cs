using System.Buffers;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Tests.Storage;

/// <summary>Where a history may be cut short.</summary>
internal enum Cut { None, AfterCheckpoint }

/// <summary>
/// A life of core, journal, checkpoint and outbox in one thread: a script of readings and ticks, a broker that sends again what was not acknowledged, subscribers that keep every event. A kill closes the
/// files without writing what is in memory, and begins again from the folder.
/// </summary>
internal sealed class History : IDisposable
{
    public const int Steps = 260;

    private static readonly BaseModel Model = BaseModel.Load();
    private static readonly Instant Start = new(1_772_000_000_000_000);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("streamrnn-history-");
    private readonly FakeTimeProvider _clock = new();
    private Store _store = null!;
    private DeviceRegistry _registry = null!;
    private Detector? _detector;
    private WaitingRoom _room = null!;

    public History() => Begin();

    /// <summary>Event id → the bodies that a subscriber saw, each once.</summary>
    public SortedDictionary<string, HashSet<string>> Seen { get; } = new(StringComparer.Ordinal);

    /// <summary>In the order in which they were published, repetitions included.</summary>
    public List<string> Published { get; } = [];

    public int Kills { get; private set; }

    public string Folder => _folder.FullName;

    /// <summary>Called between two lives, when all files are closed.</summary>
    public Action<string>? Tamper { get; init; }

    /// <summary>Lives the whole script.</summary>
    /// <param name="cutAt">Where step i is cut short, asked again each time it is tried.</param>
    public History Live(Func<int, Cut> cutAt)
    {
        var entry = new Arrivals();
        for (var i = 0; i < Steps; i++)
        {
            var acknowledged = false;
            for (var cut = cutAt(i); !Try(entry, i, cut, ref acknowledged); cut = cutAt(i))
            {
                Kill();
                if (acknowledged)
                    break;                                  // the broker does not send it again
            }
        }

        Kill();                                             // what is left comes out at the next start
        return this;
    }

    /// <summary>One entry more, behind the script.</summary>
    public void Tick()
    {
        var entry = new Arrivals { Now = Start + TimeSpan.FromSeconds(Steps + 10), Heard = Start + TimeSpan.FromSeconds(Steps + 10) };
        _store.Append(entry, CancellationToken.None);
        _store.Tell(_detector!.Fold(_room.Take(entry)), CancellationToken.None);
    }

    /// <summary>Ids with their bodies, for comparing.</summary>
    public string Text => string.Join('\n', Seen.Select(e => $"{e.Key}: {string.Join(" | ", e.Value)}"));

    public void Dispose()
    {
        _store.Dispose();
        _detector?.Dispose();
        _folder.Delete(recursive: true);
    }

    // True: the step is through; false: killed in it.
    private bool Try(Arrivals entry, int i, Cut cut, ref bool acknowledged)
    {
        _clock.Advance(TimeSpan.FromSeconds(1));
        Fill(entry, i);
        _store.Append(entry, CancellationToken.None);
        acknowledged = entry.Readings.ReadingCount > 0;
        var outcome = _detector!.Fold(_room.Take(entry));
        _store.Tell(outcome, CancellationToken.None);
        AlertEvent[] alerts = [.. outcome.Alerts];
        Array.ForEach(alerts, Publish);
        acknowledged |= alerts.Length > 0;                  // a tick whose alerts are out is not lived again
        foreach (var alert in alerts)
        {
            _store.Mark(alert, shown: false, refused: false);
            _store.Mark(alert, shown: true, refused: false);
        }

        _store.Between();
        Assert.True(_store.WriteSlice());                   // a slice is one device, so passes are still cut short in their middle
        return cut != Cut.AfterCheckpoint;
    }

    // Two devices that swing, one with a spike and a new level, the other falls silent; a third, late, with two channels. A tick between two readings.
    private void Fill(Arrivals entry, int i)
    {
        entry.Clear();
        entry.Now = entry.Heard = Start + TimeSpan.FromSeconds(i);
        if (i % 5 == 4)
            return;
        var random = new Seeded((ulong)i + 1);
        Add("a", (20 + Math.Sin(i / 3.0) + (0.1 * random.NextNormal()) + (i is >= 180 and < 184 ? 25 : 0) + (i >= 225 ? 9 : 0), "t"));
        if (i is < 170 or > 240)
            Add("b", (5 + (0.1 * random.NextNormal()), "t"));
        if (i > 90)
            Add("c", (i + random.NextNormal(), "x"), (i is 200 or 201 ? -1e4 : random.NextNormal(), "y"));

        void Add(string name, params (double Value, string Channel)[] values)
        {
            Assert.True(_registry.TryGetDevice(name, out var device, out _));
            entry.Readings.Begin(device, entry.Now + TimeSpan.FromMilliseconds(-100));
            foreach (var (value, channel) in values)
            {
                Assert.True(_registry.TryGetChannel(device, channel, out var c, out _));
                entry.Readings.Add(c, Math.Round(value, 3));
            }

            entry.Readings.End();
        }
    }

    private void Publish(AlertEvent alert)
    {
        var buffer = new ArrayBufferWriter<byte>();
        CloudEvent.Write(alert, buffer, "test");
        if (!Seen.TryGetValue(alert.Id, out var bodies))
            Seen.Add(alert.Id, bodies = []);
        bodies.Add(Encoding.UTF8.GetString(buffer.WrittenSpan));
        Published.Add(alert.Id);
    }

    private void Kill()
    {
        Kills++;
        _store.Dispose();
        Tamper?.Invoke(Folder);
        Begin();
        foreach (var alert in _store.Journal.Unsent().ToList())
        {
            Publish(alert);
            _store.Mark(alert, shown: false, refused: false);
        }
    }

    private void Begin()
    {
        _detector?.Dispose();
        _registry = new DeviceRegistry(shards: 1 + (Kills % 2));
        var options = new StorageOptions { CheckpointEvery = TimeSpan.FromSeconds(4), Durable = false, SliceBytes = 1, OwnThread = false };
        _store = Store.Open(Folder, options, _registry, _clock, NullLogger.Instance);
        _store.Recover(
            () => (_detector, _room) = (new Detector(new DetectionOptions { FalseAlarmsPerDevicePerWeek = 100 }, new AlertOptions(), Model, _registry), new WaitingRoom(TimeSpan.Zero)), _ => { });
    }
}
