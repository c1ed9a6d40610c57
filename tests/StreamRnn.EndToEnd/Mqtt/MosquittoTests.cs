using System.Globalization;
using StreamRnn.Alerts;
using StreamRnn.Mqtt;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.EndToEnd.Mqtt;

/// <summary>Against a real broker, and with real harm done to it.</summary>
public sealed class MosquittoTests
{
    private static MqttOptions To(Mosquitto broker, string version = "5.0") =>
        new() { Host = "127.0.0.1", Port = broker.Port, ProtocolVersion = version, KeepAlive = TimeSpan.FromSeconds(2) };

    private static Task PublishAsync(Client device, int value, int qos = 1) =>
        device.PublishAsync("devices/d/c", value.ToString(CultureInfo.InvariantCulture), qos: qos);

    [SkippableTheory]
    [InlineData("5.0")]
    [InlineData("3.1.1")]
    public async Task ABrokerThatIsKilledAndStartedAgainIsFoundAgain(string version)
    {
        using var broker = await new Mosquitto().StartAsync();
        await using var listener = new Listener(To(broker, version));
        await listener.SubscribedAsync();
        await using (var device = await Client.ConnectAsync(broker.Port))
            await PublishAsync(device, 1);
        await Eventually.Holds(() => listener.WasHeard(1), "the value before");

        broker.Kill();
        await Eventually.Holds(() => !listener.Listening, "the loss is noticed");
        await Eventually.Holds(() => listener.Log.Lines.Count(line => line.Contains("Cannot reach", StringComparison.Ordinal)) >= 3, "three attempts in vain");
        await broker.StartAsync();
        await Eventually.Holds(() => listener.Listening, "listening again", 60);
        await using (var device = await Client.ConnectAsync(broker.Port))
            await PublishAsync(device, 2);
        await Eventually.Holds(() => listener.WasHeard(2), "the value after");
    }

    [SkippableFact]
    public async Task ABrokerThatHangsIsGivenUpAndFoundAgainWhenItGoesOn()
    {
        using var broker = await new Mosquitto().StartAsync();
        await using var listener = new Listener(To(broker));
        await listener.SubscribedAsync();
        broker.Stop();
        await Eventually.Holds(() => !listener.Listening, "the silence is noticed");
        await Eventually.Holds(() => listener.Log.Says("did not answer PINGREQ"), "it is said");
        broker.Continue();
        await Eventually.Holds(() => listener.Listening, "listening again", 60);
        await using var device = await Client.ConnectAsync(broker.Port);
        await PublishAsync(device, 1);
        await Eventually.Holds(() => listener.WasHeard(1), "the value after");
    }

    [SkippableFact]
    public async Task ABrokerThatHangsForEverIsLeftForTheOneThatTakesItsPlace()
    {
        using var broker = await new Mosquitto().StartAsync();
        await using var listener = new Listener(To(broker));
        await listener.SubscribedAsync();
        broker.Stop();
        await Eventually.Holds(() => !listener.Listening, "the silence is noticed");
        broker.Kill();
        await broker.StartAsync();
        await Eventually.Holds(() => listener.Listening, "listening again", 60);
    }

