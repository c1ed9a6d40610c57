using StreamRnn.Alerts;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <content>A device's sequence and the row that is being put together, as bytes. The last part of a device's state.</content>
internal sealed partial class GroupForesight
{
    public void Save(Device device, StateWriter to, ChannelOrder channels)
    {
        var m = MemberOf(device);
        to.Put(m >= 0);
        if (m < 0)
            return;
        to.PutText(Name.Id);
        to.PutText(Name.Version);
        to.Put(_members[m]);
        for (var c = 0; c < Width; c++)
        {
            to.Put(_slots[(m * Width) + c] > 0);
            to.Put(_came[(m * Width) + c]);
            to.Put(_predicted[(m * Width) + c]);
        }

        to.PutAll<float>(_states.Row(m));
    }

    /// <returns>Whether all was taken over; else it was of another net.</returns>
    public bool TryRestore(Device device, ref StateReader from, ChannelOrder channels)
    {
        if (!from.Get<bool>())
            return true;
        if (new ModelName(from.GetName(), from.GetName()) != Name)
        {
            from.SkipRest();
            return false;
        }

        var m = Join(device);
        _members[m] = from.Get<Member>();
        for (var c = 0; c < Width; c++)
        {
            if (from.Get<bool>())
                _slots[(m * Width) + c] = (ChannelAt(c, channels) ?? throw from.Fault($"has a value of column '{_model.Columns[c]}' and no such channel")).Slot + 1;
            _came[(m * Width) + c] = from.Get<bool>();
            _predicted[(m * Width) + c] = from.Get<double>();
        }

        _states.Set(m, from.GetAll<float>());
        return true;
    }

    /// <summary>For a device without a group.</summary>
    /// <returns>Whether there was nothing to leave out.</returns>
    public static bool TrySkip(ref StateReader from)
    {
        if (!from.Get<bool>())
            return true;
        from.SkipRest();
        return false;
    }

    private Channel? ChannelAt(int column, ChannelOrder channels)
    {
        for (var place = 0; place < channels.Count; place++)
        {
            if (ColumnOf(channels[place]) == column)
                return channels[place];
        }

        return null;
    }
}
