using System.Buffers;
using MQTTnet;
using MQTTnet.Adapter;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Formatter;
using MQTTnet.Implementations;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace StreamRnn.Mqtt;

/// <summary>
/// One connection of the source, from hello to its loss: a client of its own each time, so that closing a broken one waits for nobody.
/// The broker is pinged four times in a keep-alive period; it is given up when a ping has no answer within a quarter of it while nothing else was received and we were listening.
/// </summary>
internal sealed class SourceConnection : IMqttClientAdapterFactory, IAsyncDisposable
{
    private static readonly byte[] Disconnect = [0xE0, 0];                    // normal, in both versions
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    private readonly MqttOptions _options;
    private readonly TimeProvider _clock;
    private readonly Intake _intake;
    private readonly int _maxPayloadBytes;
    private readonly MqttClientOptions _clientOptions;
    private readonly IMqttClient _client;
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource<string> _disconnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ReadingChannel? _channel;
    private Task _acknowledging = Task.CompletedTask;
    private int _disposed;

    public SourceConnection(MqttOptions options, string host, int port, Intake intake, int maxPayloadBytes, TimeProvider clock)
    {
        (_options, _intake, _maxPayloadBytes, _clock) = (options, intake, maxPayloadBytes, clock);
        _clientOptions = options.ToClientOptions(options.ClientId, host, port);
        _client = new MqttClientFactory().CreateMqttClient(this);
        _client.DisconnectedAsync += OnDisconnectedAsync;
        Acknowledgements = new Acknowledgements();
    }

    public Acknowledgements Acknowledgements { get; }

    /// <summary>Whether the broker said that another client came with our id.</summary>
    public bool WasTakenOver { get; private set; }

    private TimeSpan Beat => _options.KeepAlive / 4;

    /// <summary>MQTTnet asks for the byte stream to work on.</summary>
    IMqttChannelAdapter IMqttClientAdapterFactory.CreateClientAdapter(MqttClientOptions options, MqttPacketInspector packetInspector, IMqttNetLogger logger)
    {
        _channel = new ReadingChannel(new MqttTcpChannel(options), _intake, Acknowledgements, _options.IsVersion5(), _maxPayloadBytes);
        return new MqttChannelAdapter(_channel, new MqttPacketFormatterAdapter(options.ProtocolVersion, new MqttBufferWriter(4096, 65_535)), logger)
        {
            AllowPacketFragmentation = options.AllowPacketFragmentation,
        };
    }

