using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Polly;
using Polly.Retry;
using StreamRnn.Alerts;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using Outcome = StreamRnn.Pipeline.Outcome;

namespace StreamRnn.Mqtt;

/// <summary>
/// Alerts, states, scores, dead letters and the service's status to the broker, over a connection of its own (client id with <c>-out</c>), because the source's stands still while the door is full.
/// Nothing here makes the pipeline wait: what cannot be sent yet is kept, alerts in order, of each state the last.
/// The Will is on this connection: it takes back the <c>online</c> that this connection writes, so the two cannot contradict each other, and a source that is held by a full door does not look dead.
/// </summary>
public sealed class AlertPublisher
{
    private const int Window = 32;                                   // messages sent and not yet answered
    private const int SessionSeconds = 3600;                         // how long the broker remembers us, and so can tell us that it has forgotten
    private const int WillDelaySeconds = 5;
    private const string Online = "online";
    private const string Offline = "offline";

    private readonly MqttOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly Action<AlertEvent, IBufferWriter<byte>> _encode;
    private readonly string _alertType;
    private readonly string _root;
    private readonly ScorePublishing _scores;
    private readonly string _host;
    private readonly int _port;
    private readonly Outbox _outbox;
    private readonly Lock _deadLetters = new();
    private readonly Sampler _sampler;
    private readonly Dictionary<Channel, (int Tenths, Phase Phase)> _lastScore = [];
    private readonly ResiliencePipeline<Connection> _connecting;
    // Written by the source's thread, read by ours.
    private volatile string? _gap;
    private volatile bool _online;

    /// <param name="encode">Writes the payload of an alert event, such as <c>CloudEvent.Write</c>.</param>
    /// <param name="alertContentType">What that is, told to MQTT 5 subscribers.</param>
    /// <param name="endpoint">Where to connect, if not where the options say: the embedded broker.</param>
    /// <param name="storeKeeps">A store has every alert event: those for which there is no room here while the broker is away are left there, see <see cref="WantsMore"/>. Else the oldest are dropped.</param>
    /// <param name="maxAlerts">So many wait here at most.</param>
    public AlertPublisher(
        MqttOptions options, TopicOptions topics, Action<AlertEvent, IBufferWriter<byte>> encode, TimeProvider clock, ILogger log,
        string alertContentType = "application/cloudevents+json", (string Host, int Port)? endpoint = null, bool storeKeeps = false, int maxAlerts = 10_000)
    {
        _outbox = new Outbox(maxAlerts, storeKeeps: storeKeeps);
        (_options, _encode, _clock, _log, _alertType) = (options, encode, clock, log, alertContentType);
        (_root, _scores) = (topics.Root, topics.ToScorePublishing());
        (_host, _port) = endpoint ?? (options.Host ?? options.Embedded.Host, options.PortOrDefault());
        _sampler = new Sampler(clock, burst: 50, perSecond: 5);
        _connecting = new ResiliencePipelineBuilder<Connection> { TimeProvider = clock }.AddRetry(Backoff()).Build();
        SetStatus(Offline);
    }

    /// <summary>
    /// The broker has answered for an alert event: on its own topic, or (shown) on the retained topic of what is open. Refused: with a reason code that says no. On the publisher's own thread of work.
    /// </summary>
    public event Action<AlertEvent, bool, bool>? Answered;

    /// <summary>Messages that the broker has not taken yet.</summary>
    public int Waiting => _outbox.Count;

    private string Broker => string.Create(CultureInfo.InvariantCulture, $"{_host}:{_port}");

    /// <summary>Takes over what came of a group of arrivals; the outcome may be used again afterwards. Never waits.</summary>
    public void Publish(Outcome outcome)
    {
        foreach (var alert in outcome.Alerts)
            Add(alert);
        foreach (var state in outcome.States)
            _outbox.SetRetained(new Outgoing($"{_root}/devices/{state.Device}/state", null, state, Retain: true, AtLeastOnce: true));
        foreach (var reply in outcome.Replies)
            Add(reply);
        if (_scores == ScorePublishing.Off)
            return;
        foreach (var sample in outcome.Scores)
            Add(sample);
    }

    /// <summary>An event of an earlier life that no broker answered for.</summary>
    public void PublishAgain(AlertEvent alert) => Enqueue(alert, Encode(alert));

    /// <summary>Whether alert events were left in the store, and there is room for some now.</summary>
    /// <param name="behind">The event behind which they come; null: from the first on.</param>
    /// <param name="room">For so many.</param>
    public bool WantsMore(out string? behind, out int room) => _outbox.WantsMore(out behind, out room);

