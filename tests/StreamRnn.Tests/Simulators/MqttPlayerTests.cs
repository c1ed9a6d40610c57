using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MQTTnet;
using MQTTnet.Protocol;
using MQTTnet.Server;
using StreamRnn.Simulators;
using StreamRnn.Simulators.Faults;
using StreamRnn.Simulators.Playing;

namespace StreamRnn.Tests.Simulators;

public sealed class MqttPlayerTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly int _port = FreePort();
    private readonly ConcurrentQueue<(string Topic, string Payload, MqttQualityOfServiceLevel QoS)> _received = new();
    private readonly CancellationTokenSource _limit = new(Limit);
    private MqttServer? _broker;

    public async ValueTask DisposeAsync()
    {
        await StopBrokerAsync();
        _limit.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ABrokerGetsEveryEmissionInOrderAndTheGroundTruthWithQoS1(int qos)
    {
        await StartBrokerAsync();
        var scenario = Scenario.Create(7, ["freezer"], 2, ScenarioTests.Monday, [Fault.Parse("spike@20m:freezer-01")], ScenarioTests.Hours(1));
        await using var player = new MqttPlayer(Options(qos));
        await player.ConnectAsync(_limit.Token);
        var progress = await player.PlayAsync(scenario.Emissions(), new Playback(Pace.AsFastAsPossible), null, _limit.Token);

        var expected = scenario.Emissions().Select(e => (e.Topic, Encoding.UTF8.GetString(e.Payload))).ToArray();
        await UntilAsync(() => _received.Count >= expected.Length);
        Assert.Equal(expected, _received.Select(r => (r.Topic, r.Payload)));
        Assert.All(_received, r => Assert.Equal(r.Topic == "simulators/labels" ? Math.Max(1, qos) : qos, (int)r.QoS));
        Assert.Equal(expected.Length - 2, progress.Readings);
    }

    [Fact]
    public async Task ABrokerThatGoesAwayAndComesBackLosesNothing()
    {
        await StartBrokerAsync();
        var scenario = Scenario.Create(7, ["freezer"], 4, ScenarioTests.Monday, options: ScenarioTests.Hours(2));
        await using var player = new MqttPlayer(Options(1));
        var said = new ConcurrentQueue<string>();
        var gone = new TaskCompletionSource();
        player.Said += text =>
        {
            said.Enqueue(text);
            if (text.Contains("went away", StringComparison.Ordinal))
                gone.TrySetResult();
        };
        await player.ConnectAsync(_limit.Token);
        var playing = player.PlayAsync(scenario.Emissions(), new Playback(Pace.AtRate(400)), null, _limit.Token);
        await UntilAsync(() => _received.Count >= 100);
        await StopBrokerAsync();
        await gone.Task.WaitAsync(_limit.Token);
        await StartBrokerAsync();
        await playing;

        var expected = scenario.Emissions().Select(e => Encoding.UTF8.GetString(e.Payload)).ToArray();
        await UntilAsync(() => _received.Select(r => r.Payload).Distinct().Count() >= expected.Length);
        Assert.Equal(expected, _received.Select(r => r.Payload).Distinct());
        Assert.Contains(said, s => s.Contains("is back", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhereNoBrokerListensTheMessageSaysWhere()
    {
        await using var player = new MqttPlayer(Options(1));
        var error = await Assert.ThrowsAsync<BrokerUnreachableException>(() => player.ConnectAsync(_limit.Token));
        Assert.Contains($"mqtt://127.0.0.1:{_port}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFaultIsAskedForOverMqttWhileTheSimulationRuns()
    {
        await StartBrokerAsync();
        var run = Scenario.Create(7, ["freezer"], 1, ScenarioTests.Monday).Begin();
        await using var player = new MqttPlayer(Options(1));
        var label = new TaskCompletionSource<Label>();
        var refused = new TaskCompletionSource<string>();
        player.Published += e =>
        {
            if (e.Label is not null)
                label.TrySetResult(e.Label);
        };
        player.Said += text => refused.TrySetResult(text);
        await player.ConnectAsync(_limit.Token);
        await player.ListenForFaultsAsync(run, _limit.Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token);
        var playing = player.PlayAsync(run.Emissions(), new Playback(Pace.AtRate(500)), null, stop.Token);
        await AskAsync("spike:freezer-99");
        Assert.Contains("freezer-99", await refused.Task.WaitAsync(_limit.Token), StringComparison.Ordinal);
        await AskAsync("spike:freezer-01");
        Assert.Equal(("freezer-01", "spike"), await label.Task.WaitAsync(_limit.Token) is var l ? (l.Device, l.Kind) : default);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => playing);

        async Task AskAsync(string fault) =>
            await _broker!.InjectApplicationMessage(new InjectedMqttApplicationMessage(
                new MqttApplicationMessageBuilder().WithTopic(MqttPlayer.FaultTopic).WithPayload(fault).Build())
            { SenderClientId = "test" });
    }

    [Theory]
    [InlineData("mqtt://broker", "broker", 1883, false, null)]
    [InlineData("broker:99", "broker", 99, false, null)]
    [InlineData("mqtts://me:p%40ss@broker", "broker", 8883, true, "p@ss")]
    public void ABrokersAddressIsRead(string text, string host, int port, bool tls, string? password)
    {
        var address = BrokerAddress.Parse(text);
        Assert.Equal((host, port, tls, password), (address.Host, address.Port, address.Tls, address.Password));
        Assert.DoesNotContain("p@ss", address.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://broker")]
    [InlineData("mqtt://")]
    [InlineData("mqtt://broker/topic")]
    public void WhatIsNoBrokersAddressIsRefused(string text) => Assert.Throws<FormatException>(() => BrokerAddress.Parse(text));

    private MqttPlayerOptions Options(int qos) => new()
    {
        Broker = new BrokerAddress("127.0.0.1", _port),
        QoS = qos,
        ClientId = "simulators",
        RetryAfter = TimeSpan.FromMilliseconds(20),
        Timeout = TimeSpan.FromSeconds(5),
    };

    private async Task StartBrokerAsync()
    {
        _broker = new MqttServerFactory().CreateMqttServer(new MqttServerOptionsBuilder()
            .WithDefaultEndpoint().WithDefaultEndpointBoundIPAddress(IPAddress.Loopback).WithDefaultEndpointBoundIPV6Address(IPAddress.None).WithDefaultEndpointPort(_port).Build());
        _broker.InterceptingPublishAsync += e =>
        {
            if (e.ClientId == "simulators")
                _received.Enqueue((e.ApplicationMessage.Topic, Encoding.UTF8.GetString(e.ApplicationMessage.Payload.ToArray()), e.ApplicationMessage.QualityOfServiceLevel));
            return Task.CompletedTask;
        };
        await _broker.StartAsync();
    }

    private async Task StopBrokerAsync()
    {
        if (_broker is null)
            return;
        await _broker.StopAsync();
        _broker.Dispose();
        _broker = null;
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!condition())
            await timer.WaitForNextTickAsync(_limit.Token);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
