using System.Buffers;
using System.Text;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet.Exceptions;
using StreamRnn.Mqtt;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Mqtt;

public sealed class ReadingChannelTests
{
    private readonly List<double> _values = [];
    private readonly List<(string Reason, int Length)> _dead = [];

    /// <summary>A PUBLISH packet. MQTT 5 has properties after the packet id; here a user property of one letter each, or none.</summary>
    private static byte[] Publish(string topic, ReadOnlySpan<byte> payload, ushort id = 0, bool retained = false, bool version5 = true, bool property = false)
    {
        var body = new List<byte>();
        var name = Encoding.UTF8.GetBytes(topic);
        body.AddRange([(byte)(name.Length >> 8), (byte)name.Length, .. name]);
        if (id > 0)
            body.AddRange([(byte)(id >> 8), (byte)id]);
        if (version5)
            body.AddRange(property ? [7, 0x26, 0, 1, (byte)'k', 0, 1, (byte)'v'] : [(byte)0]);
        body.AddRange(payload);
        return Packet((byte)(0x30 | (id > 0 ? 2 : 0) | (retained ? 1 : 0)), [.. body]);
    }

    private static byte[] Packet(byte first, byte[] body)
    {
        var packet = new List<byte> { first };
        var left = body.Length;
        do
        {
            packet.Add((byte)((left & 0x7F) | (left > 0x7F ? 0x80 : 0)));
            left >>= 7;
        }
        while (left > 0);
        return [.. packet, .. body];
    }

    private (ReadingChannel Channel, Acknowledgements Owed, Door Door) Open(byte[] stream, IEnumerable<int> cuts, DoorLimits? limits = null, int maxPayload = 1000, bool version5 = true)
    {
        var door = new Door(limits ?? new DoorLimits(), TimeProvider.System);
        door.Arrivals.Subscribe(arrivals =>
        {
            for (var i = 0; i < arrivals.Readings.ReadingCount; i++)
                _values.Add(arrivals.Readings[i][0].Value);
        });
        var intake = new Intake(
            new PayloadDecoder(new IngestOptions { MaxPayloadBytes = maxPayload }, new DeviceRegistry()), door, "streamrnn", TimeProvider.System,
            (payload, in failure) => _dead.Add((failure.Reason, payload.Length)), NullLogger.Instance);
        var owed = new Acknowledgements();
        return (new ReadingChannel(new Wire(stream, cuts), intake, owed, version5, maxPayload), owed, door);
    }

    /// <summary>Reads as the client does: whatever comes, until the end of the stream.</summary>
    private static async Task<byte[]> ReadAllAsync(ReadingChannel channel)
    {
        var passed = new List<byte>();
        var buffer = new byte[3];
        while (await channel.ReadAsync(buffer, 0, buffer.Length, CancellationToken.None) is > 0 and var read)
            passed.AddRange(buffer.AsSpan(0, read));
        return [.. passed];
    }

