using System.Globalization;
using MQTTnet;
using StreamRnn.EndToEnd.Host;
using StreamRnn.EndToEnd.Mqtt;
using StreamRnn.Mqtt;
using Xunit.Abstractions;

namespace StreamRnn.EndToEnd.Faults;

/// <summary>The broker dies, or forgets us.</summary>
public sealed class BrokerTests(ITestOutputHelper output)
{
    private const string Persistent = """
        allow_anonymous true
        persistence true
        persistence_location FOLDER/
        autosave_on_changes true
        autosave_interval 1
        """;

    /// <summary>kill -9 of mosquitto with the settings that docs/reliability.md asks for, as soon as it has saved what it acknowledged to the devices; before every second kill the service stands still.</summary>
    [SkippableFact]
    public async Task ABrokerThatIsKilledLosesNothingThatItAcknowledgedAndSaved()
    {
        using var broker = await new Mosquitto(Persistent).StartAsync();
        await using var life = await Life.BeginAsync(broker.Port);
        await LiveAsync(broker, life, Life.Kills is { } kills ? kills / 10 : 2, saves: true);
        var (events, repeated) = await life.AssertWholeAsync();
        Journals.AssertHoldsTheScript(life.Store);
        output.WriteLine($"{events} alert events, all as expected; {repeated} came again, to the byte");
    }

    [SkippableFact]
    public async Task TheControlWithoutPersistenceIsCaught()
    {
        using var broker = await new Mosquitto().StartAsync();
        await using var life = await Life.BeginAsync(broker.Port);
        await LiveAsync(broker, life, kills: 2, saves: false);
        Assert.True(await life.CountWrongAsync() > 0);
    }

    [SkippableFact]
    public async Task ASessionThatTheBrokerForgotIsSaidInTheLogAndOnTheStatusTopicWhetherTheServiceRanOrNot()
    {
        using var broker = await new Mosquitto().StartAsync();
        await using var life = await Life.BeginAsync(broker.Port);
        await using (var service = life.Run())
        {
            Assert.Equal("READY=1", await service.NotificationAsync());
            await Script.PublishAsync(life.Subscriber, 0, 1);
            await life.Subscriber.UntilAsync(h => h.Topic == "streamrnn/status" && h.Payload == "online", "online");
            Assert.Empty(life.Subscriber.Gaps);
            broker.Kill();
            await broker.StartAsync();
            await life.Subscriber.ReconnectAsync();
            await service.UntilAsync(Said, "the log");
            await Eventually.Holds(() => !life.Subscriber.Gaps.IsEmpty, "the status with a gap");
            await service.KillAsync();
        }

        broker.Kill();
        await broker.StartAsync();
        await life.Subscriber.ReconnectAsync();
        var before = life.Subscriber.Gaps.Count;
        await using var next = life.Run();
        await next.UntilAsync(Said, "the log of the next life, which knows from its store that there was a session");
        await Eventually.Holds(() => life.Subscriber.Gaps.Count > before, "the status with a gap");

        static bool Said(HostProcess service) => service.Output.Contains("no session of ours any more", StringComparison.Ordinal);
    }

