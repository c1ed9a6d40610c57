using StreamRnn.Readings;

namespace StreamRnn.Storage;

/// <summary>
/// Numbers of devices and channels, 1, 2, … in the order of their first mention in an entry, as the journal keeps them. The registry's shards and slots are another matter: they are dealt anew at each start,
/// so that a store can be read with another number of shards. One thread writes; looking up a number is safe beside it only for names that are committed.
/// </summary>
internal sealed class Names
{
    private readonly List<Device> _devices = [];
    private readonly List<Channel> _channels = [];
    private readonly Dictionary<Device, int> _deviceIds = [];
    private int[][] _channelIds = [];                       // by shard and slot; 0: none yet

    public int DeviceCount => _devices.Count;

    public int ChannelCount => _channels.Count;

    public Device DeviceOf(int id) => _devices[id - 1];

    public Channel? ChannelOf(long id) => id >= 1 && id <= _channels.Count ? _channels[(int)id - 1] : null;

    public Channel ChannelAt(int index) => _channels[index];

    public bool Knows(Device device) => _deviceIds.ContainsKey(device);

    public int IdOf(Device device)
    {
        if (_deviceIds.TryGetValue(device, out var id))
            return id;
        _devices.Add(device);
        _deviceIds.Add(device, _devices.Count);
        return _devices.Count;
    }

    public int IdOf(Channel channel)
    {
        var (shard, slot) = (channel.Device.Shard, channel.Slot);
        if (shard < _channelIds.Length && slot < _channelIds[shard].Length && _channelIds[shard][slot] is > 0 and var id)
            return id;
        IdOf(channel.Device);
        while (_channelIds.Length <= shard)
            _channelIds = [.. _channelIds, new int[16]];
        if (slot >= _channelIds[shard].Length)
            Array.Resize(ref _channelIds[shard], Math.Max(slot + 1, 2 * _channelIds[shard].Length));
        _channels.Add(channel);
        return _channelIds[shard][slot] = _channels.Count;
    }
}
