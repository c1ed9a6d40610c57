using StreamRnn.Mqtt;

namespace StreamRnn.EndToEnd.Mqtt;

/// <summary>A payload is acknowledged when it is through, not before and not on another connection; and what is not through holds the broker back.</summary>
public sealed class AcknowledgementTests
{
    private static MqttOptions To(Mosquitto broker) => new() { Host = "127.0.0.1", Port = broker.Port, KeepAlive = TimeSpan.FromSeconds(2) };

    private static async Task PublishAsync(Mosquitto broker, int from, int count, int qos = 1)
    {
        await using var device = await Client.ConnectAsync(broker.Port);
        await device.PublishManyAsync("devices/d/c", Enumerable.Range(from, count), qos);
    }

    /// <summary>
    /// Payloads come while the consumer stands still, and the service dies. Which of them are neither done nor sent again to the next one?
    /// </summary>
    /// <param name="saysThroughEarly">The flaw to be caught: the consumer takes payloads over and says that they are through before it has done anything with them.</param>
    private static async Task<int> LostAtDeathAsync(bool saysThroughEarly)
    {
        using var broker = await new Mosquitto().StartAsync();
        await using var doomed = new Listener(To(broker));
        await doomed.SubscribedAsync();
        if (saysThroughEarly)
        {
            await PublishAsync(broker, 0, 200);                     // taken over and acknowledged; "done" would come later, and never does
            await Eventually.Holds(() => doomed.Values.Count == 200, "taken over");
            await Eventually.Holds(() => doomed.Source.Unacknowledged == 0, "acknowledged");
        }
        else
        {
            doomed.Stall();
            await PublishAsync(broker, 0, 200);
            await Eventually.Holds(() => doomed.Door.Depth > 0 && doomed.Source.Unacknowledged > 0, "inside and not acknowledged");
        }

        await doomed.DieAsync();
        await using var next = new Listener(To(broker));
        await next.SubscribedAsync();
        await PublishAsync(broker, 1_000_000, 1);                   // comes after everything that is sent again
        await Eventually.Holds(() => next.WasHeard(1_000_000), "the last value");
        var done = next.Values.Select(v => v.Value).ToHashSet();
        return Enumerable.Range(0, 200).Count(i => !done.Contains(i));
    }

    [SkippableFact]
    public async Task WhatWasNotThroughWhenTheServiceDiedIsSentAgain() => Assert.Equal(0, await LostAtDeathAsync(saysThroughEarly: false));

    [SkippableFact]
    public async Task AcknowledgingEarlyIsCaughtByThatTest() => Assert.Equal(200, await LostAtDeathAsync(saysThroughEarly: true));

