using System.Globalization;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Mqtt;

/// <summary>
/// Readings from a broker into the door: connects under a fixed client id, subscribes, takes payloads in while the door has room, acknowledges each when the door says that it is through,
/// and starts over with growing pauses whenever the broker is lost, hangs, or refuses.
/// </summary>
public sealed class ReadingSource : IAsyncDisposable
{
    private static readonly TimeSpan ShortLived = TimeSpan.FromSeconds(5);
    private const int Suspicious = 3;                        // so many short-lived connections in a row have a reason

    private readonly MqttOptions _options;
    private readonly Door _door;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly Intake _intake;
    private readonly IReadOnlyList<string> _filters;
    private readonly string? _commands;
    private readonly int _maxPayloadBytes;
    private readonly string _host;
    private readonly int _port;
    private readonly ResiliencePipeline<SourceConnection> _connecting;
    private readonly TaskCompletionSource _subscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile SourceConnection? _connection;
    private bool _hadSession;
    private int _connections;
    private int _shortLived;

    /// <param name="door">Where the readings go. The source tells it when we listen and when not.</param>
    /// <param name="root">Root of the topics that we publish on: never readings, whatever the sources say.</param>
    /// <param name="deadLetter">Is told of payloads that could not be used.</param>
    /// <param name="endpoint">Where to connect, if not where the options say: the embedded broker.</param>
    /// <param name="hadSession">Whether an earlier life of the service had a session with this broker, so that one that is not there was forgotten.</param>
    /// <exception cref="FormatException">A topic template is wrong.</exception>
    public ReadingSource(
        MqttOptions options, IngestOptions ingest, DeviceRegistry registry, Door door, string root, TimeProvider clock, ILogger log,
        DeadLetterHandler? deadLetter = null, (string Host, int Port)? endpoint = null, bool hadSession = false)
    {
        (_options, _door, _clock, _log, _maxPayloadBytes, _hadSession) = (options, door, clock, log, ingest.MaxPayloadBytes, hadSession);
        (_host, _port) = endpoint ?? (options.Host ?? options.Embedded.Host, options.PortOrDefault());
        var decoder = new PayloadDecoder(ingest, registry);
        _filters = [.. decoder.Templates.Select(template => template.Filter).Distinct()];
        _commands = options.Commands ? root + CommandCodec.Below + "+" : null;
        _intake = new Intake(decoder, door, root, clock, deadLetter ?? ((_, in _) => { }), log, options.Commands);
        _connecting = new ResiliencePipelineBuilder<SourceConnection> { TimeProvider = clock }.AddRetry(Backoff()).Build();
        _door.Through += OnThrough;
    }

    /// <summary>Completes when the broker has taken the first subscription: from then on nothing is missed.</summary>
    public Task Subscribed => _subscribed.Task;

    /// <summary>Raised with true when subscribed and with false when the connection is lost. On a thread of the pool.</summary>
    public event Action<bool>? ListeningChanged;

    /// <summary>Raised when the broker has forgotten a session that we had, so that readings may be missing. The number of the connection.</summary>
    public event Action<int>? SessionLost;

    /// <summary>Payloads taken in on the present connection that are not acknowledged to its broker.</summary>
    public int Unacknowledged => _connection?.Acknowledgements.Count ?? 0;

    /// <summary>The broker, for people: host:port.</summary>
    public string Broker => string.Create(CultureInfo.InvariantCulture, $"{_host}:{_port}");

    /// <summary>
    /// Runs until asked to stop. Then it takes nothing more in, waits up to <paramref name="grace"/> for what is inside to be through (the pump has to run for that), acknowledges it and says goodbye.
    /// What is not acknowledged by then comes again next time.
    /// </summary>
    public async Task RunAsync(TimeSpan grace, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            SourceConnection connection;
            try
            {
                connection = await _connecting.ExecuteAsync(async cancel => await ConnectAsync(cancel).ConfigureAwait(false), stop).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // MQTTnet tells a cancelled attempt in several ways, and when we are to stop none of them matters
            catch (Exception) when (stop.IsCancellationRequested)
#pragma warning restore CA1031
            {
                return;
            }

            await using (connection.ConfigureAwait(false))
                await ServeAsync(connection, grace, stop).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _door.Through -= OnThrough;
        if (_connection is { } connection)
            await connection.DisposeAsync().ConfigureAwait(false);
    }

    private void OnThrough(long ticket) => _connection?.Acknowledgements.Through(ticket);

    private async Task<SourceConnection> ConnectAsync(CancellationToken cancel)
    {
        var connection = new SourceConnection(_options, _host, _port, _intake, _maxPayloadBytes, _clock);
        try
        {
            // Known before the first payload can come, so that no acknowledgement is missed.
            _connection = connection;
            var sessionPresent = await connection.OpenAsync(cancel).ConfigureAwait(false);
            if (_hadSession && !sessionPresent)
            {
                LogMessages.SessionLost(_log, Broker);
                Instruments.SessionsLost.Add(1);
                SessionLost?.Invoke(_connections + 1);
            }

            _hadSession = true;
            foreach (var (filter, code) in await connection.SubscribeAsync(_filters, _commands, cancel).ConfigureAwait(false))
                LogMessages.SubscriptionRefused(_log, filter, code);
            return connection;
        }
        catch
        {
            _connection = null;
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task ServeAsync(SourceConnection connection, TimeSpan grace, CancellationToken stop)
    {
        if (_connections++ > 0)
            Instruments.Reconnects.Add(1);
        Instruments.Connected.Add(1);
        LogMessages.Listening(_log, Broker, string.Join(' ', _filters));
        _door.Listen(true);
        _subscribed.TrySetResult();
        ListeningChanged?.Invoke(true);
        var since = _clock.GetTimestamp();
        var lost = await connection.LostAsync(stop).ConfigureAwait(false);
        _door.Listen(false);
        Instruments.Connected.Add(-1);
        ListeningChanged?.Invoke(false);
        if (lost is null)
        {
            var problem = await connection.CloseAsync(grace).ConfigureAwait(false);
            if (problem is not null)
                LogMessages.UncleanClose(_log, Broker, problem);
        }
        else
        {
            LogMessages.ConnectionLost(_log, Broker, lost);
        }

        _connection = null;
        if (lost is not null)
            await PauseAsync(_clock.GetElapsedTime(since), connection.WasTakenOver, stop).ConfigureAwait(false);
    }

    /// <summary>A connection that was lost as soon as it was made is not made again at once. Not every broker says that another client came with our id: it shows by the pattern.</summary>
    private async Task PauseAsync(TimeSpan lived, bool takenOver, CancellationToken stop)
    {
        _shortLived = lived < ShortLived ? _shortLived + 1 : 0;
        if (_shortLived == 0)
            return;
        if (_shortLived == Suspicious && !takenOver)
            LogMessages.ShortLived(_log, Broker, Suspicious, _options.ClientId);
        var pause = takenOver ? Connecting.AfterRefusal : TimeSpan.FromSeconds(Math.Min(30, 0.5 * (1 << Math.Min(_shortLived, 6))));
        await Task.Delay(pause, _clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private RetryStrategyOptions<SourceConnection> Backoff() => Connecting.Backoff<SourceConnection>(
        longest: TimeSpan.FromSeconds(10), (failure, delay) => LogMessages.CannotConnect(_log, Broker, _options.ClientId, Connecting.Reason(failure, _options.Tls), delay));
}
