using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace StreamRnn.Mqtt;

/// <summary>
/// The broker inside the service, for a start without any other program. Without users it listens on loopback only and asks for no password; with users, each has a password and the topics that are
/// theirs. Sessions and retained messages live in memory: they are gone when it stops.
/// </summary>
public sealed class EmbeddedBroker : IAsyncDisposable
{
    private readonly EmbeddedBrokerOptions _options;
    private readonly ILogger _log;
    private readonly TimeProvider _clock;
    private readonly BrokerUsers _users;
    private readonly RetainedRoom _retained = new();
    private readonly Sampler _sayings;
    private readonly HashSet<string> _behind = [];
    private MqttServer? _server;
    private BrokerListener? _listener;
    private int _connections;

    /// <param name="root">Of the topics that we publish on: only users whose filters name it may publish there.</param>
    /// <exception cref="ArgumentException">It would listen beyond loopback without users, or another setting is out of range.</exception>
    public EmbeddedBroker(EmbeddedBrokerOptions options, ILogger log, string root = "streamrnn", TimeProvider? clock = null)
    {
        if (options.Validate().FirstOrDefault() is { } problem)
            throw new ArgumentException(problem, nameof(options));
        (_options, _log, _clock) = (options, log, clock ?? TimeProvider.System);
        _users = new BrokerUsers(options, root, _clock);
        _sayings = new Sampler(_clock, burst: 50, perSecond: 1);
    }

    public string Host => _options.Host;

    /// <summary>The port it listens on: the one that was found when 0 was asked for. 0 before the start.</summary>
    public int Port { get; private set; }

    /// <summary>Where the service itself connects: where there are users or TLS, a door of its own on loopback.</summary>
    public (string Host, int Port) OwnEndpoint => HasOwnDoor ? ("127.0.0.1", _listener!.OwnPort) : (Host, Port);

    /// <summary>The service's options with what it needs to come in: at a door of its own a name and a password of its own that lasts until the end of the process.</summary>
    public MqttOptions Own(MqttOptions options) => HasOwnDoor
        ? options with { Username = BrokerUsers.Own, Password = _users.OwnPassword, PasswordFile = null, Tls = new TlsOptions() }
        : options;

    private bool HasOwnDoor => _users.Any || _options.CertificateFile is not null;