    /// <summary>Takes in the next events that were left in the store, oldest first.</summary>
    /// <param name="more">Whether there are still more.</param>
    public void TakeMore(IReadOnlyCollection<AlertEvent> alerts, bool more) => _outbox.TakeMore(alerts.Select(Message).ToList(), more);

    /// <summary>The last event of an alert of an earlier life.</summary>
    /// <param name="shown">Whether the broker has it on its retained topic, and so needs it only if it forgets.</param>
    public void ShowAgain(AlertEvent alert, bool shown)
    {
        var message = Shown(alert, Encode(alert));
        if (shown)
            _outbox.KnowRetained(message);
        else
            _outbox.SetRetained(message);
    }

    /// <summary>Whether the devices are heard: what <c>{root}/status</c> says.</summary>
    public void SetOnline(bool online)
    {
        if (online == _online)
            return;
        _online = online;
        SetStatus(online ? Online : Offline);
    }

    /// <summary>Readings may be missing up to this time; told to MQTT 5 subscribers of the status as the user property <c>gap-until</c>.</summary>
    public void ReportGap(Instant until)
    {
        _gap = until.ToString();
        SetStatus(_online ? Online : Offline);
    }

    /// <summary>A payload that could not be used: sampled, the first 50 at once, then 5 a second, to <c>{root}/deadletter</c>. Fits <see cref="DeadLetterHandler"/>.</summary>
    public void DeadLetter(ReadOnlySpan<byte> payload, in DecodeFailure failure)
    {
        lock (_deadLetters)
        {
            if (!_sampler.TryTake(out var suppressed))
                return;
            _outbox.AddDroppable(new Outgoing($"{_root}/deadletter", Bodies.DeadLetter(payload, failure, Instant.From(_clock.GetUtcNow()), suppressed), null, Retain: false, AtLeastOnce: false));
        }
    }

