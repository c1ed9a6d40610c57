using CsCheck;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Tests.Storage;

public sealed class EntryCodecTests
{
    private static readonly Gen<double> Value = Gen.OneOf(
        Gen.Double.Where(double.IsFinite), Gen.Int[-100_000, 100_000].Select(i => i / 100.0), Gen.Float.Where(float.IsFinite).Select(f => (double)f), Gen.Const(0.0), Gen.Const(-0.0), Gen.Const(1e9), Gen.Const(double.Epsilon));

    private static readonly Gen<string?> Name = Gen.OneOf(Gen.Const((string?)null), Gen.String[1, 20].Where(s => !s.Any(char.IsSurrogate)).Select(s => (string?)s));

    private static readonly Gen<DetectorCommand> Command = Gen.Select(Gen.Int[0, 4], Name, Gen.Bool, Gen.Double[0.001, 1000], Gen.Byte.Array[0, 5]).Select((kind, name, some, number, bytes) =>
        (kind switch
        {
            0 => new CallNormal(name ?? "a", some ? TimeSpan.FromDays(number) : null),
            1 => new UndoNormal("x-1", name),
            2 => new ListNormal(name),
            3 => new SetSensitivity(some ? number : null, name),
            _ => (DetectorCommand)new NoCommand(name ?? ""),
        }) with
        { ReplyTo = some ? new ReplyAddress(name ?? "reply", bytes) : null });

    private static readonly Gen<long> Sequence = Gen.Frequency((3, Gen.Const(Sample.Unnumbered)), (1, Gen.Long[0, 1000]), (1, Gen.Long[0, long.MaxValue - 1]));

    private static readonly Gen<(int Device, long Time, double[] Values, long Sequence)> Reading =
        Gen.Select(Gen.Int[0, 5], Gen.OneOf(Gen.Long, Gen.Long[1_700_000_000_000_000, 1_700_000_100_000_000]), Value.Array[1, 4], Sequence);

    private static readonly Gen<Arrivals> Entry = Gen.Select(Reading.Array[0, 20], Command.Array[0, 3], Gen.Int[0, 20], Gen.Long, Gen.Long, Gen.Bool).Select((readings, commands, at, now, heard, past) =>
    {
        var registry = new DeviceRegistry();
        var entry = new Arrivals { Now = new Instant(now), Heard = new Instant(heard), Past = past };
        for (var i = 0; i < readings.Length; i++)
        {
            if (i == at)
                Array.ForEach(commands, entry.Add);
            var (device, time, values, sequence) = readings[i];
            entry.Readings.Begin(Channel(registry, device, 0).Device, new Instant(time), sequence);
            for (var k = 0; k < values.Length; k++)
                entry.Readings.Add(Channel(registry, device, k), values[k]);
            entry.Readings.End();
        }

        if (at >= readings.Length)
            Array.ForEach(commands, entry.Add);
        return entry;
    });

    [Fact]
    public void WhatIsWrittenIsReadBitForBit() => Entry.Sample(entry =>
    {
        var (names, packer, read) = (new Names(), new Packer(), new Arrivals());
        EntryCodec.Write(entry, 7, names, packer);
        Assert.True(EntryCodec.TryRead(packer.Bytes, 7, names, read, out var problem), problem);
        Assert.Equal(Text(entry), Text(read));
        Assert.Equal(7, read.Position);
    }, iter: 2000);

    [Fact]
    public void ADamagedByteIsFoundAndSoIsAnotherPosition() => Gen.Select(Entry, Gen.Int[0, 100_000], Gen.Byte[1, 255]).Sample((entry, at, flip) =>
    {
        var (names, packer) = (new Names(), new Packer());
        EntryCodec.Write(entry, 7, names, packer);
        var bytes = packer.Bytes.ToArray();
        Assert.False(EntryCodec.TryRead(bytes, 8, names, new Arrivals(), out _));
        bytes[at % bytes.Length] ^= flip;
        Assert.False(EntryCodec.TryRead(bytes, 7, names, new Arrivals(), out var problem));
        Assert.NotEmpty(problem);
    }, iter: 2000);

    [Fact]
    public void BytesWithAFittingChecksumThatMakeNoSenseAreAProblemAndNoException() => Gen.Select(Gen.Byte.Array[0, 60], Gen.Bool).Sample((bytes, begins) =>
    {
        if (begins && bytes.Length > 0)
            bytes[0] = EntryCodec.Layout;
        byte[] whole = [.. bytes, .. BitConverter.GetBytes(EntryCodec.Crc(1, bytes))];
        var names = new Names();
        names.IdOf(Channel(new DeviceRegistry(), 0, 0));
        if (!EntryCodec.TryRead(whole, 1, names, new Arrivals(), out var problem))
            Assert.NotEmpty(problem);
    }, iter: 5000);

    [Fact]
    public void AReadingTakesFewBytes()
    {
        var (registry, names, packer) = (new DeviceRegistry(), new Names(), new Packer());
        var entry = new Arrivals { Now = new Instant(1_700_000_000_000_000) };
        for (var i = 0; i < 1000; i++)
        {
            var channel = Channel(registry, i, 0);
            entry.Readings.Begin(channel.Device, entry.Now + TimeSpan.FromMilliseconds(-i));
            entry.Readings.Add(channel, Math.Round(20 + Math.Sin(i), 4));
            entry.Readings.End();
        }

        EntryCodec.Write(entry, 1, names, packer);
        Assert.InRange(packer.Length / 1000.0, 4, 12);
    }

    private static Channel Channel(DeviceRegistry registry, int device, int channel)
    {
        Assert.True(registry.TryGetDevice($"device-{device}", out var d, out _));
        Assert.True(registry.TryGetChannel(d, $"channel-{channel}", out var c, out _));
        return c;
    }

    private static string Text(Arrivals entry)
    {
        var lines = new List<string> { $"{entry.Now.Microseconds} {entry.Heard.Microseconds} {entry.Past}" };
        lines.AddRange(entry.Commands.Select(c => $"{c.After} {c.Command with { ReplyTo = null }} {c.Command.ReplyTo?.Topic} {(c.Command.ReplyTo is { } to ? Convert.ToHexString(to.Correlation.Span) : "-")}"));
        for (var i = 0; i < entry.Readings.ReadingCount; i++)
        {
            foreach (var sample in entry.Readings[i])
                lines.Add($"{i} {sample.Channel} {sample.Time.Microseconds} {sample.Sequence} {BitConverter.DoubleToInt64Bits(sample.Value):x}");
        }

        return string.Join('\n', lines);
    }
}
