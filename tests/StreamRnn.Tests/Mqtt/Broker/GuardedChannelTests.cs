using System.Buffers;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using StreamRnn.Mqtt;

namespace StreamRnn.Tests.Mqtt.Broker;

public sealed class GuardedChannelTests
{
    private static byte[] Packet(int body) => body < 128 ? [0x30, (byte)body, .. new byte[body]] : [0x30, (byte)(0x80 | (body & 127)), (byte)(body >> 7), .. new byte[body]];

    private static async Task<(byte[] Read, string? Problem)> ThroughAsync(byte[] bytes, int most, int[] cuts)
    {
        string? problem = null;
        using var channel = new GuardedChannel(new Wire(bytes, cuts), most, 0, new FakeTimeProvider(), why => problem = why);
        var (all, buffer) = (new List<byte>(), new byte[1000]);
        try
        {
            while (await channel.ReadAsync(buffer, 0, buffer.Length, default) is > 0 and var read)
                all.AddRange(buffer[..read]);
        }
        catch (IOException)
        {
            Assert.NotNull(problem);
        }

        return ([.. all], problem);
    }

    [Fact]
    public void HoweverTheStreamIsCutAllOfItComesThroughAndTheFirstPacketThatIsTooLargeEndsIt() =>
        Gen.Select(Gen.Int[0, 600].Array[1, 8], Gen.Int[1, 50].Array[1, 20]).Sample((bodies, cuts) =>
        {
            var (read, problem) = ThroughAsync([.. bodies.SelectMany(Packet)], 500, cuts).GetAwaiter().GetResult();
            var fine = bodies.TakeWhile(body => body <= 500).ToArray();
            var length = fine.Sum(body => Packet(body).Length);
            return fine.Length == bodies.Length ? problem is null && read.Length == length : problem!.Contains("allowed are 500", StringComparison.Ordinal) && read.Length <= length + 3;
        });

    [Fact]
    public async Task ALengthOfFiveBytesEndsTheConnection() =>
        Assert.Contains("four bytes", (await ThroughAsync([0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1], 1000, [1])).Problem, StringComparison.Ordinal);

    [Fact]
    public async Task AStrangerCannotMakeUsReserveManyBytes() =>
        Assert.Contains("before a client has said who it is", (await ThroughAsync([0x10, 0xFF, 0xFF, 0xFF, 0x7F], 200_000_000, [9])).Problem, StringComparison.Ordinal);

    [Fact]
    public async Task WhoSendsFasterThanAllowedIsReadMoreSlowly()
    {
        var clock = new FakeTimeProvider();
        var packets = Enumerable.Range(0, 30).SelectMany(_ => Packet(3)).ToArray();
        using var channel = new GuardedChannel(new Wire(packets, [5]), 1000, 10, clock, _ => { });
        var buffer = new byte[1000];
        for (var i = 0; i < 10; i++)
            Assert.True(channel.ReadAsync(buffer, 0, 1000, default).IsCompletedSuccessfully);        // a burst of a second's worth
        for (var i = 0; i < 20; i++)
        {
            var read = channel.ReadAsync(buffer, 0, 1000, default);
            Assert.False(read.IsCompleted);
            clock.Advance(TimeSpan.FromMilliseconds(101));
            Assert.Equal(5, await read.WaitAsync(TimeSpan.FromSeconds(20)));
        }
    }

    [Fact]
    public void RetainedPayloadsHaveARoomThatIsBounded()
    {
        var room = new RetainedRoom(maxTopics: 2, maxBytes: 100);
        Assert.True(room.TryKeep("a", 60));
        Assert.False(room.TryKeep("b", 41));
        Assert.True(room.TryKeep("b", 40));
        Assert.True(room.TryKeep("a", 0));
        Assert.True(room.TryKeep("c", 1));
        Assert.False(room.TryKeep("d", 1));
        Assert.True(room.TryKeep("c", 50));
    }
}