    [SkippableFact]
    public async Task AStopInGoodOrderLeavesNothingToBeSentAgain()
    {
        using var broker = await new Mosquitto().StartAsync();
        await using (var first = new Listener(To(broker)))
        {
            await first.SubscribedAsync();
            await PublishAsync(broker, 0, 500);
            await Eventually.Holds(() => !first.Values.IsEmpty, "something is heard");
            await first.StopAsync();
            Assert.Equal(0, first.Source.Unacknowledged);
            var heard = first.Values.Count;
            await using var second = new Listener(To(broker));
            await Eventually.Holds(() => second.Values.Count == 500 - heard, "the rest, once");
            await PublishAsync(broker, 1000, 1);
            await Eventually.Holds(() => second.WasHeard(1000), "the last value");
            Assert.Equal(Enumerable.Range(0, 500).Append(1000).Select(i => (double)i), first.Values.Concat(second.Values).Select(v => v.Value));
        }
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task AStalledConsumerHoldsTheBrokerBackAndLosesNothingOfQualityOne(int qos)
    {
        const int Room = 50;
        const int Count = 20_000;
        using var broker = await new Mosquitto().StartAsync();
        await using var listener = new Listener(To(broker), new IngestOptions { MaxWaitingPayloads = Room });
        await listener.SubscribedAsync();
        listener.Stall();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await PublishAsync(broker, 0, Count, qos);

        // Several keep-alive periods pass with the door full; that is not taken for a dead broker, and nothing more is read meanwhile.
        var disconnected = false;
        listener.Source.ListeningChanged += _ => disconnected = true;
        using (var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(500)))
        {
            for (var i = 0; i < 12; i++)
            {
                await tick.WaitForNextTickAsync();
                Assert.InRange(listener.Door.Depth, 1, Room);
            }
        }

        Assert.False(disconnected);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 8 << 20);
        listener.Resume();
        await PublishAsync(broker, Count, 1);
        await Eventually.Holds(() => listener.WasHeard(Count), "the last value");
        var values = listener.Values.Select(v => (int)v.Value).ToArray();
        Assert.True(values.Zip(values.Skip(1)).All(pair => pair.First < pair.Second), "the order is kept");
        if (qos == 1)
            Assert.Equal(Enumerable.Range(0, Count + 1), values);
    }

    [SkippableFact]
    public async Task BadPayloadsOfEveryKindLeaveTheStreamAliveAndAreNotSentAgain()
    {
        using var broker = await new Mosquitto().StartAsync();
        var publisher = new AlertPublisher(To(broker), new TopicOptions(), Alerts.Encode, TimeProvider.System, new TestLog());
        using var stop = new CancellationTokenSource();
        var publishing = publisher.RunAsync(TimeSpan.FromSeconds(5), stop.Token);
        await using var dead = await Client.ConnectAsync(broker.Port, filters: "streamrnn/deadletter");
        (string Topic, byte[] Payload, string Reason)[] bad =
        [
            ("devices/d/c", [], Reasons.Empty),
            ("devices/d/c", "NaN"u8.ToArray(), Reasons.NotFinite),
            ("devices/d/c", "1e400"u8.ToArray(), Reasons.NotFinite),
            ("devices/d/c", "hot"u8.ToArray(), Reasons.NotANumber),
            ("devices/d", "21"u8.ToArray(), Reasons.WrongShape),
            ("devices/d", "{\"v\":"u8.ToArray(), Reasons.NotJson),
            ("devices/d", "{\"\\ud800\":1}"u8.ToArray(), Reasons.BadName),
            ("devices/d", "{\"timestamp\":0,\"v\":1}"u8.ToArray(), Reasons.TimeOutOfRange),
            ("devices/d", "{\"timestamp\":\"2200-01-01T00:00:00Z\",\"v\":1}"u8.ToArray(), Reasons.TimeOutOfRange),
            ("devices/d", new byte[10 << 20], Reasons.TooLarge),
            ("devices/d", [0xFF, 0xD8, 0x00, 0x01], Reasons.NotJson),
        ];
        await using var device = await Client.ConnectAsync(broker.Port);
        await using (var listener = new Listener(To(broker), deadLetter: publisher.DeadLetter))
        {
            await listener.SubscribedAsync();
            foreach (var (topic, payload, _) in bad)
                await device.PublishAsync(topic, payload);
            await device.PublishAsync("devices/d/c", "1");
            await Eventually.Holds(() => listener.WasHeard(1), "the good value after the bad ones");
            await Eventually.Holds(() => dead.Received.Count == bad.Length, "the dead letters");
            Assert.Equal(bad.Select(b => b.Reason), dead.Received.Select(m => System.Text.Json.JsonDocument.Parse(m.Payload).RootElement.GetProperty("reason").GetString()));
            Assert.All(dead.Received, m => Assert.InRange(m.Payload.Length, 10, 2000));
            await listener.StopAsync();
        }

        await using var next = new Listener(To(broker), deadLetter: publisher.DeadLetter);
        await next.SubscribedAsync();
        await device.PublishAsync("devices/d/c", "2");
        await Eventually.Holds(() => next.WasHeard(2), "the value after");
        Assert.Equal(bad.Length, dead.Received.Count);
        await stop.CancelAsync();
        await publishing;
    }
}
