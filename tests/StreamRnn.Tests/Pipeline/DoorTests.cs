using CsCheck;
using Microsoft.Extensions.Time.Testing;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Pipeline;

public sealed class DoorTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly JumpingClock _clock = new(Start);
    private readonly DeviceRegistry _registry = new();

    [Fact]
    public void ReadingsPassInTheOrderOfTheirAdmission() => Gen.Select(Gen.Int[0, 3], Gen.Bool).Array[0, 100].Sample(payloads =>
    {
        // Each payload carries so many readings; the flag says that the pump runs after it.
        using var door = new Door(new DoorLimits(), _clock);
        List<double> passed = [];
        List<long> through = [];
        using var _ = door.Arrivals.Subscribe(arrivals => passed.AddRange(Values(arrivals)));
        door.Through += through.Add;
        var count = 0;
        var admitted = 0L;
        foreach (var (readings, pump) in payloads)
        {
            Assert.Equal(++admitted, door.Admit(Payload(Enumerable.Range(count, readings)), 10));
            count += readings;
            if (!pump)
                continue;
            door.PumpOnce();
            Assert.Equal(admitted, through[^1]);
            Assert.Equal(0, door.Depth);
        }

        door.PumpOnce();
        Assert.Equal(Enumerable.Range(0, count).Select(i => (double)i), passed);
        Assert.Equal(through.Distinct().Order(), through);
        Assert.Equal(admitted, through.LastOrDefault());
    });

    [Fact]
    public void WhatArrivesWhileAnEntryIsWorkedOnIsOneEntry()
    {
        using var door = new Door(new DoorLimits(), _clock);
        List<(double[] Values, long Ticket)> entries = [];
        using var _ = door.Arrivals.Subscribe(arrivals =>
        {
            if (entries.Count == 0)
            {
                for (var i = 1; i <= 5; i++)
                    door.Admit(Payload([i]), 10);
            }

            entries.Add((Values(arrivals), arrivals.Ticket));
        });
        door.Admit(Payload([0]), 10);
        door.PumpOnce();
        door.PumpOnce();
        Assert.Equal([0.0], entries[0].Values);
        Assert.Equal([1.0, 2, 3, 4, 5], entries[1].Values);
        Assert.Equal([1, 6], entries.Select(e => e.Ticket));
    }

    [Fact]
    public void APayloadIsThroughOnlyAfterTheObserverHasReturned()
    {
        using var door = new Door(new DoorLimits(), _clock);
        var worked = 0;
        var seen = -1;
        using var _ = door.Arrivals.Subscribe(_ => worked++);
        door.Through += _ => seen = worked;
        door.Admit(new ReadingBuffer(), 10);
        door.PumpOnce();
        Assert.Equal(1, seen);
    }

    [Fact]
    public void WhatAnObserverFailsOnIsNeverThrough()
    {
        using var door = new Door(new DoorLimits(), _clock);
        var through = 0;
        using var _ = door.Arrivals.Subscribe(_ => throw new InvalidOperationException("broken"));
        door.Through += _ => through++;
        door.Admit(Payload([1]), 10);
        Assert.Throws<InvalidOperationException>(door.PumpOnce);
        Assert.Equal((0, 1), (through, door.Depth));
    }

    [Theory]
    [InlineData(3, 1_000_000)]
    [InlineData(1000, 30)]
    public async Task AFullDoorMakesTheSourceWaitUntilAnEntryIsThrough(int payloads, long bytes)
    {
        using var door = new Door(new DoorLimits(payloads, bytes), _clock);
        using var limit = new CancellationTokenSource(Limit);
        for (var i = 0; i < 3; i++)
        {
            Assert.True(door.WaitForRoomAsync(limit.Token).AsTask().IsCompletedSuccessfully);
            door.Admit(new ReadingBuffer(), 10);
        }

        var waiting = door.WaitForRoomAsync(limit.Token).AsTask();
        var alsoWaiting = door.WaitForRoomAsync(limit.Token).AsTask();
        Assert.False(waiting.IsCompleted);
        Assert.Equal(3, door.Depth);
        door.PumpOnce();
        await waiting;
        await alsoWaiting;
        Assert.Equal(0, door.Depth);
    }

    [Fact]
    public void RoomIsNotGivenWhileTheEntryIsStillWorkedOn()
    {
        using var door = new Door(new DoorLimits(Payloads: 1), _clock);
        using var limit = new CancellationTokenSource(Limit);
        var hadRoom = true;
        using var _ = door.Arrivals.Subscribe(_ => hadRoom = door.WaitForRoomAsync(limit.Token).AsTask().IsCompleted);
        door.Admit(new ReadingBuffer(), 10);
        door.PumpOnce();
        Assert.False(hadRoom);
    }

    [Fact]
    public async Task WaitingForRoomEndsWithItsCancellation()
    {
        using var door = new Door(new DoorLimits(Payloads: 1), _clock);
        using var cancel = new CancellationTokenSource();
        door.Admit(new ReadingBuffer(), 10);
        var waiting = door.WaitForRoomAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Limit));
    }

    [Fact]
    public async Task AFastSourceNeverHasMoreInsideThanTheLimit()
    {
        using var door = new Door(new DoorLimits(Payloads: 20), _clock);
        using var stop = new CancellationTokenSource(Limit);
        var deepest = 0;
        List<double> passed = [];
        var all = new TaskCompletionSource();
        using var _ = door.Arrivals.Subscribe(arrivals =>
        {
            deepest = Math.Max(deepest, door.Depth);
            passed.AddRange(Values(arrivals));
            if (passed.Count == 5000)
                all.TrySetResult();
        });
        var pump = Task.Run(() => door.Pump(stop.Token));
        await Task.Run(async () =>
        {
            for (var i = 0; i < 5000; i++)
            {
                await door.WaitForRoomAsync(stop.Token);
                door.Admit(Payload([i]), 10);
            }
        });
        await all.Task.WaitAsync(Limit);
        await stop.CancelAsync();
        await pump.WaitAsync(Limit);
        Assert.InRange(deepest, 1, 20);
        Assert.Equal(Enumerable.Range(0, 5000).Select(i => (double)i), passed);
    }

    [Fact]
    public void WithoutArrivalsThePumpHandsOutATickOfTheClock()
    {
        using var door = new Door(new DoorLimits(), _clock);
        var entries = new List<(int Readings, Instant Now, long Ticket)>();
        var through = 0;
        using var _ = door.Arrivals.Subscribe(a => entries.Add((a.Readings.ReadingCount, a.Now, a.Ticket)));
        door.Through += _ => through++;
        door.Admit(Payload([1]), 1);
        door.PumpOnce();
        _clock.Advance(TimeSpan.FromSeconds(2));
        door.PumpOnce();
        Assert.Equal([(1, Instant.From(Start), 1L), (0, Instant.From(Start.AddSeconds(2)), 1L)], entries);
        Assert.Equal(1, through);
    }

    [Fact]
    public void TheClockOfSilenceRunsOnlyWhileWeListen()
    {
        using var door = new Door(new DoorLimits(), _clock);
        Assert.Equal(0, Heard(door));
        Pass(10);
        Assert.Equal(0, Heard(door));           // not connected yet
        door.Listen(true);
        Pass(5);
        Assert.Equal(5, Heard(door));
        door.Listen(true);                      // said twice: nothing new
        Pass(1);
        door.Listen(false);
        door.Listen(false);
        Pass(100);
        Assert.Equal(6, Heard(door));
        door.Listen(true);
        Pass(4);
        Assert.Equal(10, Heard(door));
    }

    [Fact]
    public void TheClockOfSilenceDoesNotJumpWithTheWallClock()
    {
        using var door = new Door(new DoorLimits(), _clock);
        door.Listen(true);
        Pass(5);
        _clock.Jump(TimeSpan.FromHours(1));
        Assert.Equal(5, Heard(door));
        _clock.Jump(TimeSpan.FromHours(-3));
        Pass(2);
        Assert.Equal(7, Heard(door));
    }

    [Fact]
    public void TheClockOfSilenceNeverRunsBackwardsNorFasterThanTheClock() => Gen.Select(Gen.Int[0, 2], Gen.Int[0, 100]).Array[1, 50].Sample(steps =>
    {
        var clock = new JumpingClock(Start);
        using var door = new Door(new DoorLimits(), clock);
        var (before, elapsed) = (0.0, 0.0);
        foreach (var (what, seconds) in steps)
        {
            if (what < 2)
                door.Listen(what == 1);
            clock.Advance(TimeSpan.FromSeconds(seconds));
            elapsed += seconds;
            var heard = Heard(door);
            Assert.InRange(heard, before, Math.Min(before + seconds, elapsed));
            before = heard;
        }
    });

    private static double Heard(Door door)
    {
        var heard = new Instant(0);
        using var _ = door.Arrivals.Subscribe(a => heard = a.Heard);
        door.PumpOnce();
        return (heard - Instant.From(Start)).TotalSeconds;
    }

    private void Pass(double seconds) => _clock.Advance(TimeSpan.FromSeconds(seconds));

    private ReadingBuffer Payload(IEnumerable<int> values)
    {
        var buffer = new ReadingBuffer();
        _registry.TryGetDevice("d", out var device, out _);
        _registry.TryGetChannel(device, "x", out var channel, out _);
        foreach (var value in values)
        {
            buffer.Begin(device, new Instant(value));
            buffer.Add(channel, value);
            buffer.End();
        }

        return buffer;
    }

    private static double[] Values(Arrivals arrivals) => [.. Enumerable.Range(0, arrivals.Readings.ReadingCount).Select(i => arrivals.Readings[i][0].Value)];

    // A clock that somebody sets: the wall time jumps, the timestamps go on.
    private sealed class JumpingClock(DateTimeOffset start) : FakeTimeProvider(start)
    {
        private TimeSpan _jumped;

        public void Jump(TimeSpan by) => _jumped += by;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _jumped;

        public override long GetTimestamp() => base.GetUtcNow().Ticks;
    }
}