    /// <summary>
    /// A payload of the old session is through only after another client has thrown that session away and payloads of the new one came, under the same packet ids. Its acknowledgement would be theirs.
    /// </summary>
    /// <param name="early">The control: everything is said to be through.</param>
    [SkippableTheory]
    [InlineData(false, 10)]
    [InlineData(true, 0)]
    public async Task AnAcknowledgementOfASessionThatIsGoneIsNotSentOnTheNextConnection(bool early, int heardAgain)
    {
        using var broker = await new Mosquitto().StartAsync();
        using var proxy = new Proxy(broker.Port);
        var options = new MqttOptions { Host = "127.0.0.1", Port = proxy.Port };
        await using var device = await Client.ConnectAsync(broker.Port);
        await using (var doomed = new Mqtt.Listener(options))
        {
            var lost = 0;
            doomed.Source.SessionLost += _ => lost++;
            await doomed.SubscribedAsync();
            doomed.Stall();
            await device.PublishManyAsync("devices/d/c", [0], 1);
            await Eventually.Holds(() => doomed.Source.Unacknowledged == 1, "a payload of the old session");
            proxy.Sever();
            await Eventually.Holds(() => !doomed.Listening, "the loss is noticed");
            using (var other = new MqttClientFactory().CreateMqttClient())
            {
                await other.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", broker.Port).WithClientId(options.ClientId).WithCleanSession().Build());
                await other.DisconnectAsync();
            }

            await Eventually.Holds(() => doomed.Listening, "listening again", 60);
            Assert.Equal(1, lost);
            await device.PublishManyAsync("devices/d/c", Enumerable.Range(100, 10), 1);
            await Eventually.Holds(() => doomed.Source.Unacknowledged == 10, "payloads of the new session");
            doomed.HoldFrom(100);
            doomed.Resume();
            await Eventually.Holds(() => doomed.WasHeard(0), "the payload of the old session is through");
            if (early)
                doomed.Door.Acknowledge(11);
            await Eventually.Holds(() => doomed.Source.Unacknowledged == heardAgain, "what is owed");
            await doomed.DieAsync();
        }

        await using var next = new Mqtt.Listener(options);
        await next.SubscribedAsync();
        await device.PublishManyAsync("devices/d/c", [1000], 1);                  // comes after everything that is sent again
        await Eventually.Holds(() => next.WasHeard(1000), "the last value");
        Assert.Equal(heardAgain, next.Values.Count(v => v.Value is >= 100 and < 110));
    }

    [SkippableFact]
    public async Task ASecondInstanceOnTheSameStoreIsRefusedAndToldWhichIsTheFirst()
    {
        using var broker = await new Mosquitto().StartAsync();
        await using var life = await Life.BeginAsync(broker.Port);
        await using var first = life.Run();
        Assert.Equal("READY=1", await first.NotificationAsync());
        await using (var second = life.Run(more: ("StreamRnn__Mqtt__ClientId", "second")))
        {
            Assert.Equal(70, (await second.ExitAsync()).Code);
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"is in use by process {first.Id} on "), second.Error, StringComparison.Ordinal);
        }

        await first.KillAsync();                                              // a lock that its holder left behind holds nobody off
        await using var third = life.Run();
        Assert.Equal("READY=1", await third.NotificationAsync());
    }

    private static async Task LiveAsync(Mosquitto broker, Life life, int kills, bool saves)
    {
        await using var service = life.Run(more: ("StreamRnn__Mqtt__KeepAlive", "00:00:02"));
        Assert.Equal("READY=1", await service.NotificationAsync());
        for (var kill = 0; kill < kills; kill++)
        {
            if (kill % 2 == 1)
                service.Signal("STOP");
            await Script.PublishAsync(life.Subscriber, kill * Script.Rows / kills, (kill + 1) * Script.Rows / kills);
            if (saves)
            {
                // One more change, so that one more save is due; whatever save ends now has all that was acknowledged before.
                var saved = File.GetLastWriteTimeUtc(Path.Combine(broker.Folder, "mosquitto.db"));
                await life.Subscriber.PublishAsync("elsewhere", kill.ToString(CultureInfo.InvariantCulture), retain: true);
                await Eventually.Holds(() => File.GetLastWriteTimeUtc(Path.Combine(broker.Folder, "mosquitto.db")) > saved, "it has saved");
            }

            broker.Kill();
            await broker.StartAsync();
            await life.Subscriber.ReconnectAsync();
            if (kill % 2 == 1)
                service.Signal("CONT");
            await service.UntilAsync(s => s.Output.Split("Listening").Length > kill + 2, "it listens again");
        }

        await Script.EndAsync(life.Subscriber);
        await service.KillAsync();
    }
}
