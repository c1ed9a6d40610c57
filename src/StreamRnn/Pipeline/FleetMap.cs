using StreamRnn.Nets;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <summary>Where a device is in the net's vector space, and whom it is like.</summary>
/// <param name="Cluster">From 1; stays the device's while it behaves as it does. 0 while too little was heard of it.</param>
/// <param name="DistanceToCentre">From the mean of its cluster.</param>
/// <param name="Novelty">How far its present state is from all it has known, in usual distances: about 1 as usual, higher is more anomalous.</param>
public sealed record PlacedDevice(Device Device, int Cluster, double DistanceToCentre, double Novelty, IReadOnlyList<float> Embedding);

/// <summary>
/// The devices of a fleet as points in the space of the net's hidden states: watches a detector's states from outside and changes nothing of it. A device's point is the mean of its series'
/// embeddings (<see cref="Embeddings"/>), so devices of one kind lie together whatever their units, names and number of channels.
/// </summary>
/// <param name="units">H of the net.</param>
/// <param name="radius">Of a cluster. In the states of the base model, simulated devices of one kind are mostly 0.2 to 0.4 apart, those of different kinds 0.7 or more.</param>
public sealed class FleetMap(int units, double radius = FleetMap.UsualRadius)
{
    public const double UsualRadius = 0.6;

    /// <summary>Readings of a device before it is placed: its means have to settle.</summary>
    public const int WarmUp = 200;

    private const int PlaceEvery = 10;                 // readings

    private readonly Embeddings _embeddings = new(units);
    private readonly OnlineClusters _clusters = new(2 * units, radius);
    private readonly List<(Device Device, int Readings)> _devices = [];
    private readonly Dictionary<int, int> _byId = [];
    private readonly Dictionary<int, (KnownStates Known, double Novelty)> _known = [];
    private readonly float[] _one = new float[2 * units], _mean = new float[2 * units];

    /// <summary>In the order of their ids.</summary>
    public IReadOnlyList<Cluster> Clusters => _clusters.Clusters;

    /// <summary>All devices heard of, in the order in which they were.</summary>
    public IReadOnlyList<PlacedDevice> Devices => [.. _devices.Select((known, item) =>
    {
        ReadEmbedding(known.Device);
        return new PlacedDevice(
            known.Device, _clusters.Of(item), _clusters.DistanceToCentre(item), known.Device.Channels.Max(c => _known.GetValueOrDefault(c.Slot).Novelty), [.. _mean]);
    })];

    /// <summary>Takes in the states that a device's series have after a reading of it was folded.</summary>
    /// <param name="shard">The shard that folded it.</param>
    public void Follow(Shard shard, Device device)
    {
        foreach (var channel in device.Channels)
        {
            if (channel.Slot >= shard.SeriesCount || shard.SeriesAt(channel.Slot).Count < 2)
                continue;
            var h = shard.StateAt(channel.Slot)[..units];
            _embeddings.Learn(channel.Slot, h);
            var known = _known.TryGetValue(channel.Slot, out var before) ? before.Known : new KnownStates(units);
            _known[channel.Slot] = (known, known.Novelty(h));
            known.Learn(h);
        }

        if (!_byId.TryGetValue(device.Slot, out var item))
        {
            _byId.Add(device.Slot, item = _devices.Count);
            _devices.Add((device, 0));
        }

        var readings = _devices[item].Readings + 1;
        _devices[item] = (device, readings);
        if (readings < WarmUp || readings % PlaceEvery != 0)
            return;
        ReadEmbedding(device);
        _clusters.Place(item, _mean);
    }

    private void ReadEmbedding(Device device)
    {
        Array.Clear(_mean);
        foreach (var channel in device.Channels)
        {
            _embeddings.Read(channel.Slot, _one);
            for (var j = 0; j < _mean.Length; j++)
                _mean[j] += _one[j] / device.Channels.Count;
        }
    }
}
