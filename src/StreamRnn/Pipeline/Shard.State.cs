using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <content>
/// The state as bytes, device by device: which devices changed, copying them between entries, and taking them in again. A device that was restored with a position is ahead of the entries up to
/// it: until one behind that position comes it is in no queue and no list, and nothing touches it.
/// </content>
public sealed partial class Shard
{
    private readonly ModelName _model;
    private readonly List<Device?> _deviceAt = [];          // by slot
    private bool[] _changed = [];                           // by slot: since it was copied last
    private long[] _ahead = [];                             // by slot: the position up to which the device has folded entries that come again; 0: none
    private readonly PriorityQueue<Device, long> _aheads = new();
    private readonly ChannelOrder _spoken = new();          // of the device at hand
    private long _position;                                 // of the last entry that had one
    private long _entry;                                    // of the one that is folded; 0: none
    private long _commonPosition;                           // up to which what belongs to no device is ahead
    private double? _asked;                                 // the budget that a command set for all

    /// <summary>The next changed devices from <paramref name="slot"/> on, until <paramref name="into"/> holds <paramref name="mostBytes"/> or more. They count as unchanged then.</summary>
    /// <returns>Whether none is left behind <paramref name="slot"/>, which is where to go on.</returns>
    internal bool CopyChanged(DeviceStates into, ref int slot, int mostBytes)
    {
        while (into.Length < mostBytes)
        {
            var next = slot < _deviceAt.Count ? _changed.AsSpan(slot, _deviceAt.Count - slot).IndexOf(true) : -1;
            if (next < 0)
                return true;
            slot += next;
            var device = _deviceAt[slot]!;
            Save(device, into.To);
            into.Add(device, Math.Max(_ahead[slot], _position));
            _changed[slot++] = false;
        }

        return false;
    }

    internal bool Knows(Device device) => device.Slot < _devices.Capacity && _devices[device.Slot].Count > 0;

    internal IEnumerable<AlertEvent> OpenAlertsOf(Device device) => _book.Open.Where(e => e.Device == device.Name);

    /// <summary>One device's state, changed or not.</summary>
    internal byte[] Copy(Device device)
    {
        var to = new StateWriter();
        Save(device, to);
        return to.Bytes.ToArray();
    }

    internal void SaveCommon(StateWriter to)
    {
        to.Begin(StateKind.Common);
        to.Put(Math.Max(_commonPosition, _position));
        to.Put(_now);
        to.Put(_heard);
        to.PutMaybe(_asked);
        to.End();
    }

    internal void RestoreCommon(ReadOnlySpan<byte> state)
    {
        var from = new StateReader(state, StateKind.Common, "the saved state that belongs to no device");
        (_commonPosition, _now, _heard) = (from.Get<long>(), from.Get<Instant>(), from.Get<Instant>());
        var asked = from.GetMaybe<double>();
        from.End();
        if (asked is not null)
            Ask(asked);
    }

    /// <param name="registry">Where channels of the state that nobody has named yet come into being.</param>
    internal Anew Restore(Device device, long position, ReadOnlySpan<byte> state, DeviceRegistry registry)
    {
        var from = new StateReader(state, StateKind.Device, $"the saved state of device '{device}'");
        if (Knows(device))
            throw new InvalidOperationException($"device '{device}' has folded {_devices[device.Slot].Count} readings; a state is restored before the first");
        var same = (from.GetName(), from.GetName()) == (_model.Id, _model.Version);
        NameChannels(device, ref from, registry);
        Know(device);
        _devices.EnsureSlot(device.Slot);
        _devices[device.Slot] = from.Get<DeviceRow>();
        for (var place = 0; place < _spoken.Count; place++)
        {
            var slot = _spoken[place].Slot;
            while (_channels.Count <= slot)
                _channels.Add(_spoken[place]);
            _channels[slot] = _spoken[place];
            _series.EnsureSlot(slot);
            _series[slot] = from.GetGrown<SeriesRow>(SeriesRow.BytesOfLayout1);
            _watch.Keep(slot, from.Get<long>());
            _states.EnsureRows(_channels.Count);
            var sequence = from.GetAll<float>();
            if (same)
                _states.Set(slot, sequence);
        }

        for (var n = from.GetCount(); n > 0; n--)
            _hushed.Add((device, _spoken.At(from.Get<int>(), from), _spoken.At(from.Get<int>(), from)!.Slot));
        _book.Restore(device, ref from, _spoken);
        _normals.Restore(device, ref from, _spoken, same);
        var wholly = GroupOf(device) is { } group ? group.TryRestore(device, ref from, _spoken) : GroupForesight.TrySkip(ref from);
        from.End();
        if (_book.HasOpen(device, AlertFamily.Silence))
            _silent.Add(device);
        if (position > _position)
        {
            _ahead[device.Slot] = position;
            _aheads.Enqueue(device, position);
        }
        else
        {
            Wake(device);
        }

        _changed[device.Slot] = !same || !wholly;
        return (same ? Anew.Nothing : Anew.BaseStates) | (wholly ? Anew.Nothing : Anew.GroupState);
    }

