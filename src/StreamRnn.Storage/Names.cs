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
    private int[][] _deviceIds = [], _channelIds = [];      // by shard and slot; 0: none yet

    public int DeviceCount => _devices.Count;

    public int ChannelCount => _channels.Count;

    public Device DeviceOf(int id) => _devices[id - 1];

    public Channel? ChannelOf(long id) => id >= 1 && id <= _channels.Count ? _channels[(int)id - 1] : null;

    public Channel ChannelAt(int index) => _channels[index];

    public bool Knows(Device device) => IdAt(_deviceIds, device.Shard, device.Slot) > 0;

    public int IdOf(Device device)
    {
        if (IdAt(_deviceIds, device.Shard, device.Slot) is > 0 and var id)
            return id;
        _devices.Add(device);
        return Place(ref _deviceIds, device.Shard, device.Slot) = _devices.Count;
    }

    public int IdOf(Channel channel)
    {
        if (IdAt(_channelIds, channel.Device.Shard, channel.Slot) is > 0 and var id)
            return id;
        IdOf(channel.Device);
        _channels.Add(channel);
        return Place(ref _channelIds, channel.Device.Shard, channel.Slot) = _channels.Count;
    }

    private static int IdAt(int[][] ids, int shard, int slot) => shard < ids.Length && slot < ids[shard].Length ? ids[shard][slot] : 0;

    private static ref int Place(ref int[][] ids, int shard, int slot)
    {
        while (ids.Length <= shard)
            ids = [.. ids, new int[16]];
        if (slot >= ids[shard].Length)
            Array.Resize(ref ids[shard], Math.Max(slot + 1, 2 * ids[shard].Length));
        return ref ids[shard][slot];
    }
}
