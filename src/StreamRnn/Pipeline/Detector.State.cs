using System.Buffers;
using StreamRnn.Alerts;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <content>
/// The detector's state as bytes. All of it belongs to a device or to none. Devices are copied one by one, each with the position that its bytes reflect; what belongs to none is copied when a pass
/// begins, at position S. Whoever restores both and folds the entries behind S has the state of a detector that never stopped: a device that was copied later leaves out the entries that it has.
/// </content>
public sealed partial class Detector
{
    /// <summary>The listening clock of the last entry that was folded or restored: whoever makes the next goes on from it.</summary>
    public Instant Heard => Shards[0].Heard;

    /// <summary>The position of the last entry that was folded or restored, and had one.</summary>
    public long Position => Shards[0].Position;

    /// <summary>
    /// Copies the next devices that changed since they were copied last — by readings, silence, commands, expiry — behind what <paramref name="into"/> holds. Goes round: the first call, and the
    /// one after <c>true</c>, begins a pass at the first device. Called between entries.
    /// </summary>
    /// <param name="maxBytes">About where to stop: the last device may exceed it, and one is always copied. 1 or more.</param>
    /// <returns>True at the end of a pass: every device that had changed when it began was copied in it.</returns>
    public bool CopyChanged(DeviceStates into, int maxBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBytes, 1);
        var most = into.Length + maxBytes;
        for (; _copying < Shards.Count; (_copying, _slot) = (_copying + 1, 0))
        {
            if (!Shards[_copying].CopyChanged(into, ref _slot, most))
                return false;
        }

        (_copying, _slot) = (0, 0);
        return true;
    }

    /// <summary>
    /// What belongs to no device: the budget set by command for all, the clocks, the position. To be copied when a pass over the devices begins, never later: a device whose copy is older
    /// folds entries in between, by the budget of then.
    /// </summary>
    public void SaveCommon(IBufferWriter<byte> output)
    {
        var to = new StateWriter();
        Shards[0].SaveCommon(to);
        output.Write(to.Bytes);
    }

    /// <summary>The states of the next devices that were heard, as they are now. Called between entries, until it returns true.</summary>
    /// <param name="most">How many at once, 1 or more.</param>
    /// <returns>Whether all were told; the next call begins anew.</returns>
    public bool TellStates(Outcome into, int most)
    {
        for (; _telling < Shards.Count; (_telling, _toldSlot) = (_telling + 1, 0))
        {
            if (!Shards[_telling].TellStates(into, ref _toldSlot, most))
                return false;
        }

        (_telling, _toldSlot) = (0, 0);
        return true;
    }

    /// <summary>Whether something was restored or folded of a device.</summary>
    public bool Knows(Device device) => Shards[device.Shard].Knows(device);

    /// <summary>One device's state as it is now, changed or not. Called between entries.</summary>
    public byte[] Copy(Device device) => Shards[device.Shard].Copy(device);

    /// <summary>The last event of each alert of a device that is open.</summary>
    public IEnumerable<AlertEvent> OpenAlertsOf(Device device) => Shards[device.Shard].OpenAlertsOf(device);

    /// <exception cref="SnapshotException">The bytes are damaged or of another layout.</exception>
    public void RestoreCommon(ReadOnlySpan<byte> state)
    {
        foreach (var shard in Shards)
            shard.RestoreCommon(state);
    }

    /// <summary>
    /// Takes in the state of a device, before its first reading here. The number of shards may be another one. Channels of it that nobody has named yet come into being.
    /// </summary>
    /// <param name="device">Its channels should have been named in the order in which they were: in that order their numbers are summed, and the last bits of a score depend on it.</param>
    /// <param name="position">
    /// The last entry that the state has taken in. Entries with <c>0 &lt; Arrivals.Position ≤ position</c> do not touch the device: not their readings, commands and ticks. An entry without position is later
    /// than all.
    /// </param>
    /// <returns>What could not be taken over.</returns>
    /// <exception cref="SnapshotException">The bytes are damaged, of another layout, or name a channel that the registry refuses.</exception>
    /// <exception cref="InvalidOperationException">The device has folded readings.</exception>
    public Anew Restore(Device device, long position, ReadOnlySpan<byte> state) => Shards[device.Shard].Restore(device, position, state, _registry);
}
