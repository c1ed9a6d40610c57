using System.IO.Hashing;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Storage;

/// <summary>
/// An entry as bytes:
/// <code>
/// byte      layout: 1; 2 where readings bear numbers
/// byte      1: readings of the past
/// int64     now, µs since 1970; signed varint: listening clock − now
/// varint    commands; each: how many readings came before it, kind, fields, reply address
/// varint    readings; each: samples, time − time of the reading before (the first: − now), in layout 2 its number − that of the reading before (none: −1; the first: − 0), then samples: channel − channel before, value
/// uint32    CRC-32 of position and all bytes before
/// </code>
/// A reading of one channel takes some 8 to 16 bytes. Channels are the journal's numbers, see <see cref="Names"/>.
/// </summary>
internal static class EntryCodec
{
    public const byte Layout = 1, WithNumbers = 2;
    private const int CrcBytes = 4;

    public static void Write(Arrivals entry, long position, Names names, Packer to)
    {
        to.Clear();
        var numbered = IsNumbered(entry.Readings);
        to.Byte(numbered ? WithNumbers : Layout);
        to.Byte(entry.Past ? (byte)1 : (byte)0);
        to.Int64(entry.Now.Microseconds);
        to.Signed(unchecked(entry.Heard.Microseconds - entry.Now.Microseconds));
        to.Varint((ulong)entry.Commands.Count);
        foreach (var (command, after) in entry.Commands)
        {
            to.Varint((ulong)after);
            CommandPacking.Write(command, to);
        }

        var readings = entry.Readings;
        to.Varint((ulong)readings.ReadingCount);
        var (time, channel, number) = (entry.Now.Microseconds, 0, 0L);
        for (var i = 0; i < readings.ReadingCount; i++)
        {
            var reading = readings[i];
            to.Varint((ulong)reading.Length);
            to.Signed(unchecked(reading[0].Time.Microseconds - time));
            time = reading[0].Time.Microseconds;
            if (numbered)
            {
                to.Signed(unchecked(reading[0].Sequence - number));
                number = reading[0].Sequence;
            }

            foreach (var sample in reading)
            {
                var id = names.IdOf(sample.Channel);
                to.Signed(id - channel);
                channel = id;
                to.Number(sample.Value);
            }
        }

        to.UInt32(Crc(position, to.Bytes));
    }

    /// <summary>Any bytes give an entry or the reason why not.</summary>
    /// <param name="entry">Cleared and filled; on failure its contents mean nothing.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, long position, Names names, Arrivals entry, out string problem)
    {
        entry.Clear();
        if (bytes.Length < CrcBytes || System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes[^CrcBytes..]) != Crc(position, bytes[..^CrcBytes]))
        {
            problem = "its checksum does not fit its bytes";
            return false;
        }

        try
        {
            Read(new Unpacker(bytes[..^CrcBytes]), names, entry);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            problem = e.Message;
            return false;
        }

