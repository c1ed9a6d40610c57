using StreamRnn.Host.Subscribing;
using StreamRnn.Mqtt;
using StreamRnn.Simulators;
using StreamRnn.Simulators.Playing;

namespace StreamRnn.Tests.Mqtt;

/// <summary>Whoever is stopped while a broker owes an answer has been stopped, and nothing else: MQTTnet tells a request that was cancelled as one that timed out.</summary>
public sealed class StopTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly CancellationTokenSource _stop = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ASubscriptionEndsAndHasNotClaimedThatItHears(bool greeted)
    {
        using var broker = new SilentBroker(greeted);
        var subscription = new Subscription(new MqttOptions(), ("127.0.0.1", broker.Port), "streamrnn/#");
        var running = subscription.RunAsync(_stop.Token);
        await broker.Asked.WaitAsync(Limit);
        await _stop.CancelAsync();
        await running.WaitAsync(Limit);
        var news = new List<News>();
        while (subscription.News.TryRead(out var some))
            news.Add(some);
        Assert.Equal(greeted ? [new News.Connected()] : Array.Empty<News>(), news);
        Assert.True(subscription.News.Completion.IsCompletedSuccessfully);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AQuestionIsCancelled(bool greeted)
    {
        using var broker = new SilentBroker(greeted);
        var asking = new Question(new MqttOptions { Host = "127.0.0.1", Port = broker.Port }, "streamrnn").AskAsync("normal", new byte[] { 123, 125 }, _stop.Token);
        await StoppedAsync(broker, asking);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ASimulationIsCancelled(bool greeted)
    {
        using var broker = new SilentBroker(greeted);
        await using var player = new MqttPlayer(new MqttPlayerOptions { Broker = new BrokerAddress("127.0.0.1", broker.Port), QoS = 1 });
        await StoppedAsync(broker, PlayAsync());

        async Task PlayAsync()
        {
            await player.ConnectAsync(_stop.Token);
            await player.ListenForFaultsAsync(Scenario.Create(7, ["freezer"], 1, Tests.Simulators.ScenarioTests.Monday).Begin(), _stop.Token);
        }
    }

    private async Task StoppedAsync(SilentBroker broker, Task task)
    {
        await broker.Asked.WaitAsync(Limit);
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.WaitAsync(Limit));
    }
}
