using System.Buffers.Binary;
using System.Text;

namespace StreamRnn.Storage;

/// <summary>Numbers and texts into a growing array that is used again and again: varints of 7 bits to the byte, low bits first; signed numbers zigzag.</summary>
internal sealed class Packer
{
    /// <summary>Decimals that a value is tried with, powers of ten that are exact.</summary>
    public static ReadOnlySpan<double> Powers => [1, 10, 100, 1e3, 1e4, 1e5, 1e6];

    public const byte AsSingle = 14;
    public const byte AsDouble = 15;

    private byte[] _bytes = new byte[1024];
    private int _length;

    public int Length => _length;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public void Clear() => _length = 0;

    public void Byte(byte value) => Room(1)[0] = value;

    public void Int64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Room(8), value);

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Room(4), value);

    public void Varint(ulong value)
    {
        var room = Reserve(10);
        var i = 0;
        for (; value >= 0x80; value >>= 7)
            room[i++] = (byte)(value | 0x80);
        room[i++] = (byte)value;
        _length += i;
    }

    public void Signed(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));

    /// <summary>A form in one byte, then the value: n decimals and a whole number where that is the very same double, else 4 bytes where a float is, else 8.</summary>
    public void Number(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        if (Math.Abs(value) < 1e9)
        {
            for (var n = 0; n < Powers.Length; n++)
            {
                var whole = Math.Round(value * Powers[n]);
                if (BitConverter.DoubleToInt64Bits(whole / Powers[n]) != bits || (whole == 0 && bits != 0))
                    continue;
                Byte((byte)n);
                Signed((long)whole);
                return;
            }
        }

        if (BitConverter.DoubleToInt64Bits((float)value) == bits)
        {
            Byte(AsSingle);
            BinaryPrimitives.WriteSingleLittleEndian(Room(4), (float)value);
            return;
        }

        Byte(AsDouble);
        Int64(bits);
    }

    public void Append(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Room(bytes.Length));

    public void Text(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        Varint((ulong)bytes);
        Encoding.UTF8.GetBytes(text, Room(bytes));
    }

    public void Blob(ReadOnlySpan<byte> bytes)
    {
        Varint((ulong)bytes.Length);
        bytes.CopyTo(Room(bytes.Length));
    }

    private Span<byte> Room(int bytes)
    {
        var room = Reserve(bytes);
        _length += bytes;
        return room[..bytes];
    }

    private Span<byte> Reserve(int bytes)
    {
        if (_length + bytes > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes));
        return _bytes.AsSpan(_length);
    }
}

/// <summary>Reads what <see cref="Packer"/> wrote. Where the bytes end too early or make no sense: <see cref="FormatException"/>, with the place.</summary>
internal ref struct Unpacker(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int At { get; private set; }

    public readonly int Left => _bytes.Length - At;

    public byte Byte() => Take(1)[0];

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Byte();
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }

        throw Fault("a number of more than ten bytes");
    }

    public long Signed() => Varint() is var zigzag ? (long)(zigzag >> 1) ^ -(long)(zigzag & 1) : 0;

    /// <summary>A count of things of at least so many bytes each.</summary>
    public int Count(int bytesEach)
    {
        var count = Varint();
        return count <= (ulong)(Left / bytesEach) ? (int)count : throw Fault($"a count of {count}, which is more than the bytes that follow hold");
    }

    public double Number()
    {
        var form = Byte();
        return form < Packer.Powers.Length ? Signed() / Packer.Powers[form]
            : form == Packer.AsSingle ? BinaryPrimitives.ReadSingleLittleEndian(Take(4))
            : form == Packer.AsDouble ? BitConverter.Int64BitsToDouble(Int64())
            : throw Fault($"a number of form {form}, expected 0 to {Packer.Powers.Length - 1}, {Packer.AsSingle} or {Packer.AsDouble}");
    }

    public string Text() => Encoding.UTF8.GetString(Take(Count(1)));

    public ReadOnlySpan<byte> Blob() => Take(Count(1));

    public readonly FormatException Fault(string found) => new($"{found}, at byte {At}");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > Left)
            throw Fault($"the end, where {count} more bytes were expected");
        At += count;
        return _bytes.Slice(At - count, count);
    }
}
