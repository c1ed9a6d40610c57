using System.Buffers;
using System.Text;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Storage.Simulation;

/// <summary>A detector that is never interrupted: it folds entries by names, one after the other, and keeps what came of them.</summary>
internal sealed class Witness : IDisposable
{
    public static readonly DetectionOptions Sensitive = new() { FalseAlarmsPerDevicePerWeek = 900 };

    private static readonly BaseModel Model = BaseModel.Load();

    private readonly DeviceRegistry _registry = DeviceRegistry.Unbounded();
    private readonly Detector _detector;
    private readonly WaitingRoom _room;
    private readonly Arrivals _copy = new();

    public Witness(Plan plan)
    {
        (_detector, _room) = Begin(plan, _registry);
    }

    /// <summary>Of the last entry.</summary>
    public long Position { get; private set; }

    /// <summary>Event id → body.</summary>
    public SortedDictionary<string, string> Alerts { get; } = new(StringComparer.Ordinal);

    /// <summary>Device → the ids of its events, in order.</summary>
    public Dictionary<string, List<string>> Order { get; } = [];

    /// <summary>Alerts that are open.</summary>
    public SortedSet<string> Open { get; } = new(StringComparer.Ordinal);

    public static (Detector Detector, WaitingRoom Room) Begin(Plan plan, DeviceRegistry registry) =>
        (new Detector(Sensitive with { Silence = plan.Timed }, new AlertOptions { HoldReadings = 3, FlapWindow = TimeSpan.FromSeconds(40) }, Model, registry), new WaitingRoom(plan.MaxLateness));

    public void Fold(Arrivals entry)
    {
        _copy.Clear();
        (_copy.Now, _copy.Heard, _copy.Past, _copy.Position) = (entry.Now, entry.Heard, entry.Past, entry.Position);
        var said = 0;
        for (var i = 0; i < entry.Readings.ReadingCount; i++)
        {
            for (; said < entry.Commands.Count && entry.Commands[said].After <= i; said++)
                _copy.Add(entry.Commands[said].Command);
            var reading = entry.Readings[i];
            _copy.Readings.Begin(Of(_registry, reading[0].Channel).Device, reading[0].Time, reading[0].Sequence);
            foreach (var sample in reading)
                _copy.Readings.Add(Of(_registry, sample.Channel), sample.Value);
            _copy.Readings.End();
        }

        for (; said < entry.Commands.Count; said++)
            _copy.Add(entry.Commands[said].Command);
        Position = entry.Position;
        Keep();
    }

    /// <summary>Folds a payload as an entry of its own, or a tick.</summary>
    public void Fold(Payload? payload, Instant now)
    {
        _copy.Clear();
        (_copy.Now, _copy.Heard, _copy.Position) = (now, Script.Start, ++Position);
        foreach (var reading in payload?.Readings ?? [])
            Add(reading, _registry, _copy.Readings);
        Keep();
    }

    /// <summary>Writes a reading by names into a buffer.</summary>
    public static void Add(ScriptReading reading, DeviceRegistry registry, ReadingBuffer into)
    {
        Assert.True(registry.TryGetDevice(reading.Device, out var device, out _));
        into.Begin(device, reading.Time, reading.Sequence);
        foreach (var (name, value) in reading.Values)
        {
            Assert.True(registry.TryGetChannel(device, name, out var channel, out _));
            into.Add(channel, value);
        }

        into.End();
    }

    /// <summary>All that a detector and a room remember, as texts that can be compared: device → bytes, and what waits.</summary>
    public static SortedDictionary<string, string> StateOf(Detector detector, WaitingRoom room, DeviceRegistry registry)
    {
        var state = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var device in registry.Devices)
            state.Add(device.Name, Convert.ToHexString(detector.Shards[device.Shard].Copy(device)));
        var waiting = new ArrayBufferWriter<byte>();
        room.Save(waiting, channel => StringComparer.Ordinal.GetHashCode(channel.ToString()));
        state.Add("", Convert.ToHexString(waiting.WrittenSpan));
        return state;
    }

    public SortedDictionary<string, string> State() => StateOf(_detector, _room, _registry);

    public static string BodyOf(AlertEvent alert)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        CloudEvent.Write(alert, buffer, "test");
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public void Dispose() => _detector.Dispose();

    private static Channel Of(DeviceRegistry registry, Channel channel)
    {
        Assert.True(registry.TryGetDevice(channel.Device.Name, out var device, out _));
        Assert.True(registry.TryGetChannel(device, channel.Name, out var own, out _));
        return own;
    }

    private void Keep()
    {
        foreach (var alert in _detector.Fold(_room.Take(_copy)).Alerts)
        {
            if (Alerts.TryGetValue(alert.Id, out var other))
                throw new InvalidOperationException($"entry {Position}: two events are {alert.Id}: {other} | {BodyOf(alert)} | {string.Join(' ', Order[alert.Device])}");
            Alerts.Add(alert.Id, BodyOf(alert));
            if (!Order.TryGetValue(alert.Device, out var order))
                Order.Add(alert.Device, order = []);
            order.Add(alert.Id);
            if (alert.Status == AlertStatus.Resolved)
                Open.Remove(alert.AlertId);
            else
                Open.Add(alert.AlertId);
        }
    }
}
