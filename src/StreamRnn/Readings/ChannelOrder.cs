namespace StreamRnn.Readings;

/// <summary>The channels of a device that have spoken, by their place in a saved state: slots and indices of another run are another's.</summary>
internal sealed class ChannelOrder
{
    private readonly List<Channel> _channels = [];

    public int Count => _channels.Count;

    public Channel this[int place] => _channels[place];

    public void Clear() => _channels.Clear();

    public void Add(Channel channel) => _channels.Add(channel);

    /// <summary>−1 for null: the whole device.</summary>
    public int PlaceOf(Channel? channel) => channel is null ? -1 : _channels.IndexOf(channel);

    /// <summary>By <see cref="Channel.Index"/>; −1 for the whole device.</summary>
    public int PlaceOf(int index)
    {
        for (var place = 0; place < _channels.Count; place++)
        {
            if (_channels[place].Index == index)
                return place;
        }

        return -1;
    }

    /// <summary>Null for −1.</summary>
    public Channel? At(int place, in StateReader reader) => place == -1 ? null : (uint)place < (uint)_channels.Count ? _channels[place]
        : throw reader.Fault($"names channel {place} of {_channels.Count}");
}