    /// <exception cref="IOException">The port is taken or not allowed; the message says what to do.</exception>
    public async Task StartAsync()
    {
        var options = new MqttServerOptionsBuilder()
            .WithPersistentSessions()
            .WithMaxPendingMessagesPerClient(_options.MaxPendingMessages)
            .WithPendingMessagesOverflowStrategy(MqttPendingMessagesOverflowStrategy.DropOldestQueuedMessage)
            .WithDefaultCommunicationTimeout(Connecting.Patience)
            .Build();
        var certificate = TlsFiles.WithKey("Mqtt:Embedded:", _options.CertificateFile, _options.KeyFile, _options.KeyPasswordFile);
        var listener = new BrokerListener(_options, certificate, withOwnDoor: HasOwnDoor, Refused, _clock);
        var server = new MqttServerFactory().CreateMqttServer(options, [listener]);
        server.ValidatingConnectionAsync += ValidateAsync;
        server.ClientConnectedAsync += e => Count(e.UserName, 1);
        server.ClientDisconnectedAsync += e => Count(e.UserName, -1);
        server.SessionDeletedAsync += ForgetAsync;
        server.InterceptingPublishAsync += InterceptAsync;
        server.InterceptingSubscriptionAsync += InterceptAsync;
        server.QueuedApplicationMessageOverwrittenAsync += OverwrittenAsync;
        (_server, _listener) = (server, listener);
        try
        {
            await server.StartAsync().ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            (_server, _listener) = (null, null);
            server.Dispose();
            listener.Dispose();
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"the embedded broker cannot listen on {_options.Host}:{_options.Port}: ") + (e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "the port is in use, perhaps by another broker or by another StreamRnn. Use that broker (Mqtt:Host), or another port (Mqtt:Embedded:Port; 0 takes any free one)",
                SocketError.AccessDenied => "this user may not use the port. Take one of 1024 or more (Mqtt:Embedded:Port; 0 takes any free one)",
                _ => e.Message,
            }), e);
        }

        Port = listener.Port;
        LogMessages.EmbeddedBrokerListens(_log, Host, Port, certificate is null ? "without TLS" : "with TLS", _users.Any ? $"for {_options.Users.Count} users" : "for anybody on this machine");
        if (certificate is null && !IPAddress.IsLoopback(IPAddress.Parse(Host)))
            LogMessages.EmbeddedBrokerInTheClear(_log, Host, Port);
    }

    public async Task StopAsync()
    {
        if (_server is not { } server)
            return;
        _server = null;
        await server.StopAsync(new MqttServerStopOptionsBuilder().WithDefaultClientDisconnectOptions(o => o.WithReasonCode(MqttDisconnectReasonCode.ServerShuttingDown)).Build())
            .ConfigureAwait(false);
        server.Dispose();
        _listener?.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _users.Dispose();
    }

    private Task Count(string? user, int change)
    {
        Interlocked.Add(ref _connections, change);
        _users.Connected(user, change);
        return Task.CompletedTask;
    }

    private Task ForgetAsync(SessionDeletedEventArgs e)
    {
        _users.Forget(e.Id);
        return Task.CompletedTask;
    }

    private async Task ValidateAsync(ValidatingConnectionEventArgs e)
    {
        var id = e.ClientId;
        if (string.IsNullOrEmpty(id))
            e.AssignedClientIdentifier = id = $"unnamed-{Guid.NewGuid():N}";         // MQTT 5: the client is told its name
        var ownDoor = HasOwnDoor && (e.ChannelAdapter.LocalEndPoint as IPEndPoint)?.Port == _listener!.OwnPort;
        var (code, why) = Volatile.Read(ref _connections) >= _options.MaxConnections && !ownDoor
            ? (MqttConnectReasonCode.QuotaExceeded, string.Create(CultureInfo.InvariantCulture, $"{_options.MaxConnections} clients are connected (Mqtt:Embedded:MaxConnections)"))
            : await _users.AdmitAsync(e.UserName, e.RawPassword, id, (e.ChannelAdapter.RemoteEndPoint as IPEndPoint)?.Address, ownDoor, SessionsAsync, CancellationToken.None).ConfigureAwait(false);
        e.ReasonCode = code;
        if (code != MqttConnectReasonCode.Success)
            Refused("a connection", $"{id} ({e.ChannelAdapter.RemoteEndPoint})", why);
    }

    private async Task<IReadOnlySet<string>> SessionsAsync() =>
        _server is { } server ? (await server.GetSessionsAsync().ConfigureAwait(false)).Select(session => session.Id).ToHashSet(StringComparer.Ordinal) : new HashSet<string>();

    /// <summary>A payload, or a Will that is due.</summary>
    private Task InterceptAsync(InterceptingPublishEventArgs e)
    {
        var (topic, bytes) = (e.ApplicationMessage.Topic ?? "", e.ApplicationMessage.Payload.Length);
        var why = bytes > _options.MaxPayloadBytes ? string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes, allowed are {_options.MaxPayloadBytes} (Mqtt:Embedded:MaxPayloadBytes)")
            : !_users.MayPublish(e.UserName, topic) ? null
            : e.ApplicationMessage.Retain && !_retained.TryKeep(topic, bytes) ? RetainedRoom.Full
            : "";
        if (why is "")
            return Task.CompletedTask;
        e.ProcessPublish = false;
        e.Response.ReasonCode = why is null ? MqttPubAckReasonCode.NotAuthorized : MqttPubAckReasonCode.QuotaExceeded;
        Refused("a payload", e.ClientId, why ?? $"user '{e.UserName}' may not publish on {topic} (Mqtt:Embedded:Users)");
        return Task.CompletedTask;
    }

    private Task InterceptAsync(InterceptingSubscriptionEventArgs e)
    {
        if (_users.MaySubscribe(e.UserName, e.TopicFilter.Topic))
            return Task.CompletedTask;
        e.ProcessSubscription = false;
        e.Response.ReasonCode = MqttSubscribeReasonCode.NotAuthorized;
        Refused("a subscription", e.ClientId, $"user '{e.UserName}' may not subscribe to {e.TopicFilter.Topic} (Mqtt:Embedded:Users)");
        return Task.CompletedTask;
    }

    private Task OverwrittenAsync(QueueMessageOverwrittenEventArgs e)
    {
        lock (_behind)
        {
            if (_behind.Count < 1000 && _behind.Add(e.ReceiverClientId))
                LogMessages.EmbeddedBrokerDrops(_log, Printable(e.ReceiverClientId));
        }

        return Task.CompletedTask;
    }

    /// <summary>All are counted; the log has room for the first 50 and one a second: a stranger shall not fill the disk.</summary>
    private void Refused(string what, string who, string why)
    {
        Instruments.BrokerRefused.Add(1);
        lock (_sayings)
        {
            if (_sayings.TryTake(out _))
                LogMessages.EmbeddedBrokerRefused(_log, what, Printable(who), Printable(why));
        }
    }

    /// <summary>What strangers call themselves: no line breaks or escapes into the log.</summary>
    private static string Printable(string text) => string.Concat((text.Length > 300 ? text[..300] + "…" : text).Select(c => char.IsControl(c) ? '?' : c));
}