    /// <summary>
    /// Runs until asked to stop. Then it publishes what is due and <c>offline</c>, for <paramref name="grace"/> at most, and says goodbye, so that the Will stays unsaid.
    /// </summary>
    public async Task RunAsync(TimeSpan grace, CancellationToken stop)
    {
        using var end = new CancellationTokenSource();
        using var registration = stop.Register(() =>
        {
            SetStatus(Offline);
            end.CancelAfter(grace);
        });
        try
        {
            while (!(stop.IsCancellationRequested && _outbox.Count == 0))
            {
                var connection = await _connecting.ExecuteAsync(async cancel => await ConnectAsync(cancel).ConfigureAwait(false), end.Token).ConfigureAwait(false);
                await using (connection.ConfigureAwait(false))
                    await ServeAsync(connection, stop, end.Token).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // MQTTnet tells a cancelled attempt in several ways; time is up, and what that means is said
        catch (Exception) when (end.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogMessages.LeftUnsent(_log, _outbox.Count);
        }
    }

    private void Add(AlertEvent alert)
    {
        var body = Encode(alert);
        Enqueue(alert, body);
        _outbox.SetRetained(Shown(alert, body));
    }

    private void Enqueue(AlertEvent alert, byte[] body)
    {
        Instruments.OutboxDepth.Add(1);
        var dropped = _outbox.AddAlert(Message(alert, body));
        if (dropped > 0)
        {
            Instruments.AlertsDropped.Add(dropped);
            Instruments.OutboxDepth.Add(-dropped);
            LogMessages.AlertsDropped(_log, _outbox.AlertCount);
        }
    }

    private Outgoing Message(AlertEvent alert) => Message(alert, Encode(alert));

    private Outgoing Message(AlertEvent alert, byte[] body) => new($"{_root}/alerts/{alert.Device}", body, null, Retain: false, AtLeastOnce: true, Alert: alert);

    private byte[] Encode(AlertEvent alert)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        _encode(alert, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private Outgoing Shown(AlertEvent alert, byte[] body) =>
        new($"{_root}/open/{alert.AlertId}", alert.Status == AlertStatus.Resolved ? [] : body, null, Retain: true, AtLeastOnce: true, Alert: alert);

    private void Add(CommandReply reply)
    {
        var name = CommandCodec.NameOf(reply.Command);
        if (reply.Done)
            LogMessages.CommandDone(_log, name, reply.Message);
        else
            LogMessages.CommandRefused(_log, name, reply.Message);
        if (reply.Command.ReplyTo is { } address)
            _outbox.AddDroppable(new Outgoing(address.Topic, Bodies.Reply(reply), null, Retain: false, AtLeastOnce: false, address.Correlation.Length > 0 ? address.Correlation.ToArray() : null));
    }

    private void Add(in ScoredSample sample)
    {
        if (_scores == ScorePublishing.OnChange)
        {
            var now = ((int)Math.Round(sample.Score * 10), sample.Phase);
            if (_lastScore.TryGetValue(sample.Channel, out var last) && last == now)
                return;
            _lastScore[sample.Channel] = now;
        }

        _outbox.AddDroppable(new Outgoing(
            $"{_root}/devices/{sample.Channel.Device.Name}/{sample.Channel.Name}/score", Bodies.Score(sample), null, Retain: false, AtLeastOnce: false));
    }

    private void SetStatus(string status) =>
        _outbox.SetRetained(new Outgoing($"{_root}/status", Encoding.UTF8.GetBytes(status), null, Retain: true, AtLeastOnce: true));

    private async Task<Connection> ConnectAsync(CancellationToken cancel)
    {
        var options = _options.ToClientOptions(_options.ClientId + "-out", _host, _port);
        options.WillTopic = $"{_root}/status";
        options.WillPayload = Encoding.UTF8.GetBytes(Offline);
        options.WillRetain = true;
        options.WillQualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce;
        if (_options.IsVersion5())
        {
            // The Will waits for its delay or the end of the session, whichever comes first, and not at all if we are back by then.
            options.WillDelayInterval = WillDelaySeconds;
            options.SessionExpiryInterval = SessionSeconds;
        }

        var connection = new Connection(new MqttClientFactory().CreateMqttClient(), _options.KeepAlive / 4, _clock);
        try
        {
            var result = await connection.OpenAsync(options, cancel).ConfigureAwait(false);
            if (result.ResultCode != MqttClientConnectResultCode.Success)
                throw new BrokerRefusedException(Connecting.Refusal(_options, result));
            if (!result.IsSessionPresent)
                _outbox.RepeatRetained();
            else
                SetStatus(_online ? Online : Offline);                // the Will may have been said
            LogMessages.Publishing(_log, Broker, _root);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task ServeAsync(Connection connection, CancellationToken stop, CancellationToken end)
    {
        var since = _clock.GetTimestamp();
        var unanswered = new Queue<(Outgoing Message, Task<MqttClientPublishResult> Answer)>();
        try
        {
            while (true)
            {
                end.ThrowIfCancellationRequested();
                var changed = _outbox.ChangedAsync();
                while (unanswered.Count < Window && _outbox.TryNext(out var message))
                    unanswered.Enqueue((message, connection.PublishAsync(ToMessage(message))));
                if (unanswered.Count > 0)
                {
                    var (message, answer) = unanswered.Peek();
                    Account(message, await connection.AnswerAsync(answer, end).ConfigureAwait(false));
                    unanswered.Dequeue();
                    _outbox.Done();
                }
                else if (stop.IsCancellationRequested)
                {
                    await connection.CloseAsync().ConfigureAwait(false);
                    return;
                }
                else
                {
                    await connection.IdleAsync(changed, end).ConfigureAwait(false);
                }
            }
        }
#pragma warning disable CA1031 // whatever ends the connection is said, and the next one goes on with what is left
        catch (Exception e) when (!end.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogMessages.ConnectionLost(_log, Broker, Connecting.Reason(e, _options.Tls));
        }
        finally
        {
            foreach (var (_, answer) in unanswered)
                _ = answer.ContinueWith(static late => late.Exception, TaskScheduler.Default);       // observed: they fail with the connection
            foreach (var (message, _) in unanswered.Where(sent => !sent.Message.AtLeastOnce))
                _outbox.Done();
            _outbox.PutBack([.. unanswered.Select(sent => sent.Message).Where(message => message.AtLeastOnce)]);
        }

        if (_clock.GetElapsedTime(since) < TimeSpan.FromSeconds(5))
            await Task.Delay(TimeSpan.FromSeconds(1), _clock, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Account(Outgoing message, MqttClientPublishResult result)
    {
        if (message is { AtLeastOnce: true, Retain: false })
            Instruments.OutboxDepth.Add(-1);
        if (message.Alert is { } alert)
            Answered?.Invoke(alert, message.Retain, !result.IsSuccess);
        if (result.IsSuccess)
        {
            Instruments.Published.Add(1);
            return;
        }

        Instruments.PublishRefused.Add(1);
        LogMessages.PublishRefused(_log, message.Topic, result.ReasonCode.ToString());
    }

    private MqttApplicationMessage ToMessage(in Outgoing message)
    {
        var body = message.Body ?? Bodies.State(message.State!);
        var result = new MqttApplicationMessage
        {
            Topic = message.Topic,
            Payload = new ReadOnlySequence<byte>(body),
            Retain = message.Retain,
            QualityOfServiceLevel = message.AtLeastOnce ? MqttQualityOfServiceLevel.AtLeastOnce : MqttQualityOfServiceLevel.AtMostOnce,
        };
        if (!_options.IsVersion5() || body.Length == 0)
            return result;
        var status = message.Topic.Length == _root.Length + 7 && message.Topic.EndsWith("/status", StringComparison.Ordinal);
        result.CorrelationData = message.Correlation;
        result.ContentType = status ? "text/plain"
            : message.Topic.StartsWith($"{_root}/alerts/", StringComparison.Ordinal) || message.Topic.StartsWith($"{_root}/open/", StringComparison.Ordinal) ? _alertType : "application/json";
        if (status && _gap is { } gap)
            result.UserProperties = [new MqttUserProperty("gap-until", Encoding.UTF8.GetBytes(gap))];
        return result;
    }

    private RetryStrategyOptions<Connection> Backoff() => Connecting.Backoff<Connection>(
        longest: TimeSpan.FromSeconds(30), (failure, delay) => LogMessages.CannotConnect(_log, Broker, _options.ClientId + "-out", Connecting.Reason(failure, _options.Tls), delay));

    /// <summary>One connection for publishing; its client is used once, so that cutting a broken one waits for nobody.</summary>
    private sealed class Connection : IAsyncDisposable
    {
        private readonly IMqttClient _client;
        private readonly TimeSpan _beat;
        private readonly TimeProvider _clock;
        private readonly CancellationTokenSource _over = new();
        private readonly TaskCompletionSource<Exception> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Connection(IMqttClient client, TimeSpan beat, TimeProvider clock)
        {
            (_client, _beat, _clock) = (client, beat, clock);
            client.DisconnectedAsync += e =>
            {
                _lost.TrySetResult(e.Exception ?? new IOException($"the broker closed it: {e.Reason} {e.ReasonString}".TrimEnd()));
                return Task.CompletedTask;
            };
        }

        public async Task<MqttClientConnectResult> OpenAsync(MqttClientOptions options, CancellationToken cancel)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(Connecting.Patience);
            return await _client.ConnectAsync(options, limit.Token).ConfigureAwait(false);
        }

        public async Task<MqttClientPublishResult> PublishAsync(MqttApplicationMessage message) => await _client.PublishAsync(message, _over.Token).ConfigureAwait(false);

        public async Task<MqttClientPublishResult> AnswerAsync(Task<MqttClientPublishResult> answer, CancellationToken end)
        {
            if (answer.IsCompleted)
                return await answer.ConfigureAwait(false);
            try
            {
                return await answer.WaitAsync(Connecting.Patience, _clock, end).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw new BrokerSilentException($"the broker did not answer PUBLISH within {Connecting.Patience.TotalSeconds} s");
            }
        }

        /// <summary>Waits for a change, for a beat at most; then pings.</summary>
        public async Task IdleAsync(Task changed, CancellationToken end)
        {
            try
            {
                await Task.WhenAny(changed, _lost.Task).WaitAsync(_beat, _clock, end).ConfigureAwait(false);
                if (_lost.Task.IsCompletedSuccessfully)
                    throw await _lost.Task.ConfigureAwait(false);
                return;
            }
            catch (TimeoutException) when (!_lost.Task.IsCompleted)
            {
                // A beat of quiet: is anybody there?
            }

            try
            {
                await _client.PingAsync(_over.Token).WaitAsync(_beat, _clock, end).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw new BrokerSilentException($"the broker did not answer PINGREQ within {_beat.TotalSeconds:0.##} s");
            }
        }

        public async Task CloseAsync() =>
            await _client.DisconnectAsync(new MqttClientDisconnectOptions(), _over.Token).WaitAsync(Connecting.Patience / 5, _clock, CancellationToken.None).ConfigureAwait(false);

        public async ValueTask DisposeAsync()
        {
            await _over.CancelAsync().ConfigureAwait(false);
            _client.Dispose();
            _over.Dispose();
        }
    }
}