    private void Save(Device device, StateWriter to)
    {
        _spoken.Clear();
        foreach (var channel in device.Channels)
        {
            if (channel.Slot < _channels.Count && _series[channel.Slot].Count > 0)
                _spoken.Add(channel);
        }

        to.Begin(StateKind.Device);
        to.PutText(_model.Id);
        to.PutText(_model.Version);
        to.Put(_spoken.Count);
        for (var place = 0; place < _spoken.Count; place++)
            to.PutText(_spoken[place].Name);
        to.Put(_devices[device.Slot]);
        for (var place = 0; place < _spoken.Count; place++)
        {
            var slot = _spoken[place].Slot;
            to.Put(_series[slot]);
            to.Put(_watch.LookAt(slot));
            to.PutAll<float>(_states.Row(slot));
        }

        SaveHushed(device, to);
        _book.Save(device, to, _spoken);
        _normals.Save(device, to, _spoken);
        if (GroupOf(device) is { } group)
            group.Save(device, to, _spoken);
        else
            to.Put(false);
        to.End();
    }

    private void SaveHushed(Device device, StateWriter to)
    {
        var count = 0;
        if (_normals.Follows(device))
        {
            foreach (var hushed in _hushed)
                count += hushed.Device == device ? 1 : 0;
        }

        to.Put(count);
        if (count == 0)
            return;
        foreach (var (of, channel, slot) in _hushed)
        {
            if (of != device)
                continue;
            to.Put(_spoken.PlaceOf(channel));
            to.Put(_spoken.PlaceOf(_channels[slot]));
        }
    }

    private void NameChannels(Device device, ref StateReader from, DeviceRegistry registry)
    {
        _spoken.Clear();
        for (var n = from.GetCount(sizeof(int)); n > 0; n--)
        {
            var name = from.GetName();
            if (!registry.TryGetChannel(device, name, out var channel, out var refusal))
                throw from.Fault($"has a channel '{name}' that was refused: {refusal}");
            _spoken.Add(channel);
        }
    }

    /// <summary>What the entry at hand does to the device it has done already.</summary>
    private bool Has(Device device) => _aheads.Count > 0 && device.Slot < _ahead.Length && _ahead[device.Slot] > 0;

    /// <summary>The same of what belongs to no device.</summary>
    private bool HasCommon() => _entry > 0 && _entry <= _commonPosition;

    private void Changed(Device device)
    {
        if (device.Slot >= _deviceAt.Count || _deviceAt[device.Slot] is null)
            Know(device);
        _changed[device.Slot] = true;
    }

    private void Know(Device device)
    {
        while (_deviceAt.Count <= device.Slot)
            _deviceAt.Add(null);
        _deviceAt[device.Slot] = device;
        if (device.Slot < _changed.Length)
            return;
        var size = Math.Max(device.Slot + 1, Math.Max(16, 2 * _changed.Length));
        Array.Resize(ref _changed, size);
        Array.Resize(ref _ahead, size);
    }

    private void Begin(long position)
    {
        _entry = position;
        _position = Math.Max(_position, position);
        while (_aheads.TryPeek(out var device, out var until) && (position == 0 || until < position))
        {
            _aheads.Dequeue();
            _ahead[device.Slot] = 0;
            Wake(device);
        }
    }

    /// <summary>From here on the device is folded: its series are watched and what was called normal for a time expires.</summary>
    private void Wake(Device device)
    {
        foreach (var channel in device.Channels)
        {
            if (channel.Slot < _channels.Count && _series[channel.Slot] is { Count: > 0, Silent: false })
                _watch.Resume(channel.Slot, _watch.LookAt(channel.Slot));
        }

        _normals.Wake(device);
    }

    /// <summary>A command to a device that has obeyed it before is answered, and does nothing.</summary>
    private bool WasObeyed(DetectorCommand command, Outcome outcome)
    {
        if (_aheads.Count == 0)
            return false;
        var device = command switch
        {
            CallNormal call => _normals.DeviceOf(call.AlertId),
            UndoNormal undo => _normals.DeviceOf(undo.AlertId) is { } of && (undo.Device ?? of.Name) == of.Name ? of : null,
            SetSensitivity { Device: { } name } => _channels.Find(c => c.Device.Name == name)?.Device,
            _ => null,
        };
        if (device is null || !Has(device))
            return false;
        Reply(outcome, command, $"{device} was told so before the service started again, and has obeyed.", device);
        return true;
    }

    private void Ask(double? falseAlarmsPerWeek)
    {
        _asked = falseAlarmsPerWeek;
        _options = _options with { FalseAlarmsPerDevicePerWeek = falseAlarmsPerWeek ?? _configured };
    }

    /// <summary>As <see cref="SilenceRarity"/>, for a series that is looked at: when it is looked at next is a part of its device's state.</summary>
    private double LookAt(int slot)
    {
        Changed(_channels[slot].Device);
        return SilenceRarity(slot);
    }
}
