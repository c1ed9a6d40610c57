using System.Buffers;
using System.Text;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using StreamRnn.Simulators.Faults;

namespace StreamRnn.Simulators.Playing;

/// <summary>How a player talks to its broker.</summary>
public sealed record MqttPlayerOptions
{
    public BrokerAddress Broker { get; init; } = BrokerAddress.Default;

    /// <summary>QoS of readings, 0 .. 2. Ground truth goes with 1.</summary>
    public int QoS { get; init; } = 1;

    public string ClientId { get; init; } = "streamrnn-simulators-" + Environment.ProcessId;

    /// <summary>At most so many readings wait for the broker's acknowledgement (QoS 1 and 2), 1 .. 60,000; fewer where the broker says so.</summary>
    public int Unacknowledged { get; init; } = 64;

    /// <summary>How long a connection, a publish or a ping may take before the broker counts as gone.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Wait before the first attempt to connect again; doubles up to 5 s.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromMilliseconds(250);
}

/// <summary>The broker cannot be reached or refuses; the message says where, and why.</summary>
public sealed class BrokerUnreachableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Publishes emissions to a broker. A broker that goes away is waited for; with QoS 1 and 2 whatever it has not acknowledged is sent again,
/// in the same order, so that nothing is lost and some may come twice.
/// </summary>
public sealed class MqttPlayer : IAsyncDisposable
{
    private readonly MqttPlayerOptions _options;
    private readonly TimeProvider _time;
    private IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly Queue<(MqttApplicationMessage Message, Task<MqttClientPublishResult> Sent)> _unacknowledged = new();
    private Simulation? _listener;
    private int _window;

