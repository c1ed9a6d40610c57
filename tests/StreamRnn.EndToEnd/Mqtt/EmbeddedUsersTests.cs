using System.Text;
using Microsoft.Extensions.Time.Testing;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using StreamRnn.Alerts;
using StreamRnn.Mqtt;
using StreamRnn.Pipeline;

namespace StreamRnn.EndToEnd.Mqtt;

/// <summary>The embedded broker with users: who comes in, and what they may do.</summary>
public sealed class EmbeddedUsersTests
{
    private const string Password = "correct horse";
    private static readonly string Hash = PasswordHash.Of(Password);

    private static EmbeddedBrokerOptions Options => new()
    {
        Host = "0.0.0.0",
        Port = 0,
        Users =
        [
            new() { Name = "pump", PasswordHash = Hash, Publish = ["devices/{user}/#"] },
            new() { Name = "valve", PasswordHash = Hash, Publish = ["#"], Subscribe = ["streamrnn/alerts/#"] },
            new() { Name = "operator", PasswordHash = Hash, Publish = ["streamrnn/cmd/#"], Subscribe = ["#"] },
        ],
    };

    private static async Task<(EmbeddedBroker Broker, TestLog Log)> StartAsync(EmbeddedBrokerOptions? options = null, TimeProvider? clock = null)
    {
        var log = new TestLog();
        var broker = new EmbeddedBroker(options ?? Options, log, clock: clock);
        await broker.StartAsync();
        return (broker, log);
    }

