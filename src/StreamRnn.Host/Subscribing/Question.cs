using System.Buffers;
using System.Globalization;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using StreamRnn.Mqtt;

namespace StreamRnn.Host.Subscribing;

/// <summary>Asks the running service over its broker, as any MQTT 5 client can: publishes a command with a response topic and waits for what comes there.</summary>
/// <param name="options">Who we are to the broker.</param>
/// <param name="root">Root of the service's topics.</param>
internal sealed class Question(MqttOptions options, string root)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly (string Host, int Port) _broker = options.Host is { } host ? (host, options.PortOrDefault()) : options.Embedded.Nearby();

    private string Broker => string.Create(CultureInfo.InvariantCulture, $"{_broker.Host}:{_broker.Port}");

    /// <param name="command">The last level of the command's topic.</param>
    /// <param name="payload">UTF-8 JSON.</param>
    /// <returns>The answer's payload; null with the reason why there is none.</returns>
    public async Task<(byte[]? Answer, string? Problem)> AskAsync(string command, ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        using var client = new MqttClientFactory().CreateMqttClient();
        var correlation = Guid.NewGuid().ToByteArray();
        var answer = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.ApplicationMessageReceivedAsync += e =>
        {
            if (e.ApplicationMessage.CorrelationData.AsSpan().SequenceEqual(correlation))
                answer.TrySetResult(e.ApplicationMessage.Payload.ToArray());
            return Task.CompletedTask;
        };
        try
        {
            var id = $"streamrnn-{Guid.NewGuid():N}"[..20];
            var settings = options.ToClientOptions(id, _broker.Host, _broker.Port);
            (settings.CleanSession, settings.SessionExpiryInterval, settings.ProtocolVersion) = (true, 0, MqttProtocolVersion.V500);
            var connected = await client.ConnectAsync(settings, cancel).ConfigureAwait(false);
            if (connected.ResultCode != MqttClientConnectResultCode.Success)
                return (null, Connecting.Refusal(options, connected));
            var topic = $"{root}/reply/{id}";
            var granted = await client.SubscribeAsync(topic, MqttQualityOfServiceLevel.AtLeastOnce, cancel).ConfigureAwait(false);
            if (granted.Items.FirstOrDefault(i => i.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2) is { } refused)
                return (null, $"the broker {Broker} refuses the subscription to {topic} ({refused.ResultCode})");
            var published = await client.PublishAsync(
                new MqttApplicationMessage
                {
                    Topic = $"{root}{CommandCodec.Below}{command}",
                    Payload = new ReadOnlySequence<byte>(payload),
                    QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
                    ContentType = "application/json",
                    ResponseTopic = topic,
                    CorrelationData = correlation,
                },
                cancel).ConfigureAwait(false);
            if (published.ReasonCode == MqttClientPublishReasonCode.NoMatchingSubscribers)
                return (null, $"nobody listens to commands on {Broker}: is the service running there?");
            if (!published.IsSuccess)
                return (null, $"the broker {Broker} refuses the command ({published.ReasonCode})");
            return (await answer.Task.WaitAsync(Patience, cancel).ConfigureAwait(false), null);
        }
        catch (TimeoutException)
        {
            return (null, $"no answer within {Patience.TotalSeconds:0} s: is the service running on {Broker}, and does it speak MQTT 5.0 (StreamRnn:Mqtt:ProtocolVersion)?");
        }
#pragma warning disable CA1031 // whatever keeps us from asking is said
        catch (Exception e) when (!cancel.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return (null, $"cannot reach {Broker}: {Connecting.Reason(e, options.Tls)}");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new OperationCanceledException("stopped while asking", e, cancel);      // MQTTnet tells a request that was cancelled as one that timed out
        }
        finally
        {
            if (client.IsConnected)
                await client.DisconnectAsync(new MqttClientDisconnectOptions(), CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