    public MqttPlayer(MqttPlayerOptions options, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.QoS);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.QoS, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Unacknowledged, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Unacknowledged, 60_000);
        (_options, _time) = (options, time ?? TimeProvider.System);
    }

    /// <summary>Topic on which a running simulation is asked for a fault, such as <c>spike:freezer-02</c>.</summary>
    public const string FaultTopic = "simulators/fault";

    /// <summary>Something that a person should know: the broker went away, it is back, a fault was asked for.</summary>
    public event Action<string>? Said;

    /// <summary>An emission was handed to the broker.</summary>
    public event Action<Emission>? Published;

    /// <summary>Connects for the first time.</summary>
    /// <exception cref="BrokerUnreachableException">Nobody there, or refused.</exception>
    public async Task ConnectAsync(CancellationToken stop)
    {
        var builder = new MqttClientOptionsBuilder()
            .WithTcpServer(_options.Broker.Host, _options.Broker.Port)
            .WithClientId(_options.ClientId)
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithCleanStart()
            .WithTimeout(_options.Timeout)
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(15));
        if (_options.Broker.Tls)
            builder = builder.WithTlsOptions(o => o.UseTls());
        if (_options.Broker.User is { } user)
            builder = builder.WithCredentials(user, _options.Broker.Password);
        try
        {
            // A fresh client for each attempt: one whose connection has just broken refuses to connect while it still takes leave of the old one.
            _client.Dispose();
            _client = new MqttClientFactory().CreateMqttClient();
            _client.ApplicationMessageReceivedAsync += OnMessage;
            var result = await AskAsync(_client.ConnectAsync(builder.Build(), stop), stop).ConfigureAwait(false);
            if (result.ResultCode != MqttClientConnectResultCode.Success)
                throw new BrokerUnreachableException($"The broker at {_options.Broker} refuses the connection: {result.ResultCode}{(result.ReasonString is { Length: > 0 } why ? $" ({why})" : "")}.");
            _window = Math.Min(_options.Unacknowledged, result.ReceiveMaximum is > 0 and var most ? most : _options.Unacknowledged);
            if (_listener is not null)
                await AskAsync(_client.SubscribeAsync(FaultTopic, MqttQualityOfServiceLevel.AtLeastOnce, stop), stop).ConfigureAwait(false);
        }
        catch (Exception e) when (IsBroken(e, stop))
        {
            throw new BrokerUnreachableException($"The broker at {_options.Broker} cannot be reached: {Innermost(e)}", e);
        }
    }

    /// <summary>From now on faults can be asked for on <see cref="FaultTopic"/>; they go into this run.</summary>
    public async Task ListenForFaultsAsync(Simulation simulation, CancellationToken stop)
    {
        _listener = simulation;
        await AskAsync(_client.SubscribeAsync(FaultTopic, MqttQualityOfServiceLevel.AtLeastOnce, stop), stop).ConfigureAwait(false);
    }

    /// <summary>Plays to the end, or until stopped. Returns when the broker has acknowledged what it must.</summary>
    /// <exception cref="OperationCanceledException">Stopped.</exception>
    public async Task<PlayProgress> PlayAsync(IEnumerable<Emission> emissions, Playback playback, DateTimeOffset? startsAt, CancellationToken stop)
    {
        var progress = await playback.PlayAsync(emissions, startsAt, SendAsync, stop).ConfigureAwait(false);
        await SettleAsync(0, stop).ConfigureAwait(false);
        return progress;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_client.IsConnected)
                await _client.DisconnectAsync(new MqttClientDisconnectOptions(), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (IsBroken(e, CancellationToken.None))
        {
            Said?.Invoke($"The broker at {_options.Broker} went away before the good-bye: {Innermost(e)}");
        }
        finally
        {
            _client.Dispose();
        }
    }

    private async ValueTask SendAsync(Emission emission, CancellationToken stop)
    {
        var qos = emission.Label is null ? _options.QoS : Math.Max(1, _options.QoS);
        var message = new MqttApplicationMessage
        {
            Topic = emission.Topic,
            PayloadSegment = emission.Payload,
            QualityOfServiceLevel = (MqttQualityOfServiceLevel)qos,
        };
        _unacknowledged.Enqueue((message, PublishAsync(message, stop)));
        await SettleAsync(qos == 0 ? 0 : _window - 1, stop).ConfigureAwait(false);
        Published?.Invoke(emission);
    }

    /// <summary>MQTTnet throws at once, not through the task, when the connection is gone already; here it is always the task that fails.</summary>
    private async Task<MqttClientPublishResult> PublishAsync(MqttApplicationMessage message, CancellationToken stop) =>
        await AskAsync(_client.PublishAsync(message, stop), stop).ConfigureAwait(false);

    /// <summary>MQTTnet tells a request that was cancelled as one that timed out; here it is cancelled.</summary>
    private static async Task<T> AskAsync<T>(Task<T> request, CancellationToken stop)
    {
        try
        {
            return await request.ConfigureAwait(false);
        }
        catch (Exception e) when (stop.IsCancellationRequested && e is not OperationCanceledException)
        {
            throw new OperationCanceledException("stopped", e, stop);
        }
    }

    /// <summary>Waits until at most so many are unacknowledged; when the broker goes away, connects again and sends them all again.</summary>
    private async Task SettleAsync(int atMost, CancellationToken stop)
    {
        while (_unacknowledged.TryPeek(out var oldest) && (_unacknowledged.Count > atMost || oldest.Sent.IsCompleted))
        {
            try
            {
                // Bounded here: over a dead link a publish blocks for ever, of QoS 0 too.
                var result = await oldest.Sent.WaitAsync(_options.Timeout, _time, stop).ConfigureAwait(false);
                _unacknowledged.Dequeue();
                if (!result.IsSuccess)
                    Said?.Invoke($"The broker refuses {oldest.Message.Topic}: {result.ReasonCode}.");
            }
            catch (Exception e) when (IsBroken(e, stop))
            {
                await ReconnectAsync(e, stop).ConfigureAwait(false);
            }
        }
    }

    private async Task ReconnectAsync(Exception cause, CancellationToken stop)
    {
        Said?.Invoke($"The broker at {_options.Broker} went away ({Innermost(cause)}). Waiting for it.");
        var began = _time.GetTimestamp();
        var wait = _options.RetryAfter;
        while (true)
        {
            try
            {
                await ConnectAsync(stop).ConfigureAwait(false);
                break;
            }
            catch (BrokerUnreachableException)
            {
                await Task.Delay(wait, _time, stop).ConfigureAwait(false);
                wait = wait * 2 < TimeSpan.FromSeconds(5) ? wait * 2 : TimeSpan.FromSeconds(5);
            }
        }

        Said?.Invoke($"The broker at {_options.Broker} is back after {Durations.Say(_time.GetElapsedTime(began))}; {_unacknowledged.Count} are sent again.");
        for (var left = _unacknowledged.Count; left > 0; left--)
        {
            var (message, old) = _unacknowledged.Dequeue();
            _ = old.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default); // seen, and replaced
            _unacknowledged.Enqueue((message, PublishAsync(message, stop)));
        }
    }

    private Task OnMessage(MqttApplicationMessageReceivedEventArgs received)
    {
        var text = Encoding.UTF8.GetString(received.ApplicationMessage.Payload.ToArray()).Trim();
        try
        {
            _listener?.Inject(Fault.ParseNow(text));
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            Said?.Invoke($"A fault was asked for that cannot be: {e.Message}");
        }

        return Task.CompletedTask;
    }

    private static bool IsBroken(Exception e, CancellationToken stop) =>
        !stop.IsCancellationRequested
        && e is MqttCommunicationException or MqttClientNotConnectedException or MqttProtocolViolationException or OperationCanceledException or TimeoutException
            or System.Net.Sockets.SocketException or IOException or MqttClientDisconnectedException or ObjectDisposedException;

    private static string Innermost(Exception e)
    {
        while (e.InnerException is { } inner)
            e = inner;
        return e.Message;
    }
}