    [SkippableFact]
    public async Task AlertsPublishedWhileTheBrokerIsAwayComeInOrderAfterwards()
    {
        using var broker = await new Mosquitto().StartAsync();
        using var proxy = new Proxy(broker.Port);
        var log = new TestLog();
        var publisher = new AlertPublisher(To(broker) with { Port = proxy.Port }, new TopicOptions(), Alerts.Encode, TimeProvider.System, log);
        using var stop = new CancellationTokenSource();
        var running = publisher.RunAsync(TimeSpan.FromSeconds(10), stop.Token);
        publisher.SetOnline(true);
        await Eventually.Holds(() => publisher.Waiting == 0, "online");
        broker.Kill();
        await Eventually.Holds(() => log.Says("Lost the connection"), "the loss is noticed");
        var outcome = new Outcome();
        for (var i = 0; i < 200; i++)
            outcome.Alerts.Add(Alerts.Event("a", i, AlertStatus.Updated));
        publisher.Publish(outcome);
        Assert.True(publisher.Waiting >= 200);

        proxy.Hang();                                                         // until somebody hears it
        await broker.StartAsync();
        await using var subscriber = await Client.ConnectAsync(broker.Port, filters: ["streamrnn/#"]);
        proxy.Release();
        await Eventually.Holds(() => subscriber.Last("streamrnn/alerts/freezer") == "a-199", "the last event", 60);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"a-{i}"), subscriber.Received.Where(m => m.Topic == "streamrnn/alerts/freezer").Select(m => m.Payload));
        await Eventually.Holds(() => subscriber.Last("streamrnn/open/a") == "a-199", "the open alert");
        await Eventually.Holds(() => subscriber.Last("streamrnn/status") == "online", "the status");
        await stop.CancelAsync();
        await running;
    }

    [SkippableFact]
    public async Task APublisherThatDiesIsSaidToBeOfflineByTheBroker()
    {
        using var broker = await new Mosquitto().StartAsync();
        await using var subscriber = await Client.ConnectAsync(broker.Port, filters: "streamrnn/status");
        using (var proxy = new Proxy(broker.Port))
        {
            var options = To(broker) with { Port = proxy.Port };
            var publisher = new AlertPublisher(options, new TopicOptions(), Alerts.Encode, TimeProvider.System, new TestLog());
            using var stop = new CancellationTokenSource();
            var running = publisher.RunAsync(TimeSpan.Zero, stop.Token);
            publisher.SetOnline(true);
            await Eventually.Holds(() => subscriber.Last("streamrnn/status") == "online", "online");
            proxy.Cut();
            await Eventually.Holds(() => subscriber.Last("streamrnn/status") == "offline", "offline, said by the Will");
            await stop.CancelAsync();
            await running;
        }
    }

    [SkippableTheory]
    [InlineData("5.0")]
    [InlineData("3.1.1")]
    public async Task AWrongPasswordIsSaidClearly(string version)
    {
        var passwords = Mosquitto.Find("mosquitto_passwd");
        Skip.If(passwords is null, "mosquitto_passwd is not installed");
        using var broker = new Mosquitto("allow_anonymous false\npassword_file FOLDER/passwords");
        using (var make = System.Diagnostics.Process.Start(passwords, ["-b", "-c", Path.Combine(broker.Folder, "passwords"), "watcher", "right"]))
            await make.WaitForExitAsync();
        await broker.StartAsync();
        await using (var listener = new Listener(To(broker, version) with { Username = "watcher", Password = "wrong" }))
        {
            await Eventually.Holds(() => listener.Log.Says("check the password of user 'watcher'"), "the refusal is said");
            Assert.True(listener.Log.Says("trying again in 00:00:30"));
            Assert.False(listener.Source.Subscribed.IsCompleted);
        }

        var file = Path.Combine(broker.Folder, "secret");
        await File.WriteAllTextAsync(file, "right\n");
        await using var welcome = new Listener(To(broker, version) with { Username = "watcher", PasswordFile = file });
        await welcome.SubscribedAsync();
    }

    [SkippableFact]
    public async Task ASecondInstanceWithTheSameClientIdIsSaidToBeOne()
    {
        using var broker = await new Mosquitto().StartAsync();
        await using var first = new Listener(To(broker));
        await first.SubscribedAsync();
        await using var second = new Listener(To(broker));
        await second.SubscribedAsync();
        await Eventually.Holds(() => first.Log.Says("another client with our id 'streamrnn'") || second.Log.Says("another client with our id 'streamrnn'"), "one of them says why", 60, first.Log);
    }

    [SkippableFact]
    public async Task ASessionThatTheBrokerForgotIsSaid()
    {
        using var broker = await new Mosquitto().StartAsync();
        await using var listener = new Listener(To(broker));
        var lost = 0;
        listener.Source.SessionLost += _ => lost++;
        await listener.SubscribedAsync();
        broker.Kill();
        await Eventually.Holds(() => !listener.Listening, "the loss is noticed");
        await broker.StartAsync();
        await Eventually.Holds(() => listener.Listening, "listening again", 60);
        Assert.True(listener.Log.Says("no session of ours any more"));
        Assert.Equal(1, lost);
    }

    [SkippableFact]
    public async Task WhatIsSentWhileWeAreAwayIsHeardWhenWeComeBack()
    {
        using var broker = await new Mosquitto().StartAsync();
        await using (var listener = new Listener(To(broker)))
        {
            await listener.SubscribedAsync();
            await listener.StopAsync();
        }

        await using var device = await Client.ConnectAsync(broker.Port);
        await device.PublishManyAsync("devices/d/c", Enumerable.Range(1, 3000), 1);
        await using var back = new Listener(To(broker));
        await Eventually.Holds(() => back.Values.Count == 3000, "the backlog");
        Assert.Equal(Enumerable.Range(1, 3000).Select(i => (double)i), back.Values.Select(v => v.Value));
    }
}
