using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Pipeline;

/// <summary>A detector with its registry, and the few verbs that tests of it need. The net's weights are random: the laws hold for any.</summary>
internal sealed class Fleet : IDisposable
{
    private static readonly BaseModel Random = Save(ForecastLayers.Create(16, new Seeded(7)));
    private readonly Arrivals _arrivals = new();
    private readonly ShardThreads? _threads;

    public Fleet(int shards = 1, DetectionOptions? options = null, BaseModel? model = null, AlertOptions? alerts = null, IReadOnlyList<NetModel>? groups = null, GroupOf? groupOf = null, TimeSpan maxLateness = default, bool threads = false)
    {
        Room = new WaitingRoom(maxLateness);
        Registry = new DeviceRegistry(shards, groupOf: groupOf);
        Detector = new Detector(options ?? new DetectionOptions { KeepScores = true }, alerts ?? new AlertOptions(), model ?? Random, Registry, groups);
        _threads = threads ? new ShardThreads(Detector) : null;
    }

    public WaitingRoom Room { get; }

    public DeviceRegistry Registry { get; }

    public Detector Detector { get; }

    public List<ScoredSample> Scores { get; } = [];

    public List<AlertEvent> Alerts { get; } = [];

    public List<DeviceState> States { get; } = [];

    public List<ModelNotice> Notices { get; } = [];

    public List<CommandReply> Replies { get; } = [];

    public int Duplicates { get; private set; }

    public int Late { get; private set; }

    public Channel Channel(string device, string channel)
    {
        Assert.True(Registry.TryGetDevice(device, out var d, out var refusal, origin: device), refusal);
        Assert.True(Registry.TryGetChannel(d, channel, out var c, out refusal), refusal);
        return c;
    }

    /// <summary>Adds a reading to the entry that is being collected.</summary>
    public void Arrive(string device, double time, params (string Channel, double Value)[] values) => Arrive(device, time, Sample.Unnumbered, values);

    /// <summary>The same of a reading that bears a number.</summary>
    public void Arrive(string device, double time, long sequence, params (string Channel, double Value)[] values)
    {
        _arrivals.Readings.Begin(Channel(device, values[0].Channel).Device, Instant.FromSeconds(time), sequence);
        foreach (var (channel, value) in values)
            _arrivals.Readings.Add(Channel(device, channel), value);
        _arrivals.Readings.End();
    }

    /// <summary>Folds what was collected, at <paramref name="now"/> on the wall clock and the listening clock alike.</summary>
    public void Fold(double now)
    {
        _arrivals.Now = _arrivals.Heard = Instant.FromSeconds(now);
        Keep(_threads is null ? Detector.Fold(Room.Take(_arrivals)) : _threads.Fold(Room.Take(_arrivals)));
        _arrivals.Clear();
    }

    /// <summary>Folds what was collected as history.</summary>
    public void FoldPast(double now)
    {
        _arrivals.Past = true;
        Fold(now);
        _arrivals.Past = false;
    }

    /// <summary>Folds what still waits to be put in order.</summary>
    public void Flush()
    {
        if (Room.TryFlush(out var rest))
            Keep(Detector.Fold(rest));
    }

    private void Keep(Outcome outcome)
    {
        Scores.AddRange(outcome.Scores);
        Alerts.AddRange(outcome.Alerts);
        States.AddRange(outcome.States);
        Notices.AddRange(outcome.Notices);
        Replies.AddRange(outcome.Replies);
        Duplicates += outcome.Duplicates;
        Late += outcome.Late;
    }

    /// <summary>Adds a command to the entry that is being collected.</summary>
    public void Say(DetectorCommand command) => _arrivals.Add(command);

    /// <summary>One command, one entry.</summary>
    /// <returns>Its reply.</returns>
    public CommandReply Say(DetectorCommand command, double now)
    {
        Say(command);
        Fold(now);
        return Replies[^1];
    }

    /// <summary>One numbered reading, one entry.</summary>
    public void SendNumbered(string device, double time, long sequence, params (string Channel, double Value)[] values)
    {
        Arrive(device, time, sequence, values);
        Fold(time);
    }

    /// <summary>One reading, one entry.</summary>
    public void Send(string device, double time, params (string Channel, double Value)[] values)
    {
        Arrive(device, time, values);
        Fold(time);
    }

    /// <summary>Hidden and cell state, as bits.</summary>
    public int[] StateOf(string device, string channel)
    {
        var c = Channel(device, channel);
        return [.. Detector.Shards[c.Device.Shard].StateAt(c.Slot).ToArray().Select(BitConverter.SingleToInt32Bits)];
    }

    /// <summary>State of the device in its group's net, as bits.</summary>
    public int[] GroupStateOf(string device)
    {
        Assert.True(Registry.TryGetDevice(device, out var d, out var refusal), refusal);
        return [.. Detector.Shards[d.Shard].GroupStateOf(d).ToArray().Select(BitConverter.SingleToInt32Bits)];
    }

    public SeriesRow RowOf(string device, string channel)
    {
        var c = Channel(device, channel);
        return Detector.Shards[c.Device.Shard].SeriesAt(c.Slot);
    }

    public static BaseModel Save(ForecastLayers layers)
    {
        using var file = new MemoryStream();
        BaseModel.Save(file, layers, "test", new Dictionary<string, string>());
        file.Position = 0;
        return BaseModel.Load(file);
    }

    public void Dispose()
    {
        _threads?.Dispose();
        Detector.Dispose();
    }
}
