using System.Buffers;
using System.Globalization;
using System.Threading.Channels;
using MQTTnet;
using MQTTnet.Protocol;
using StreamRnn.Mqtt;

namespace StreamRnn.Host.Subscribing;

/// <summary>Subscribes as any client of the broker would, with a clean session of its own, and connects again by itself when the broker was away.</summary>
/// <param name="options">Who we are to the broker.</param>
/// <param name="broker">Where it listens; null: as the options say, which without a host is the embedded broker's place.</param>
/// <param name="topics">Topic filters.</param>
internal sealed class Subscription(MqttOptions options, (string Host, int Port)? broker, params string[] topics)
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    // A reader that stands still holds the broker up rather than our memory.
    private readonly Channel<News> _news = Channel.CreateBounded<News>(10_000);
    private readonly (string Host, int Port) _broker = broker
        ?? (options.Host is { } host ? (host, options.PortOrDefault()) : options.Embedded.Nearby());

    public ChannelReader<News> News => _news.Reader;

    public string Broker => string.Create(CultureInfo.InvariantCulture, $"{_broker.Host}:{_broker.Port}");

    /// <summary>Runs until cancelled; then the news end.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        var pause = FirstPause;
        try
        {
            while (true)
            {
                var why = await ListenAsync(() => pause = FirstPause, cancel).ConfigureAwait(false);
                await _news.Writer.WriteAsync(new News.Away(Broker, why), cancel).ConfigureAwait(false);
                await Task.Delay(pause, cancel).ConfigureAwait(false);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
#pragma warning disable CA1031 // MQTTnet tells a request that was cancelled as one that timed out
        catch (Exception) when (cancel.IsCancellationRequested)
#pragma warning restore CA1031
        {
            _news.Writer.TryComplete();
        }
    }

    // Until the connection ends; the answer is why.
    private async Task<string> ListenAsync(Action subscribed, CancellationToken cancel)
    {
        using var client = new MqttClientFactory().CreateMqttClient();
        var lost = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.ApplicationMessageReceivedAsync += async e =>
            await _news.Writer.WriteAsync(new News.Message(e.ApplicationMessage.Topic, e.ApplicationMessage.Payload.ToArray()), cancel).ConfigureAwait(false);
        client.DisconnectedAsync += e =>
        {
            lost.TrySetResult(e.Exception?.GetBaseException().Message ?? $"the broker closed the connection ({e.Reason})");
            return Task.CompletedTask;
        };
        try
        {
            var settings = options.ToClientOptions($"streamrnn-{Guid.NewGuid():N}"[..20], _broker.Host, _broker.Port);
            (settings.CleanSession, settings.SessionExpiryInterval, settings.KeepAlivePeriod) = (true, 0, KeepAlive);
            var result = await client.ConnectAsync(settings, cancel).ConfigureAwait(false);
            if (result.ResultCode != MqttClientConnectResultCode.Success)
                return Connecting.Refusal(options, result);
            await _news.Writer.WriteAsync(new News.Connected(), cancel).ConfigureAwait(false);
            var filters = topics.Aggregate(new MqttClientSubscribeOptionsBuilder(), (b, topic) => b.WithTopicFilter(topic, MqttQualityOfServiceLevel.AtLeastOnce));
            var granted = await client.SubscribeAsync(filters.Build(), cancel).ConfigureAwait(false);
            if (granted.Items.FirstOrDefault(i => i.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2) is { } refused)
                return $"the broker refuses the subscription to {refused.TopicFilter.Topic} ({refused.ResultCode})";
            subscribed();
            await _news.Writer.WriteAsync(new News.Subscribed(Broker), cancel).ConfigureAwait(false);
            return await lost.Task.WaitAsync(cancel).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // whatever ends the connection is said, and it is tried again
        catch (Exception e) when (!cancel.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return Connecting.Reason(e, options.Tls);
        }
        finally
        {
            if (client.IsConnected)
                await client.DisconnectAsync(new MqttClientDisconnectOptions(), CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