        (entry.Position, problem) = (position, "");
        return true;
    }

    private static void Read(Unpacker from, Names names, Arrivals entry)
    {
        var layout = from.Byte();
        if (layout is not (Layout or WithNumbers))
            throw from.Fault($"layout {layout}, expected {Layout} or {WithNumbers}");
        entry.Past = (from.Byte() & 1) != 0;
        entry.Now = new Instant(from.Int64());
        entry.Heard = new Instant(unchecked(entry.Now.Microseconds + from.Signed()));
        var commands = new (int After, DetectorCommand Command)[from.Count(2)];
        for (var i = 0; i < commands.Length; i++)
            commands[i] = ((int)from.Varint(), CommandPacking.Read(ref from));
        var (time, id, number, said) = (entry.Now.Microseconds, 0L, 0L, 0);
        var readings = from.Count(4);
        for (var i = 0; i < readings; i++)
        {
            for (; said < commands.Length && commands[said].After <= i; said++)
                entry.Add(commands[said].Command);
            var samples = from.Count(2);
            time = unchecked(time + from.Signed());
            if (layout == WithNumbers)
                number = unchecked(number + from.Signed());
            for (var k = 0; k < samples; k++)
            {
                id += from.Signed();
                var channel = names.ChannelOf(id) ?? throw from.Fault($"channel {id}, of which there is no name");
                if (k == 0)
                    entry.Readings.Begin(channel.Device, new Instant(time), layout == WithNumbers ? number : Sample.Unnumbered);
                entry.Readings.Add(channel, from.Number());
            }

            entry.Readings.End();
        }

        for (; said < commands.Length; said++)
            entry.Add(commands[said].Command);
        if (from.Left > 0)
            throw from.Fault($"{from.Left} bytes too many");
    }

    private static bool IsNumbered(ReadingBuffer readings)
    {
        for (var i = 0; i < readings.ReadingCount; i++)
        {
            if (readings[i][0].Sequence >= 0)
                return true;
        }

        return false;
    }

    /// <summary>The time of an entry, without reading the rest of it.</summary>
    public static Instant NowOf(ReadOnlySpan<byte> bytes) => bytes.Length < 10 ? default : new Instant(System.Buffers.Binary.BinaryPrimitives.ReadInt64LittleEndian(bytes[2..]));

    internal static uint Crc(long position, ReadOnlySpan<byte> bytes)
    {
        Span<byte> number = stackalloc byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(number, position);
        var crc = new Crc32();
        crc.Append(number);
        crc.Append(bytes);
        return crc.GetCurrentHashAsUInt32();
    }
}

/// <summary>Commands as bytes: a kind, whether and where an answer is wanted, the fields.</summary>
internal static class CommandPacking
{
    public static void Write(DetectorCommand command, Packer to)
    {
        to.Byte(command switch
        {
            CallNormal => 1,
            UndoNormal => 2,
            ListNormal => 3,
            SetSensitivity => 4,
            NoCommand => 5,
            _ => throw new NotSupportedException($"{command.GetType().Name} has no form in the journal"),
        });
        to.Byte(command.ReplyTo is null ? (byte)0 : (byte)1);
        if (command.ReplyTo is { } address)
        {
            to.Text(address.Topic);
            to.Blob(address.Correlation.Span);
        }

        switch (command)
        {
            case CallNormal normal:
                to.Text(normal.AlertId);
                to.Byte(normal.For is null ? (byte)0 : (byte)1);
                to.Signed(normal.For?.Ticks ?? 0);
                break;
            case UndoNormal undo:
                to.Text(undo.AlertId);
                Optional(undo.Device, to);
                break;
            case ListNormal list:
                Optional(list.Device, to);
                break;
            case SetSensitivity set:
                to.Number(set.FalseAlarmsPerWeek ?? double.NaN);
                Optional(set.Device, to);
                break;
            case NoCommand none:
                to.Text(none.Problem);
                break;
        }
    }

    public static DetectorCommand Read(ref Unpacker from)
    {
        var kind = from.Byte();
        var reply = from.Byte() == 0 ? null : new ReplyAddress(from.Text(), from.Blob().ToArray());
        return kind switch
        {
            1 => new CallNormal(from.Text(), ReadTime(ref from)) { ReplyTo = reply },
            2 => new UndoNormal(from.Text(), Optional(ref from)) { ReplyTo = reply },
            3 => new ListNormal(Optional(ref from)) { ReplyTo = reply },
            4 => new SetSensitivity(from.Number() is var budget && double.IsNaN(budget) ? null : budget, Optional(ref from)) { ReplyTo = reply },
            5 => new NoCommand(from.Text()) { ReplyTo = reply },
            _ => throw from.Fault($"a command of kind {kind}, expected 1 to 5"),
        };
    }

    private static TimeSpan? ReadTime(ref Unpacker from)
    {
        var known = from.Byte() != 0;
        var ticks = from.Signed();
        return known ? new TimeSpan(ticks) : null;
    }

    private static void Optional(string? text, Packer to)
    {
        to.Byte(text is null ? (byte)0 : (byte)1);
        if (text is not null)
            to.Text(text);
    }

    private static string? Optional(ref Unpacker from) => from.Byte() == 0 ? null : from.Text();
}