    [Fact]
    public void HoweverTheStreamIsCutPayloadsAndOtherPacketsComeOutTheSame() =>
        Gen.Select(Gen.Int[0, 9].Array[1, 40], Gen.Int[1, 300].Array[1, 50], Gen.Bool).Sample((kinds, cuts, version5) =>
        {
            _values.Clear();
            _dead.Clear();
            var (stream, others, expected, dead, ids) = (new List<byte>(), new List<byte>(), new List<double>(), new List<string>(), new List<int>());
            for (var i = 0; i < kinds.Length; i++)
            {
                var id = (ushort)(kinds[i] % 2 == 0 ? 0 : i + 1);
                switch (kinds[i])
                {
                    case 0 or 1:
                        others.AddRange(Packet(0xD0, []));
                        stream.AddRange(Packet(0xD0, []));
                        break;
                    case 2:
                        var suback = Packet(0x90, new byte[200]);
                        others.AddRange(suback);
                        stream.AddRange(suback);
                        break;
                    case 3:
                        stream.AddRange(Publish("devices/d", new byte[70_000 + i], id, version5: version5));
                        dead.Add(Reasons.TooLarge);
                        break;
                    case 4 or 5:
                        stream.AddRange(Publish("devices/d", "nonsense"u8, id, version5: version5, property: version5));
                        dead.Add(Reasons.NotJson);
                        break;
                    case 6 or 7:
                        stream.AddRange(Publish("devices/d/c", "1"u8, id, retained: true, version5: version5));
                        break;
                    default:
                        stream.AddRange(Publish("devices/d/c", Encoding.ASCII.GetBytes(i.ToString(System.Globalization.CultureInfo.InvariantCulture)), id, version5: version5, property: version5));
                        expected.Add(i);
                        break;
                }

                if (kinds[i] > 2 && id > 0)
                    ids.Add(id);
            }

            var (channel, owed, door) = Open([.. stream], cuts, version5: version5);
            var passed = ReadAllAsync(channel).GetAwaiter().GetResult();
            var unpaid = owed.Count;
            door.Through += owed.Through;
            door.PumpOnce();
            var packets = ids.Count == 0 ? default : owed.NextAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(20)).GetAwaiter().GetResult();
            var acknowledged = Enumerable.Range(0, packets.Length / 4).Select(k => (packets.Span[(4 * k) + 2] << 8) | packets.Span[(4 * k) + 3]);
            return passed.SequenceEqual(others) && _values.SequenceEqual(expected) && _dead.Select(d => d.Reason).SequenceEqual(dead)
                && unpaid == ids.Count && acknowledged.SequenceEqual(ids);
        }, threads: 1);

    [Fact]
    public async Task CommandsKeepTheirPlaceAmongReadingsAndAreAcknowledgedWithThem()
    {
        byte[] stream =
        [
            .. Publish("devices/d/c", "1"u8, 1), .. Publish("devices/d/c", "2"u8, 2), .. Publish("streamrnn/cmd/normal", "{\"list\":true}"u8, 3, property: true),
            .. Publish("devices/d/c", "3"u8, 4), .. Publish("streamrnn/cmd/normal", "nonsense"u8, 5), .. Publish("streamrnn/cmd/normal", "{\"list\":true}"u8, 6, retained: true),
            .. Publish("streamrnn/cmd/normal", ""u8, 7, retained: true),
        ];
        var (channel, owed, door) = Open(stream, [7]);
        List<(string Type, int After)> said = [];
        door.Arrivals.Subscribe(a => said.AddRange(a.Commands.Select(c => (c.Command.GetType().Name, c.After))));
        await ReadAllAsync(channel);
        door.Through += owed.Through;
        door.PumpOnce();
        Assert.Equal([1.0, 2, 3], _values);
        Assert.Equal([("ListNormal", 2), ("NoCommand", 3), ("NoCommand", 3)], said);
        Assert.Equal([Reasons.BadCommand, Reasons.BadCommand], _dead.Select(d => d.Reason));
        var packets = await owed.NextAsync(CancellationToken.None);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], Enumerable.Range(0, packets.Length / 4).Select(k => (int)packets.Span[(4 * k) + 3]));
        door.PumpOnce();
        Assert.Equal(3, said.Count);
    }

    [Fact]
    public async Task AFullDoorStopsTheReadingBeforeTheNextPayload()
    {
        var stream = Enumerable.Range(0, 100).SelectMany(i => Publish("devices/d/c", Encoding.ASCII.GetBytes($"{i}"), (ushort)(i + 1))).ToArray();
        var (channel, _, door) = Open(stream, [stream.Length], new DoorLimits(Payloads: 10));
        var reading = channel.ReadAsync(new byte[1], 0, 1, CancellationToken.None);
        for (var done = 10; done < 100; done += 10)
        {
            await Until(() => channel.IsHeld && door.Depth == 10);
            Assert.Equal(10, door.Depth);
            door.PumpOnce();
        }

        await Until(() => door.Depth == 10);
        door.PumpOnce();
        Assert.Equal(0, await reading.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (double)i), _values);
    }

    [Fact]
    public async Task TheDoorIsBoundedInBytesToo()
    {
        var payload = Encoding.ASCII.GetBytes("1" + new string(' ', 499));
        var stream = Enumerable.Range(0, 50).SelectMany(_ => Publish("devices/d/c", payload)).ToArray();
        var (channel, _, door) = Open(stream, [stream.Length], new DoorLimits(Payloads: 1000, Bytes: 5000));
        var reading = channel.ReadAsync(new byte[1], 0, 1, CancellationToken.None);
        await Until(() => channel.IsHeld);
        Assert.Equal(10, door.Depth);
        Assert.False(reading.IsCompleted);
    }

    [Theory]
    [InlineData(new byte[] { 0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 })]            // a size of five bytes
    [InlineData(new byte[] { 0x30, 0x01, 0x00 })]                              // half a topic length
    [InlineData(new byte[] { 0x30, 0x03, 0x00, 0x00, 0x00 })]                  // an empty topic
    [InlineData(new byte[] { 0x30, 0x05, 0x00, 0x09, 0x61, 0x00, 0x31 })]      // a topic longer than the packet
    [InlineData(new byte[] { 0x32, 0x04, 0x00, 0x01, 0x61, 0x00 })]            // half a packet id
    [InlineData(new byte[] { 0x30, 0x05, 0x00, 0x01, 0x61, 0x7F, 0x31 })]      // properties longer than the packet
    public async Task AMalformedPacketIsAViolationOfTheProtocol(byte[] stream)
    {
        var (channel, _, _) = Open(stream, [100]);
        await Assert.ThrowsAsync<MqttProtocolViolationException>(() => channel.ReadAsync(new byte[1], 0, 1, CancellationToken.None));
    }

    [Fact]
    public void AnyBytesAreReadOrRefusedAsAViolation() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Int[1, 50].Array[1, 5]).Sample((stream, cuts) =>
        {
            var (channel, _, _) = Open(stream, cuts);
            try
            {
                ReadAllAsync(channel).GetAwaiter().GetResult();
            }
            catch (MqttProtocolViolationException)
            {
                return true;
            }

            return true;
        }, threads: 1);

    [Fact]
    public async Task TakingAPayloadInAllocatesNothing()
    {
        var packet = Publish("devices/freezer/temperature", "21.5"u8, 7);
        const int Count = 20_000;
        var stream = Enumerable.Repeat(packet, Count).SelectMany(p => p).ToArray();
        var (_, owed, door) = Open(stream, [64 << 10], new DoorLimits(Payloads: int.MaxValue));
        var intake = IntakeOf(door);
        door.Through += owed.Through;
        long perPayload = 0;
        for (var round = 0; round < 4; round++)                                  // in the first rounds the buffers grow to their size
        {
            var channel = new ReadingChannel(new Wire(stream, [64 << 10]), intake, owed, true, 1000);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(channel.ReadAsync(new byte[1], 0, 1, CancellationToken.None).IsCompleted);
            perPayload = (GC.GetAllocatedBytesForCurrentThread() - before) / Count;
            door.PumpOnce();
            while (owed.Count > 0)
            {
                Assert.False((await owed.NextAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(20))).IsEmpty);
                owed.Paid();
            }
        }

        // 64 KB of buffer and a task for each filling of it, spread over the payloads.
        // Without the optimiser an asynchronous method's state is an object on the heap even when it does not wait.
#if DEBUG
        const int Allowed = 256;
#else
        const int Allowed = 8;
#endif
        Assert.InRange(perPayload, 0, Allowed);
    }

    private static Intake IntakeOf(Door door) =>
        new(new PayloadDecoder(new IngestOptions(), new DeviceRegistry()), door, "streamrnn", TimeProvider.System, (_, in _) => { }, NullLogger.Instance);

    private static async Task Until(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
