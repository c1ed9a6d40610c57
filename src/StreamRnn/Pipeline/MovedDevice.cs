using System.Runtime.InteropServices;
using StreamRnn.Detection;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <summary>A device on its way to another machine: what is known of it, and where from.</summary>
/// <param name="Store">The id of the store that it comes from.</param>
/// <param name="Position">The last entry of that store that <paramref name="State"/> reflects.</param>
/// <param name="Origin">Where its first reading came from: its group is decided by it, there too.</param>
/// <param name="Now">Wall-clock time of that entry.</param>
/// <param name="Heard">The listening clock of that entry.</param>
/// <param name="Channels">In the order in which they were named.</param>
/// <param name="State">As <see cref="Detector.Copy"/> made it.</param>
public sealed record MovedDevice(string Store, long Position, string Name, string Origin, Instant Now, Instant Heard, IReadOnlyList<string> Channels, byte[] State)
{
    /// <summary>As a file of its own, with kind, layout and checksum; the state within has its own.</summary>
    public byte[] ToBytes()
    {
        var to = new StateWriter();
        to.Begin(StateKind.Moved);
        to.PutText(Store);
        to.Put(Position);
        to.PutText(Name);
        to.PutText(Origin);
        to.Put(Now);
        to.Put(Heard);
        to.Put(Channels.Count);
        foreach (var channel in Channels)
            to.PutText(channel);
        to.PutAll<byte>(State);
        to.End();
        return to.Bytes.ToArray();
    }

    /// <param name="of">Whose the bytes are, for messages.</param>
    /// <exception cref="SnapshotException">They are damaged, no such file, or of another layout.</exception>
    public static MovedDevice Read(ReadOnlySpan<byte> bytes, string of)
    {
        var from = new StateReader(bytes, StateKind.Moved, of);
        var (store, position, name, origin) = (from.GetName(), from.Get<long>(), from.GetName(), from.GetName());
        var (now, heard) = (from.Get<Instant>(), from.Get<Instant>());
        var channels = new string[from.GetCount(sizeof(int))];
        for (var i = 0; i < channels.Length; i++)
            channels[i] = from.GetName();
        var state = from.GetAll<byte>().ToArray();
        from.End();
        return new MovedDevice(store, position, name, origin, now, heard, channels, state);
    }

    /// <summary>
    /// The state on another listening clock, which says <paramref name="heard"/> now. For a series that was not silent the time until it is overdue begins now: how long the move took is no silence of
    /// its. One that was silent has been so for as long as it had been.
    /// </summary>
    /// <exception cref="SnapshotException">The state is damaged or of another layout.</exception>
    public byte[] StateAt(Instant heard)
    {
        var from = new StateReader(State, StateKind.Device, $"the state of device '{Name}'");
        var moved = State.ToArray();
        var shift = heard.Microseconds - Heard.Microseconds;
        (_, _) = (from.GetName(), from.GetName());
        var count = from.GetCount(sizeof(int));
        for (var i = 0; i < count; i++)
            from.GetName();
        from.Get<DeviceRow>();
        for (var i = 0; i < count; i++)
        {
            var at = from.At;
            var row = from.GetGrown<SeriesRow>(SeriesRow.BytesOfLayout1);
            var end = from.At;
            var lookAt = from.Get<long>();
            from.GetAll<float>();
            row.LastHeard = row.Silent ? row.LastHeard + shift : heard.Microseconds;
            MemoryMarshal.AsBytes(new ReadOnlySpan<SeriesRow>(in row))[..(end - at)].CopyTo(moved.AsSpan(at));
            MemoryMarshal.Write(moved.AsSpan(end), lookAt + shift);
        }

        var content = moved.AsSpan(0, moved.Length - StateWriter.Foot);
        MemoryMarshal.Write(moved.AsSpan(content.Length), StateWriter.Checksum(content));
        return moved;
    }
}
