namespace StreamRnn.Readings;

/// <summary>The group of a device, by where its first reading came from.</summary>
/// <param name="origin">What the source calls the place: for MQTT the topic. Empty where there is none.</param>
/// <returns>0 or more, or −1 for none.</returns>
public delegate int GroupOf(ReadOnlySpan<char> origin);

/// <summary>
/// Names to identities. The one place where a device or a channel comes into being, so the one place where their number is bounded:
/// a topic is under somebody else's control, and a million invented device ids must cost a million refusals, not a million rows.
/// Safe for several threads.
/// </summary>
public sealed class DeviceRegistry
{
    public const int LongestName = 128;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Device> _devices = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Device>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly HashSet<string> _channelNames = new(StringComparer.Ordinal);       // each kept once: a thousand thermometers share "temperature"
    private readonly int[] _devicesInShard;
    private readonly int[] _seriesInShard;
    private readonly int _maxDevices;
    private readonly int _maxChannels;
    private readonly int _maxSeries;
    private readonly GroupOf _groupOf;
    private int _series;

    /// <param name="shards">Devices are dealt to the shards 0 .. shards − 1 in turn.</param>
    /// <param name="maxDevices">Devices beyond this number are refused.</param>
    /// <param name="maxChannels">Channels of one device beyond this number are refused.</param>
    /// <param name="maxSeries">Channels of all devices together beyond this number are refused: what bounds the memory, some 3 KB each.</param>
    /// <param name="groupOf">Asked once for each device; null: no device has a group.</param>
    public DeviceRegistry(int shards = 1, int maxDevices = 100_000, int maxChannels = 256, int maxSeries = 500_000, GroupOf? groupOf = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shards, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxDevices, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxChannels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxSeries, 1);
        (_maxDevices, _maxChannels, _maxSeries, _groupOf) = (maxDevices, maxChannels, maxSeries, groupOf ?? (_ => -1));
        _devicesInShard = new int[shards];
        _seriesInShard = new int[shards];
        _bySpan = _devices.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>For what was taken in before, under bounds that held then: nothing is refused for its number.</summary>
    public static DeviceRegistry Unbounded(GroupOf? groupOf = null) => new(maxDevices: int.MaxValue, maxChannels: int.MaxValue, maxSeries: int.MaxValue, groupOf: groupOf);

    public int Shards => _devicesInShard.Length;

    public int DeviceCount { get { lock (_gate) return _devices.Count; } }

    public int SeriesCount { get { lock (_gate) return _seriesInShard.Sum(); } }

    /// <summary>All devices, in no particular order: a copy.</summary>
    public IReadOnlyList<Device> Devices { get { lock (_gate) return [.. _devices.Values]; } }

    /// <summary>The device of that name; null where it is not known.</summary>
    public Device? Find(string name) { lock (_gate) return _devices.GetValueOrDefault(name); }

    /// <summary>The device of this name, made on first sight.</summary>
    /// <param name="origin">Where its reading comes from: looked at only when the device is made, for its group.</param>
    /// <returns>False, and why not, when the name is unusable or the cap is reached.</returns>
    public bool TryGetDevice(ReadOnlySpan<char> name, out Device device, out string? refusal, ReadOnlySpan<char> origin = default)
    {
        lock (_gate)
        {
            if (_bySpan.TryGetValue(name, out device!))
            {
                refusal = null;
                return true;
            }

            refusal = Unusable(name) ?? (_devices.Count >= _maxDevices
                ? $"the cap of {_maxDevices} devices is reached (Ingest:MaxDevices)" : null);
            if (refusal is not null)
                return false;
            var shard = _devices.Count % Shards;
            device = new Device(name.ToString(), shard, _devicesInShard[shard]++, _groupOf(origin), origin.ToString());
            _devices.Add(device.Name, device);
            return true;
        }
    }

    /// <summary>The device's channel of this name, made on first sight.</summary>
    /// <returns>False, and why not, when the name is unusable or the device has too many channels already.</returns>
    public bool TryGetChannel(Device device, ReadOnlySpan<char> name, out Channel channel, out string? refusal)
    {
        lock (_gate)
        {
            if (device.Find(name) is { } known)
            {
                channel = known;
                refusal = null;
                return true;
            }

            refusal = Unusable(name) ?? (device.Channels.Count >= _maxChannels
                ? $"device '{device.Name}' has reached the cap of {_maxChannels} channels (Ingest:MaxChannelsPerDevice)"
                : _series >= _maxSeries ? $"the cap of {_maxSeries} series is reached (Ingest:MaxSeries)" : null);
            channel = null!;
            if (refusal is not null)
                return false;
            if (!_channelNames.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var text))
                _channelNames.Add(text = name.ToString());
            channel = device.Add(text, _seriesInShard[device.Shard]++);
            _series++;
            return true;
        }
    }

    /// <summary>Why a name cannot be used, or null. Names end up in topics, so they must not contain what a topic forbids.</summary>
    public static string? Unusable(ReadOnlySpan<char> name)
    {
        if (name.IsEmpty)
            return "the name is empty";
        if (name.Length > LongestName)
            return $"the name has {name.Length} characters, allowed are {LongestName}";
        for (var i = 0; i < name.Length; i++)
        {
            var c = name[i];
            if (char.IsControl(c) || c is '+' or '#' or '/')
                return $"the name has U+{(int)c:X4} at {i}; control characters and + # / are not allowed";
            if (!char.IsSurrogate(c))
                continue;
            if (!char.IsHighSurrogate(c) || i + 1 == name.Length || !char.IsLowSurrogate(name[i + 1]))
                return $"the name has a lone surrogate U+{(int)c:X4} at {i}";
            i++;
        }

        return null;
    }
}
