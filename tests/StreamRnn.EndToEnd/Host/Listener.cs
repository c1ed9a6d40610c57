using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using MQTTnet;
using MQTTnet.Protocol;

namespace StreamRnn.EndToEnd.Host;

/// <summary>A plain MQTT client that keeps what it hears.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly ConcurrentQueue<(string Topic, string Payload, bool Retained)> _heard = new();
    private readonly MqttClientOptions _options;
    private string[] _topics = [];

    private Listener(int port) => _options = new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId($"listener-{Guid.NewGuid():N}")
        .WithCleanStart(false).WithSessionExpiryInterval(3600).Build();

    public IEnumerable<(string Topic, string Payload, bool Retained)> Heard => _heard;

    /// <summary>Of the status that was heard, what it said of readings that may be missing.</summary>
    public ConcurrentQueue<string> Gaps { get; } = new();

    public static async Task<Listener> StartAsync(int port, params string[] topics)
    {
        var listener = new Listener(port) { _topics = topics };
        listener._client.ApplicationMessageReceivedAsync += e =>
        {
            if (e.ApplicationMessage.UserProperties?.FirstOrDefault(property => property.Name == "gap-until") is { } gap)
                listener.Gaps.Enqueue(Encoding.UTF8.GetString(gap.ValueBuffer.Span));
            listener._heard.Enqueue((e.ApplicationMessage.Topic, Encoding.UTF8.GetString(e.ApplicationMessage.Payload.ToArray()), e.ApplicationMessage.Retain));
            return Task.CompletedTask;
        };
        using var limit = new CancellationTokenSource(HostProcess.Limit);
        await listener.ConnectAsync(limit.Token);
        return listener;
    }

    /// <summary>After the broker was away: goes on with the session, where the broker has kept it.</summary>
    public async Task ReconnectAsync()
    {
        using var limit = new CancellationTokenSource(HostProcess.Limit);
        while (_client.IsConnected)
            await Task.Delay(10, limit.Token);                                // it has not noticed yet
        while (true)
        {
            try
            {
                await ConnectAsync(limit.Token);
                return;
            }
            catch (InvalidOperationException)
            {
                await Task.Delay(10, limit.Token);                            // it still takes leave of the old connection
            }
        }
    }

    private async Task ConnectAsync(CancellationToken cancel)
    {
        await _client.ConnectAsync(_options, cancel);
        foreach (var topic in _topics)
            await _client.SubscribeAsync(topic, MqttQualityOfServiceLevel.AtLeastOnce, cancel);
    }

    public Task PublishAsync(string topic, string payload, bool retain = false) =>
        _client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(payload).WithRetainFlag(retain)
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build());

    public async Task<string> UntilAsync(Func<(string Topic, string Payload, bool Retained), bool> condition, string what)
    {
        using var limit = new CancellationTokenSource(HostProcess.Limit);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            if (_heard.FirstOrDefault(condition) is { Topic: not null } found)
                return found.Payload;
            if (limit.IsCancellationRequested)
                Assert.Fail($"{what}: not heard. Heard was {string.Join("; ", _heard.Select(h => $"{h.Topic} = {h.Payload}"))}");
            await timer.WaitForNextTickAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_client.IsConnected)
            await _client.DisconnectAsync();
        _client.Dispose();
    }
}