    /// <returns>Whether the broker still had our session.</returns>
    /// <exception cref="BrokerRefusedException">It understood and said no.</exception>
    public async Task<bool> OpenAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Connecting.Patience);
        var result = await _client.ConnectAsync(_clientOptions, limit.Token).ConfigureAwait(false);
        if (result.ResultCode != MqttClientConnectResultCode.Success)
            throw new BrokerRefusedException(Connecting.Refusal(_options, result));
        _acknowledging = AcknowledgeAsync();
        return result.IsSessionPresent;
    }

    /// <summary>Subscribes in any case, whatever session there was; with MQTT 5 the broker is asked not to send what it retains.</summary>
    /// <param name="commands">The filter of commands, or null where they are not wanted; of those, what is retained is asked for and keeps its mark, so that it can be refused and said.</param>
    /// <returns>The filters that the broker refused, and its reason.</returns>
    /// <exception cref="BrokerRefusedException">It refused all that would bring readings.</exception>
    public async Task<IReadOnlyList<(string Filter, string Code)>> SubscribeAsync(IReadOnlyList<string> filters, string? commands, CancellationToken cancel)
    {
        var subscribe = new MqttClientSubscribeOptions
        {
            TopicFilters = [.. (commands is null ? filters : filters.Append(commands)).Select(filter => new MqttTopicFilter
            {
                Topic = filter,
                QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
                RetainAsPublished = _options.IsVersion5() && filter == commands,
                RetainHandling = _options.IsVersion5() && filter != commands ? MqttRetainHandling.DoNotSendOnSubscribe : MqttRetainHandling.SendAtSubscribe,
            })],
        };
        var result = await AnswerAsync(token => _client.SubscribeAsync(subscribe, token), Connecting.Patience, "SUBSCRIBE", cancel).ConfigureAwait(false);
        var refused = result.Items.Where(item => item.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2)
            .Select(item => (item.TopicFilter.Topic, item.ResultCode.ToString())).ToList();
        return refused.Count(r => r.Topic != commands) < filters.Count ? refused
            : throw new BrokerRefusedException($"the broker refused to subscribe us to {string.Join(", ", filters)}: {refused[0].Item2}; check what it lets user '{_options.Username}' read");
    }

    /// <summary>Waits until the connection is lost, pinging.</summary>
    /// <returns>Why it was lost; null when asked to stop.</returns>
    public async Task<string?> LostAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                var pause = Task.Delay(Beat, _clock, stop);
                if (await Task.WhenAny(pause, _disconnected.Task).ConfigureAwait(false) == _disconnected.Task)
                    return await _disconnected.Task.ConfigureAwait(false);
                await pause.ConfigureAwait(false);
                await PingAsync(stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
#pragma warning disable CA1031 // whatever ends a ping ends the connection; the reason is handed on
        catch (Exception e)
#pragma warning restore CA1031
        {
            return _disconnected.Task.IsCompletedSuccessfully ? await _disconnected.Task.ConfigureAwait(false) : Connecting.Reason(e, _options.Tls);
        }
    }

    /// <summary>Takes nothing more in, lets what is inside be acknowledged, says goodbye.</summary>
    /// <returns>What went wrong, or null.</returns>
    public async Task<string?> CloseAsync(TimeSpan grace)
    {
        if (Volatile.Read(ref _disposed) != 0)
            return null;                                     // cut already
        _channel?.Shut();
        using var limit = new CancellationTokenSource(grace, _clock);
        try
        {
            await Acknowledgements.PaidAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The rest comes again; that is what acknowledgements are for.
        }

        // MQTTnet would close the socket along with its DISCONNECT; a broker that then has something to send runs into a reset and may throw away our last acknowledgements unread.
        // So the goodbye is ours, and the broker closes.
        try
        {
            using var goodbye = new CancellationTokenSource(Goodbye, _clock);
            await _channel!.WriteAsync(new ReadOnlySequence<byte>(Disconnect), true, goodbye.Token).ConfigureAwait(false);
            _channel.Leave();
            await _disconnected.Task.WaitAsync(goodbye.Token).ConfigureAwait(false);
            return null;
        }
#pragma warning disable CA1031 // we are leaving; the reason is handed on
        catch (Exception e)
#pragma warning restore CA1031
        {
            return e is OperationCanceledException ? $"it did not close within {Goodbye.TotalSeconds} s" : Connecting.Reason(e, _options.Tls);
        }
    }

    /// <summary>Cuts the connection, waiting for nobody.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _over.CancelAsync().ConfigureAwait(false);
        _client.Dispose();
        Acknowledgements.Close();
        await _acknowledging.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Acknowledgements.Dispose();
        _over.Dispose();
    }

    /// <summary>
    /// One ping. Where its answer does not come because the door is full, or comes late behind payloads, it is let go: the next ping is due, or the broker takes us for dead.
    /// </summary>
    private async Task PingAsync(CancellationToken cancel)
    {
        using var letGo = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var received = _channel!.Received;
        var answer = _client.PingAsync(letGo.Token);
        var pause = Task.Delay(Beat, _clock, letGo.Token);
        await Task.WhenAny(answer, pause, _disconnected.Task).ConfigureAwait(false);
        var answered = answer.IsCompleted;
        await letGo.CancelAsync().ConfigureAwait(false);
        if (answered)
            await answer.ConfigureAwait(false);
        _ = answer.ContinueWith(static late => late.Exception, TaskScheduler.Default);                  // observed
        cancel.ThrowIfCancellationRequested();
        if (!answered && !_disconnected.Task.IsCompleted && !_channel.IsHeld && _channel.Received == received)
            throw Silent("PINGREQ", Beat);
    }

    /// <summary>Asks and waits for the answer as long as the broker shows signs of life, or as long as we do not listen because the door is full.</summary>
    private async Task<T> AnswerAsync<T>(Func<CancellationToken, Task<T>> ask, TimeSpan patience, string what, CancellationToken cancel)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var answer = ask(giveUp.Token);
        while (true)
        {
            var received = _channel!.Received;
            var pause = Task.Delay(patience, _clock, giveUp.Token);
            if (await Task.WhenAny(answer, pause, _disconnected.Task).ConfigureAwait(false) == answer)
            {
                await giveUp.CancelAsync().ConfigureAwait(false);
                return await answer.ConfigureAwait(false);
            }

            cancel.ThrowIfCancellationRequested();
            if (pause.IsCompleted && (_channel.IsHeld || _channel.Received != received))
                continue;
            await giveUp.CancelAsync().ConfigureAwait(false);
            _ = answer.ContinueWith(static late => late.Exception, TaskScheduler.Default);              // observed: it fails with the connection
            throw _disconnected.Task.IsCompletedSuccessfully
                ? new IOException(await _disconnected.Task.ConfigureAwait(false))
                : Silent(what, patience);
        }
    }

    private static BrokerSilentException Silent(string what, TimeSpan patience) => new($"the broker did not answer {what} within {patience.TotalSeconds:0.##} s");

    private async Task AcknowledgeAsync()
    {
        while (true)
        {
            var packets = await Acknowledgements.NextAsync(_over.Token).ConfigureAwait(false);
            if (packets.IsEmpty)
                return;
            await _channel!.WriteAsync(new ReadOnlySequence<byte>(packets), true, _over.Token).ConfigureAwait(false);
            Acknowledgements.Paid();
        }
    }

    private Task OnDisconnectedAsync(MqttClientDisconnectedEventArgs e)
    {
        WasTakenOver = e.Reason == MqttClientDisconnectReason.SessionTakenOver;
        _disconnected.TrySetResult(
            WasTakenOver ? $"another client with our id '{_options.ClientId}' came (Mqtt:ClientId): is there a second instance?"
            : e.Exception is { } why ? Connecting.Reason(why, _options.Tls)
            : e.Reason == MqttClientDisconnectReason.NormalDisconnection ? "the broker closed it"
            : $"the broker closed it: {e.Reason} {e.ReasonString}".TrimEnd());
        return Task.CompletedTask;
    }
}
