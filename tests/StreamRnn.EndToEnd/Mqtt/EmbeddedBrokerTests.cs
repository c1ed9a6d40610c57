using Microsoft.Extensions.Logging.Abstractions;
using StreamRnn.Alerts;
using StreamRnn.Mqtt;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.EndToEnd.Mqtt;

public sealed class EmbeddedBrokerTests
{
    private static async Task<EmbeddedBroker> StartAsync()
    {
        var broker = new EmbeddedBroker(new EmbeddedBrokerOptions { Port = 0 }, NullLogger.Instance);
        await broker.StartAsync();
        return broker;
    }

    private static MqttOptions To(EmbeddedBroker broker, string version = "5.0") =>
        new() { Host = broker.Host, Port = broker.Port, ProtocolVersion = version, KeepAlive = TimeSpan.FromSeconds(2) };

    [Theory]
    [InlineData("5.0")]
    [InlineData("3.1.1")]
    public async Task WhatADevicePublishesIsHeard(string version)
    {
        await using var broker = await StartAsync();
        await using var listener = new Listener(To(broker, version));
        await listener.SubscribedAsync();
        await using var device = await Client.ConnectAsync(broker.Port);
        await device.PublishAsync("devices/freezer/temperature", "-18.5", qos: 0);
        await device.PublishAsync("devices/freezer", """{"door":true,"compressor":{"power":120}}""");
        await Eventually.Holds(() => listener.Values.Count == 3, "three values");
        Assert.Equal([("freezer/temperature", -18.5), ("freezer/door", 1), ("freezer/compressor.power", 120)], listener.Values);
        await listener.StopAsync();
    }

    [Fact]
    public async Task ClientsWithoutAnIdAreTakenAndNotMistakenForEachOther()
    {
        // What mosquitto_pub sends: MQTT 3.1.1, clean session, an empty client id. Two at a time: with one name the second would end the first.
        await using var broker = await StartAsync();
        await using var listener = new Listener(To(broker));
        await listener.SubscribedAsync();
        byte[] connect = [0x10, 12, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 4, 2, 0, 60, 0, 0];
        byte[] publish = [0x30, 15, 0, 11, .. "devices/a/x"u8, (byte)'4', (byte)'2'];
        using var one = new System.Net.Sockets.TcpClient(broker.Host, broker.Port);
        using var two = new System.Net.Sockets.TcpClient(broker.Host, broker.Port);
        foreach (var client in new[] { one, two })
        {
            await client.GetStream().WriteAsync(connect);
            var answer = new byte[4];
            await client.GetStream().ReadExactlyAsync(answer).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
            Assert.Equal([0x20, 2, 0, 0], answer);
        }

        await two.GetStream().WriteAsync(publish);
        await one.GetStream().WriteAsync(publish);
        await Eventually.Holds(() => listener.Values.Count == 2, "both are heard");
    }

