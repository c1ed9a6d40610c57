using CsCheck;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Readings;

public sealed class ReadingBufferTests
{
    private readonly Device _pump;
    private readonly Device _fan;

    public ReadingBufferTests()
    {
        var registry = new DeviceRegistry();
        _pump = Make("pump");
        _fan = Make("fan");

        Device Make(string name)
        {
            registry.TryGetDevice(name, out var device, out _);
            foreach (var channel in "abcdefgh")
                registry.TryGetChannel(device, [channel], out _, out _);
            return device;
        }
    }

    // A reading as a value: device, time, what was added, whether it was ended (else abandoned).
    private static readonly Gen<(bool Pump, long Time, (int Channel, double Value)[] Added, bool Ended)[]> AnyReadings =
        Gen.Select(Gen.Bool, Gen.Long[0, 1000], Gen.Select(Gen.Int[0, 7], Gen.Double[-1e3, 1e3]).Array[0, 12], Gen.Bool).Array[0, 100];

    [Fact]
    public void WhatIsWrittenIsReadInOrder() => AnyReadings.Sample(readings =>
    {
        var buffer = new ReadingBuffer();
        Write(buffer, readings);
        Assert.Equal(Expected(readings), Read(buffer));
        Assert.Equal(Expected(readings).Sum(r => r.Length), buffer.SampleCount);
    });

    [Fact]
    public void AppendingIsWritingOneAfterTheOther() => Gen.Select(AnyReadings, AnyReadings, AnyReadings).Sample((first, second, third) =>
    {
        var buffer = new ReadingBuffer();
        Write(buffer, first);
        buffer.Clear();
        Write(buffer, first);
        foreach (var more in new[] { second, third })
        {
            var other = new ReadingBuffer();
            Write(other, more);
            buffer.Append(other);
        }

        Assert.Equal(Expected([.. first, .. second, .. third]), Read(buffer));
    });

    [Fact]
    public void AClearedBufferIsUsedAgainWithoutAllocation()
    {
        var buffer = new ReadingBuffer();
        Assert.Equal(0, Allocated.By(Fill));

        void Fill()
        {
            buffer.Clear();
            for (var i = 0; i < 1000; i++)
            {
                buffer.Begin(_pump, new Instant(i));
                buffer.Add(_pump.Channels[0], i);
                buffer.End();
            }
        }
    }

    [Fact]
    public void AnUnfinishedReadingIsDroppedByWhateverFollows()
    {
        var other = new ReadingBuffer();
        Write(other, [(false, 7, [(0, 7)], true)]);
        foreach (var follow in new Action<ReadingBuffer>[] { b => b.Append(other), b => { b.Begin(_fan, new Instant(7)); b.Add(_fan.Channels[0], 7); b.End(); } })
        {
            var buffer = new ReadingBuffer();
            buffer.Begin(_pump, new Instant(1));
            buffer.Add(_pump.Channels[0], 1);
            follow(buffer);
            Assert.Equal([[(_fan.Channels[0], 7L, 7.0)]], Read(buffer));
        }
    }

    [Theory]
    [InlineData(double.NaN), InlineData(double.PositiveInfinity), InlineData(double.NegativeInfinity)]
    public void AValueThatIsNotFiniteIsRefused(double value)
    {
        var buffer = new ReadingBuffer();
        buffer.Begin(_pump, new Instant(1));
        Assert.Throws<ArgumentException>(() => buffer.Add(_pump.Channels[0], value));
        buffer.End();
        Assert.Equal(0, buffer.ReadingCount);
    }

    [Fact]
    public void AChannelOfAnotherDeviceIsRefused()
    {
        var buffer = new ReadingBuffer();
        buffer.Begin(_pump, new Instant(1));
        var refused = Assert.Throws<ArgumentException>(() => buffer.Add(_fan.Channels[0], 1));
        Assert.StartsWith("channel fan/a does not belong to the reading's device pump", refused.Message, StringComparison.Ordinal);
        buffer.End();
        Assert.Throws<ArgumentException>(() => buffer.Add(_pump.Channels[0], 1));
    }

    [Fact]
    public void ThereIsNoReadingBeyondTheLast()
    {
        var buffer = new ReadingBuffer();
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer[0].Length);
        Write(buffer, [(true, 1, [(0, 1)], true)]);
        Assert.Equal(1, buffer[0].Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer[1].Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer[-1].Length);
    }

    private void Write(ReadingBuffer buffer, (bool Pump, long Time, (int Channel, double Value)[] Added, bool Ended)[] readings)
    {
        foreach (var (pump, time, added, ended) in readings)
        {
            var device = pump ? _pump : _fan;
            buffer.Begin(device, new Instant(time));
            foreach (var (channel, value) in added)
                buffer.Add(device.Channels[channel], value);
            if (ended)
                buffer.End();
            else
                buffer.Abandon();
        }
    }

    private List<(Channel, long, double)[]> Expected((bool Pump, long Time, (int Channel, double Value)[] Added, bool Ended)[] readings) =>
        [.. from r in readings
            where r.Ended && r.Added.Length > 0
            let device = r.Pump ? _pump : _fan
            select r.Added.GroupBy(a => a.Channel).Select(g => (device.Channels[g.Key], r.Time, g.Last().Value)).ToArray()];

    private static List<(Channel, long, double)[]> Read(ReadingBuffer buffer)
    {
        List<(Channel, long, double)[]> readings = [];
        for (var i = 0; i < buffer.ReadingCount; i++)
            readings.Add([.. buffer[i].ToArray().Select(s => (s.Channel, s.Time.Microseconds, s.Value))]);
        return readings;
    }
}
