using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace StreamRnn.Readings;

/// <summary>Reads what a <see cref="StateWriter"/> wrote. Whatever the bytes are, the worst is a <see cref="SnapshotException"/>.</summary>
internal ref struct StateReader
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly string _of;
    private int _at;

    /// <param name="bytes">The whole state.</param>
    /// <param name="kind">What it must be of.</param>
    /// <param name="of">For messages: "the saved state of device 'x'".</param>
    /// <exception cref="SnapshotException">They are damaged, of another kind, or of another layout.</exception>
    public StateReader(ReadOnlySpan<byte> bytes, StateKind kind, string of)
    {
        _of = of;
        if (bytes.Length < StateWriter.Head + StateWriter.Foot)
            throw Fault(of, $"has {bytes.Length} bytes; expected are {StateWriter.Head + StateWriter.Foot} or more: it was cut off");
        var content = bytes[..^StateWriter.Foot];
        var found = BinaryPrimitives.ReadUInt32LittleEndian(bytes[^StateWriter.Foot..]);
        var computed = StateWriter.Checksum(content);
        if (found != computed)
            throw Fault(of, $"is damaged: its checksum says {found:x8}, its {content.Length} bytes have {computed:x8}");
        var (wasKind, layout) = (BinaryPrimitives.ReadUInt16LittleEndian(content), BinaryPrimitives.ReadUInt16LittleEndian(content[2..]));
        if (layout is < 1 or > StateWriter.Layout)
            throw Fault(of, $"has layout {layout}; this program reads layouts 1 to {StateWriter.Layout}: start the program that wrote it, or let the state be learned anew");
        if (wasKind != (ushort)kind)
            throw Fault(of, $"is of kind {wasKind:x4}; expected is {(ushort)kind:x4} ({kind})");
        _bytes = content;
        Layout = layout;
        _at = StateWriter.Head;
    }

    /// <summary>Of the state at hand.</summary>
    public int Layout { get; }

    /// <summary>The byte that is read next.</summary>
    public readonly int At => _at;

    public readonly SnapshotException Fault(string problem) => Fault(_of, problem);

    public T Get<T>()
        where T : unmanaged => MemoryMarshal.Read<T>(Take(Unsafe.SizeOf<T>()));

    /// <summary>A row that has grown at its end since layout 1: what is missing is zero.</summary>
    /// <param name="bytesOfLayout1">Its size then.</param>
    public T GetGrown<T>(int bytesOfLayout1)
        where T : unmanaged
    {
        var row = default(T);
        Take(Layout == 1 ? bytesOfLayout1 : Unsafe.SizeOf<T>()).CopyTo(MemoryMarshal.AsBytes(new Span<T>(ref row)));
        return row;
    }

    public T? GetMaybe<T>()
        where T : unmanaged => Get<bool>() ? Get<T>() : null;

    /// <summary>A number of things that follow, each of at least <paramref name="least"/> bytes.</summary>
    public int GetCount(int least = 1)
    {
        var count = Get<int>();
        return count >= 0 && count <= (_bytes.Length - _at) / least ? count
            : throw Fault($"has a count of {count} at byte {_at - sizeof(int)}, with {_bytes.Length - _at} bytes left");
    }

    public ReadOnlySpan<T> GetAll<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Take(GetCount(Unsafe.SizeOf<T>()) * Unsafe.SizeOf<T>()));

    public string? GetText()
    {
        var length = Get<int>();
        return length == -1 ? null : Encoding.UTF8.GetString(Take(length));
    }

    /// <summary>A text that is never missing.</summary>
    public string GetName() => GetText() ?? throw Fault($"has no text at byte {_at - sizeof(int)}");

    /// <summary>Leaves out all that is left.</summary>
    public void SkipRest() => _at = _bytes.Length;

    /// <summary>All must have been read.</summary>
    public readonly void End()
    {
        if (_at != _bytes.Length)
            throw Fault($"has {_bytes.Length - _at} bytes too many at byte {_at}");
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length < 0 || length > _bytes.Length - _at)
            throw Fault($"ends at byte {_bytes.Length}; expected are {length} bytes from {_at} on");
        _at += length;
        return _bytes.Slice(_at - length, length);
    }

    private static SnapshotException Fault(string of, string problem) => new($"{of} {problem}");
}