    private static async Task<(IMqttClient Client, MqttClientConnectResultCode Code)> ConnectAsync(
        EmbeddedBroker broker, string? user, string password = Password, string? id = null, string? will = null, MqttProtocolVersion version = MqttProtocolVersion.V500, bool cleanSession = true)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        var options = new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", broker.Port).WithProtocolVersion(version).WithTimeout(TimeSpan.FromSeconds(20))
            .WithClientId(id ?? Guid.NewGuid().ToString("N")).WithCleanSession(cleanSession);
        if (user is not null)
            options.WithCredentials(user, password);
        if (will is not null)
            options.WithWillTopic(will).WithWillPayload("gone");
        return (client, (await client.ConnectAsync(options.Build())).ResultCode);
    }

    private static async Task<MqttClientPublishReasonCode> PublishAsync(IMqttClient client, string topic, bool retain = false) =>
        (await client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload("1").WithRetainFlag(retain).WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build())).ReasonCode;

    [Fact]
    public async Task NobodyComesInWithoutTheRightPasswordAndWhoGuessesIsMadeToWait()
    {
        var (broker, log) = await StartAsync(clock: new FakeTimeProvider());              // however long it takes to ask again, the wait is not over
        await using var _ = broker;
        Assert.Equal(MqttClientConnectResultCode.BadUserNameOrPassword, (await ConnectAsync(broker, null)).Code);
        Assert.Equal(MqttClientConnectResultCode.BadUserNameOrPassword, (await ConnectAsync(broker, "nobody")).Code);
        Assert.Equal(MqttClientConnectResultCode.BadUserNameOrPassword, (await ConnectAsync(broker, "pump", "hunter2")).Code);
        Assert.Equal(MqttClientConnectResultCode.BadUserNameOrPassword, (await ConnectAsync(broker, "$streamrnn", "hunter2")).Code);
        Assert.Equal(MqttClientConnectResultCode.Success, (await ConnectAsync(broker, "pump")).Code);
        for (var i = 0; i < 5; i++)
            await ConnectAsync(broker, "valve", "hunter2");
        Assert.NotEqual(MqttClientConnectResultCode.BadUserNameOrPassword, (await ConnectAsync(broker, "valve", "hunter2", version: MqttProtocolVersion.V311)).Code);
        Assert.True(log.Says("too many wrong passwords"));
        // Who was known before is not shut out by it.
        Assert.Equal(MqttClientConnectResultCode.Success, (await ConnectAsync(broker, "pump")).Code);
        Assert.DoesNotContain(log.Lines, line => line.Contains("hunter2", StringComparison.Ordinal) || line.Contains(Password, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AUserPublishesAndSubscribesWithinTheirTopicsOnly()
    {
        var (broker, log) = await StartAsync();
        await using var _ = broker;
        var (pump, _) = await ConnectAsync(broker, "pump");
        var (valve, _) = await ConnectAsync(broker, "valve");
        var (boss, _) = await ConnectAsync(broker, "operator");
        Assert.NotEqual(MqttClientPublishReasonCode.NotAuthorized, await PublishAsync(pump, "devices/pump/x"));
        foreach (var topic in new[] { "devices/valve/x", "streamrnn/cmd/normal", "streamrnn/alerts/pump", "x" })
        {
            Assert.Equal(MqttClientPublishReasonCode.NotAuthorized, await PublishAsync(pump, topic));
            Assert.Equal(MqttClientPublishReasonCode.NotAuthorized, await PublishAsync(pump, topic, retain: true));
        }

        Assert.NotEqual(MqttClientPublishReasonCode.NotAuthorized, await PublishAsync(valve, "devices/valve/x"));
        Assert.Equal(MqttClientPublishReasonCode.NotAuthorized, await PublishAsync(valve, "streamrnn/cmd/normal"));            // # is not ours
        Assert.NotEqual(MqttClientPublishReasonCode.NotAuthorized, await PublishAsync(boss, "streamrnn/cmd/normal"));
        Assert.Equal(MqttClientPublishReasonCode.NotAuthorized, await PublishAsync(boss, "devices/pump/x"));
        Assert.Equal(MqttClientSubscribeResultCode.NotAuthorized, (await pump.SubscribeAsync("devices/pump/x")).Items.Single().ResultCode);
        Assert.Equal(MqttClientSubscribeResultCode.NotAuthorized, (await valve.SubscribeAsync("streamrnn/#")).Items.Single().ResultCode);
        Assert.Equal(MqttClientSubscribeResultCode.GrantedQoS0, (await valve.SubscribeAsync("streamrnn/alerts/+")).Items.Single().ResultCode);
        Assert.True(log.Says("user 'pump' may not publish on streamrnn/cmd/normal"));
        Assert.True(log.Says("user 'valve' may not subscribe to streamrnn/#"));
        // Nothing that was refused was kept.
        var kept = new List<string>();
        boss.ApplicationMessageReceivedAsync += e => { kept.Add(e.ApplicationMessage.Topic); return Task.CompletedTask; };
        await boss.SubscribeAsync("#");
        await PublishAsync(pump, "devices/pump/last");
        await Eventually.Holds(() => kept.Count > 0, "the last payload");
        Assert.Equal(["devices/pump/last"], kept);
    }

    [Fact]
    public async Task ALastWillIsHeldToTheSameTopics()
    {
        var (broker, log) = await StartAsync();
        await using var _ = broker;
        var (boss, _) = await ConnectAsync(broker, "operator");
        var heard = new System.Collections.Concurrent.ConcurrentQueue<string>();
        boss.ApplicationMessageReceivedAsync += e => { heard.Enqueue(e.ApplicationMessage.Topic); return Task.CompletedTask; };
        await boss.SubscribeAsync("#");
        foreach (var will in new[] { "streamrnn/status", "devices/valve/x", "devices/pump/x" })
        {
            var (pump, code) = await ConnectAsync(broker, "pump", will: will);
            Assert.Equal(MqttClientConnectResultCode.Success, code);
            pump.Dispose();                                      // without a goodbye
        }

        await Eventually.Holds(() => heard.Contains("devices/pump/x") && log.Says("may not publish on streamrnn/status") && log.Says("may not publish on devices/valve/x"), "the wills", 30, log);
        Assert.Equal(["devices/pump/x"], heard);
    }

    [Fact]
    public async Task ASessionBelongsToItsUserAndCannotBeTakenOverByItsClientId()
    {
        var (broker, log) = await StartAsync();
        await using var _ = broker;
        var (boss, _) = await ConnectAsync(broker, "operator", id: "desk", cleanSession: false);
        await boss.SubscribeAsync("#");
        Assert.Equal(MqttClientConnectResultCode.ClientIdentifierNotValid, (await ConnectAsync(broker, "valve", id: "desk", cleanSession: false)).Code);
        Assert.True(boss.IsConnected);
        Assert.True(log.Says("its client id is another user's"));
        Assert.Equal(MqttClientConnectResultCode.Success, (await ConnectAsync(broker, "operator", id: "desk", cleanSession: false)).Code);
    }

    [Theory]
    [InlineData(MqttProtocolVersion.V500)]
    [InlineData(MqttProtocolVersion.V311)]
    public async Task WhoHasNoClientIdIsGivenOneOfTheirOwn(MqttProtocolVersion version)
    {
        var (broker, _) = await StartAsync();
        await using var _ = broker;
        var (pump, first) = await ConnectAsync(broker, "pump", id: "", version: version);
        var (valve, second) = await ConnectAsync(broker, "valve", id: "", version: version);
        Assert.Equal((MqttClientConnectResultCode.Success, MqttClientConnectResultCode.Success), (first, second));
        Assert.NotEqual(MqttClientPublishReasonCode.NotAuthorized, await PublishAsync(pump, "devices/pump/x"));
        Assert.NotEqual(MqttClientPublishReasonCode.NotAuthorized, await PublishAsync(valve, "devices/valve/x"));
    }

    [Fact]
    public async Task ConnectionsOfOneUserAreLimited()
    {
        var (broker, log) = await StartAsync(Options with { MaxConnectionsPerUser = 2 });
        await using var _ = broker;
        var (one, _) = await ConnectAsync(broker, "pump");
        await ConnectAsync(broker, "pump");
        Assert.Equal(MqttClientConnectResultCode.QuotaExceeded, (await ConnectAsync(broker, "pump")).Code);
        Assert.Equal(MqttClientConnectResultCode.Success, (await ConnectAsync(broker, "valve")).Code);
        await one.DisconnectAsync();
        for (var code = MqttClientConnectResultCode.QuotaExceeded; code != MqttClientConnectResultCode.Success;)
            code = (await ConnectAsync(broker, "pump")).Code;
        Assert.True(log.Says("MaxConnectionsPerUser"));
    }

    [Fact]
    public async Task APacketThatIsTooLargeEndsTheConnectionBeforeItIsRead()
    {
        var (broker, log) = await StartAsync(Options with { MaxPayloadBytes = 1000 });
        await using var _ = broker;
        using var stranger = new System.Net.Sockets.TcpClient("127.0.0.1", broker.Port);
        await stranger.GetStream().WriteAsync(new byte[] { 0x10, 0xFF, 0xFF, 0xFF, 0x7F });
        Assert.Equal(0, await stranger.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.True(log.Says("268435455 bytes"));
        var (pump, _) = await ConnectAsync(broker, "pump");
        var result = await pump.PublishAsync(new MqttApplicationMessageBuilder().WithTopic("devices/pump/x").WithPayload(new byte[1001]).WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build());
        Assert.Equal(MqttClientPublishReasonCode.QuotaExceeded, result.ReasonCode);
    }

    [Fact]
    public async Task TheServiceComesInThroughADoorOfItsOwnThatIsShutForOthers()
    {
        var (broker, log) = await StartAsync();
        await using var _ = broker;
        var own = broker.Own(new MqttOptions { Host = broker.OwnEndpoint.Host, Port = broker.OwnEndpoint.Port, KeepAlive = TimeSpan.FromSeconds(2) });
        await using var listener = new Listener(own);
        await listener.SubscribedAsync();
        var publisher = new AlertPublisher(own, new TopicOptions(), Alerts.Encode, TimeProvider.System, log);
        using var stop = new CancellationTokenSource();
        var running = publisher.RunAsync(TimeSpan.FromSeconds(10), stop.Token);
        var (pump, _) = await ConnectAsync(broker, "pump");
        var (valve, _) = await ConnectAsync(broker, "valve");
        var heard = new System.Collections.Concurrent.ConcurrentQueue<string>();
        valve.ApplicationMessageReceivedAsync += e => { heard.Enqueue(e.ApplicationMessage.Topic); return Task.CompletedTask; };
        await valve.SubscribeAsync("streamrnn/alerts/#");
        await PublishAsync(pump, "devices/pump/x");
        await Eventually.Holds(() => listener.WasHeard(1), "the reading", 30, listener.Log);
        var outcome = new Outcome();
        outcome.Alerts.Add(Alerts.Event("a1", 0, AlertStatus.Opened));
        publisher.Publish(outcome);
        await Eventually.Holds(() => heard.Contains("streamrnn/alerts/freezer"), "the alert", 30, log);
        await stop.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(20));

        var client = new MqttClientFactory().CreateMqttClient();
        var code = (await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", own.Port).WithCredentials("pump", Password).Build())).ResultCode;
        Assert.Equal(MqttClientConnectResultCode.BadUserNameOrPassword, code);
        Assert.True(log.Says("without TLS: passwords and readings can be read on the way"));
        Assert.DoesNotContain(log.Lines, line => line.Contains(own.Password!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhoWouldCallThemselvesByALineOfTheLogDoesNotWriteOne()
    {
        var (broker, log) = await StartAsync();
        await using var _ = broker;
        await ConnectAsync(broker, "nobody\r\nREADY=1", id: "a\nb");
        await Eventually.Holds(() => log.Says("refused a connection"), "the refusal");
        Assert.DoesNotContain(log.Lines, line => line.Any(char.IsControl));
    }
}