    [Fact]
    public async Task APortInUseIsNamedWithWhatToDo()
    {
        await using var broker = await StartAsync();
        await using var second = new EmbeddedBroker(new EmbeddedBrokerOptions { Port = broker.Port }, NullLogger.Instance);
        var e = await Assert.ThrowsAsync<IOException>(second.StartAsync);
        Assert.Contains($"127.0.0.1:{broker.Port}", e.Message, StringComparison.Ordinal);
        Assert.Contains("Mqtt:Embedded:Port", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5.0")]
    [InlineData("3.1.1")]
    public async Task AlertsStatesAndStatusReachASubscriberAndALateOneSeesWhatIsOpen(string version)
    {
        await using var broker = await StartAsync();
        await using var early = await Client.ConnectAsync(broker.Port, filters: "streamrnn/#");
        var publisher = new AlertPublisher(To(broker, version), new TopicOptions { ScoreTopic = "all" }, Alerts.Encode, TimeProvider.System, NullLogger.Instance);
        using var stop = new CancellationTokenSource();
        var running = publisher.RunAsync(TimeSpan.FromSeconds(10), stop.Token);
        publisher.SetOnline(true);

        var outcome = new Outcome();
        outcome.Alerts.Add(Alerts.Event("a1", 0, AlertStatus.Opened));
        outcome.Alerts.Add(Alerts.Event("a2", 0, AlertStatus.Opened));
        outcome.Alerts.Add(Alerts.Event("a1", 1, AlertStatus.Resolved));
        outcome.States.Add(new DeviceState("freezer", Phase.WarmingUp, 9, 50, new Instant(0), new Dictionary<string, double> { ["temperature"] = 10 }));
        publisher.Publish(outcome);
        outcome.Clear();                                                        // the pipeline uses it again at once

        await Eventually.Holds(() => publisher.Waiting == 0, "all published");
        await Eventually.Holds(() => early.Received.Count(m => m.Topic == "streamrnn/alerts/freezer") == 3, "three events");
        Assert.Equal(["a1-0", "a2-0", "a1-1"], early.Received.Where(m => m.Topic == "streamrnn/alerts/freezer").Select(m => m.Payload));

        await using var late = await Client.ConnectAsync(broker.Port, filters: "streamrnn/#");
        await Eventually.Holds(() => late.Received.Count == 3, "the retained topics");
        Assert.Equal("online", late.Last("streamrnn/status"));
        Assert.Equal("a2-0", late.Last("streamrnn/open/a2"));
        Assert.Equal(
            """{"device":"freezer","phase":"warming-up","seen":9,"needed":50,"since":"1970-01-01T00:00:00Z","usualIntervals":{"temperature":10}}""",
            late.Last("streamrnn/devices/freezer/state"));

        await stop.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(20));
        await Eventually.Holds(() => late.Last("streamrnn/status") == "offline", "offline after a stop in good order");
    }

    [Fact]
    public async Task ASecondInstanceWithTheSameClientIdIsSaidToBeOne()
    {
        await using var broker = await StartAsync();
        await using var first = new Listener(To(broker));
        await first.SubscribedAsync();
        await using var second = new Listener(To(broker));
        await second.SubscribedAsync();
        await Eventually.Holds(() => first.Log.Says("another client with our id 'streamrnn'"), "the first says why it was thrown out", 30, first.Log);
    }

    [Fact]
    public async Task ARetainedPayloadThatComesBecauseWeSubscribeIsNoReading()
    {
        foreach (var version in new[] { "5.0", "3.1.1" })
        {
            await using var broker = await StartAsync();
            await using var device = await Client.ConnectAsync(broker.Port);
            await device.PublishAsync("devices/freezer/temperature", "1", retain: true);
            await using var listener = new Listener(To(broker, version));
            await listener.SubscribedAsync();
            await device.PublishAsync("devices/freezer/temperature", "2", retain: true);
            await device.PublishAsync("devices/freezer/temperature", "3");
            await Eventually.Holds(() => listener.WasHeard(3), "the last value");
            Assert.Equal([2.0, 3.0], listener.Values.Select(v => v.Value));
        }
    }
}

/// <summary>Alert events as plain as can be.</summary>
internal static class Alerts
{
    public static AlertEvent Event(string id, int sequence, AlertStatus status) => new()
    {
        AlertId = id,
        Sequence = sequence,
        Status = status,
        Kind = AlertKind.Pattern,
        Severity = Severity.Minor,
        Device = "freezer",
        OpenedAt = default,
        EventTime = default,
        DetectedAt = default,
        Score = 0.9,
        FalseAlarmsPerWeek = 0.1,
        Summary = "",
        Count = 1,
        ModelId = "m",
        ModelVersion = "1",
    };

    /// <summary>The event's id as the payload: enough to see which came, and in which order.</summary>
    public static void Encode(AlertEvent alert, System.Buffers.IBufferWriter<byte> to)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(alert.Id);
        bytes.CopyTo(to.GetSpan(bytes.Length));
        to.Advance(bytes.Length);
    }
}
