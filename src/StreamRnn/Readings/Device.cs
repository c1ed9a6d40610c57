namespace StreamRnn.Readings;

/// <summary>That which sends. Its identity only: what is learned of it lives in the shard, in the row <see cref="Slot"/>.</summary>
public sealed class Device
{
    private const int FewChannels = 8;       // up to these they are found by looking at each: most devices have few, and a table of their own would be most of what they cost

    private Channel[] _channels = [];
    private Dictionary<string, Channel>? _byName;

    internal Device(string name, int shard, int slot, int group, string origin = "") => (Name, Shard, Slot, Group, Origin) = (name, shard, slot, group, origin);

    public string Name { get; }

    /// <summary>The shard that owns this device: 0 .. shards − 1.</summary>
    public int Shard { get; }

    /// <summary>The device's row in its shard.</summary>
    public int Slot { get; }

    /// <summary>Which of the detector's own nets of groups predicts this device; −1 for the base model alone. Decided when the device was first named.</summary>
    public int Group { get; }

    /// <summary>Where its first reading came from, as the source calls the place: its group is decided by it again after a restart. Empty where there is none.</summary>
    public string Origin { get; }

    /// <summary>The channels seen so far, in order of first sight. Grows only; a snapshot is safe to keep.</summary>
    public IReadOnlyList<Channel> Channels => Volatile.Read(ref _channels);

    /// <summary>Under the registry's lock, as <see cref="Add"/>.</summary>
    internal Channel? Find(ReadOnlySpan<char> name)
    {
        if (_byName is not null)
            return _byName.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var found) ? found : null;
        foreach (var channel in _channels)
        {
            if (name.SequenceEqual(channel.Name))
                return channel;
        }

        return null;
    }

    internal Channel Add(string name, int slot)
    {
        var channel = new Channel(this, name, slot, _channels.Length);
        Volatile.Write(ref _channels, [.. _channels, channel]);
        if (_byName is not null)
            _byName.Add(name, channel);
        else if (_channels.Length > FewChannels)
            _byName = _channels.ToDictionary(c => c.Name, StringComparer.Ordinal);
        return channel;
    }

    public override string ToString() => Name;
}

/// <summary>One measured quantity of a device. The series of its readings has its own recurrent state, in the shard's row <see cref="Slot"/>.</summary>
public sealed class Channel
{
    internal Channel(Device device, string name, int slot, int index) => (Device, Name, Slot, Index) = (device, name, slot, index);

    public Device Device { get; }

    public string Name { get; }

    /// <summary>The series' row in its shard's state bank.</summary>
    public int Slot { get; }

    /// <summary>Place within <see cref="Device.Channels"/>.</summary>
    public int Index { get; }

    public override string ToString() => $"{Device.Name}/{Name}";
}
