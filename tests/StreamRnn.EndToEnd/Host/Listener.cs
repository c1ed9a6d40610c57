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

    public IEnumerable<(string Topic, string Payload, bool Retained)> Heard => _heard;

    public static async Task<Listener> StartAsync(int port, params string[] topics)
    {
        var listener = new Listener();
        listener._client.ApplicationMessageReceivedAsync += e =>
        {
            listener._heard.Enqueue((e.ApplicationMessage.Topic, Encoding.UTF8.GetString(e.ApplicationMessage.Payload.ToArray()), e.ApplicationMessage.Retain));
            return Task.CompletedTask;
        };
        using var limit = new CancellationTokenSource(HostProcess.Limit);
        await listener._client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId($"listener-{Guid.NewGuid():N}").Build(), limit.Token);
        foreach (var topic in topics)
            await listener._client.SubscribeAsync(topic, MqttQualityOfServiceLevel.AtLeastOnce, limit.Token);
        return listener;
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
