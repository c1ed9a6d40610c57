using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace StreamRnn.Readings;

/// <summary>What a saved state is of.</summary>
internal enum StateKind : ushort { Device = 0x5644, Common = 0x4d43, Room = 0x4d52, Moved = 0x564d }

/// <summary>
/// Writes states as bytes into one buffer that is used again and again. A state is
/// <code>[kind u16][layout version u16] … [CRC-32C of all before u32]</code>
/// little-endian; rows are copied as they lie in memory, so their field layout is part of the format. Arrays and texts bear their length before them.
/// </summary>
internal sealed class StateWriter
{
    /// <summary>Version of the layout of all states, from 1; goes up when a field is added, moved or removed. A test holds it against the fields.</summary>
    public const ushort Layout = 2;

    /// <summary>Bytes before the content, and behind it.</summary>
    public const int Head = 2 * sizeof(ushort), Foot = sizeof(uint);

    private byte[] _bytes = new byte[1024];
    private int _start;

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Begins a state behind those that are here.</summary>
    public void Begin(StateKind kind)
    {
        _start = Length;
        Put((ushort)kind);
        Put(Layout);
    }

    /// <summary>Ends it with its checksum.</summary>
    public void End() => Put(Checksum(_bytes.AsSpan(_start, Length - _start)));

    public void Put<T>(in T value)
        where T : unmanaged => MemoryMarshal.Write(Take(Unsafe.SizeOf<T>()), in value);

    public void PutMaybe<T>(T? value)
        where T : unmanaged
    {
        Put(value.HasValue);
        if (value is { } known)
            Put(known);
    }

    public void PutAll<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        Put(values.Length);
        MemoryMarshal.AsBytes(values).CopyTo(Take(values.Length * Unsafe.SizeOf<T>()));
    }

    public void PutText(string? text)
    {
        var length = text is null ? -1 : Encoding.UTF8.GetByteCount(text);
        Put(length);
        if (length > 0)
            Encoding.UTF8.GetBytes(text, Take(length));
    }

    /// <summary>CRC-32C (Castagnoli), as in RFC 3720.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    private Span<byte> Take(int length)
    {
        while (_bytes.Length - Length < length)
            Array.Resize(ref _bytes, 2 * _bytes.Length);
        Length += length;
        return _bytes.AsSpan(Length - length, length);
    }
}
