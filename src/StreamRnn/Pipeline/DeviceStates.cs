using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <summary>States of devices as bytes, each with the position that it reflects: what <see cref="Detector.CopyChanged"/> fills. One buffer, used again and again.</summary>
public sealed class DeviceStates
{
    private readonly List<(Device Device, long Position, int End)> _items = [];

    public int Count => _items.Count;

    /// <summary>Bytes of all items together.</summary>
    public int Length => To.Length;

    /// <summary>The state of item <paramref name="i"/>: valid until <see cref="Clear"/> or the next copy.</summary>
    public ReadOnlySpan<byte> this[int i] => To.Bytes[(i == 0 ? 0 : _items[i - 1].End).._items[i].End];

    internal StateWriter To { get; } = new();

    public Device DeviceOf(int i) => _items[i].Device;

    /// <summary>The last entry that the state of item <paramref name="i"/> has taken in.</summary>
    public long PositionOf(int i) => _items[i].Position;

    public void Clear()
    {
        _items.Clear();
        To.Clear();
    }

    internal void Add(Device device, long position) => _items.Add((device, position, To.Length));
}

/// <summary>What could not be taken over of a state that is whole; all else was.</summary>
[Flags]
public enum Anew
{
    Nothing = 0,

    /// <summary>It is of another base model: what was learned of the device is kept, hidden states begin at zero.</summary>
    BaseStates = 1,

    /// <summary>It is of another net of a group, or of a device that had one and has none now: its sequence begins anew.</summary>
    GroupState = 2,
}
