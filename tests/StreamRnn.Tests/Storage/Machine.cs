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

/// <summary>A machine with a store and a service on it, a second a step. Its wall clock is that of all machines, its listening clock its own.</summary>
internal sealed class Machine : IDisposable
{
    public static readonly DetectionOptions Detection = new() { FalseAlarmsPerDevicePerWeek = 100 };

    private static readonly BaseModel Model = BaseModel.Load();
    private static readonly Instant Start = new(1_772_000_000_000_000);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("streamrnn-machine-");
    private readonly FakeTimeProvider _clock = new(Start.ToDateTimeOffset());
    private readonly int _shards;
    private Store? _store;
    private DeviceRegistry _registry = null!;
    private Detector _detector = null!;
    private WaitingRoom _room = null!;
    private Instant _heard;

    /// <param name="listened">How long it had listened before.</param>
    public Machine(int shards = 1, TimeSpan listened = default) => (_shards, _heard) = (shards, Start + listened);

    public string Folder => _folder.FullName;

    /// <summary>Every event of one device, in order: id and body.</summary>
    public List<(string Device, string Body)> Told { get; } = [];

    public IEnumerable<string> Of(string device) => Told.Where(t => t.Device == device).Select(t => t.Body);

    public static Detector DetectorOf(DeviceRegistry registry) => new(Detection, new AlertOptions(), Model, registry);

    /// <summary>Starts the service, if it does not run, and lives steps.</summary>
    /// <param name="speaking">The devices that send.</param>
    public Machine Live(int from, int until, params string[] speaking)
    {
        Begin();
        var entry = new Arrivals();
        for (var i = from; i < until; i++)
        {
            entry.Clear();
            _heard += TimeSpan.FromSeconds(1);
            _clock.Advance(TimeSpan.FromSeconds(1));
            (entry.Now, entry.Heard) = (Start + TimeSpan.FromSeconds(i), _heard);
            foreach (var name in speaking)
                Add(entry, name, i);
            _store!.Append(entry, CancellationToken.None);
            var outcome = _detector.Fold(_room.Take(entry));
            _store.Tell(outcome, CancellationToken.None);
            foreach (var e in outcome.Alerts)
                Told.Add((e.Device, Body(e)));
            _store.Between();
            Assert.True(_store.WriteSlice());
        }

        return this;
    }

    /// <summary>Ends the service: killed, or properly.</summary>
    public void Stop(bool killed)
    {
        if (!killed)
            _store?.Close(TimeSpan.FromSeconds(30));
        _store?.Dispose();
        _detector?.Dispose();
        _store = null;
    }

    /// <summary>What the running service has of a device.</summary>
    public byte[] StateOf(string device) => _detector.Copy(_registry.Devices.Single(d => d.Name == device));

    public MovedDevice Export(string device) => DeviceMove.Export(Folder, device, () =>
    {
        var registry = DeviceRegistry.Unbounded();
        return (registry, () => (DetectorOf(registry), new WaitingRoom(TimeSpan.Zero)));
    });

    public Imported Import(MovedDevice device, string? name = null, bool replace = false)
    {
        var registry = new DeviceRegistry();
        return DeviceMove.Import(Folder, device, name, replace, registry, () => DetectorOf(registry), _clock);
    }

    public void Dispose()
    {
        Stop(killed: true);
        _folder.Delete(recursive: true);
    }

    private void Begin()
    {
        if (_store is not null)
            return;
        _registry = new DeviceRegistry(_shards);
        _store = Store.Open(Folder, new StorageOptions { CheckpointEvery = TimeSpan.FromSeconds(4), Durable = false, OwnThread = false }, _registry, _clock, NullLogger.Instance);
        var recovered = _store.Recover(() => (_detector, _room) = (DetectorOf(_registry), new WaitingRoom(TimeSpan.Zero)), _ => { });
        _heard = recovered.Heard ?? _heard;
    }

    // Two swings with noise of their own; a spike from 180 to 184.
    private void Add(Arrivals entry, string name, int i)
    {
        var random = new Seeded((ulong)(i + 1 + (1000 * name[0])));
        Assert.True(_registry.TryGetDevice(name, out var device, out _, $"devices/{name}"));
        Assert.True(_registry.TryGetChannel(device, "t", out var t, out _));
        Assert.True(_registry.TryGetChannel(device, "x", out var x, out _));
        entry.Readings.Begin(device, entry.Now + TimeSpan.FromMilliseconds(-100));
        entry.Readings.Add(t, Math.Round(20 + Math.Sin(i / 3.0) + (0.1 * random.NextNormal()) + (i is >= 180 and < 184 ? 25 : 0), 3));
        entry.Readings.Add(x, Math.Round(Math.Cos(i / 5.0) + (0.1 * random.NextNormal()), 3));
        entry.Readings.End();
    }

    private static string Body(AlertEvent e)
    {
        var buffer = new ArrayBufferWriter<byte>();
        AlertJson.WriteData(e, buffer);
        return $"{e.Id}: {Encoding.UTF8.GetString(buffer.WrittenSpan)}";
    }
}
