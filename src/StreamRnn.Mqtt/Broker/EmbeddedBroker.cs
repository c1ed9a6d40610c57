using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace StreamRnn.Mqtt;

/// <summary>
/// The broker inside the service, for a start without any other program. It listens on loopback only, because it asks for no password. Sessions and retained messages live in memory: they
/// are gone when it stops.
/// </summary>
public sealed class EmbeddedBroker : IAsyncDisposable
{
    /// <summary>Messages that wait for one client; beyond this the oldest are dropped.</summary>
    private const int MaxPendingMessages = 250_000;

    private readonly EmbeddedBrokerOptions _options;
    private readonly ILogger _log;
    private readonly HashSet<string> _behind = [];
    private MqttServer? _server;
    private int _connections;

    /// <exception cref="ArgumentException">It would listen beyond loopback, or another setting is out of range.</exception>
    public EmbeddedBroker(EmbeddedBrokerOptions options, ILogger log)
    {
        if (options.Validate().FirstOrDefault() is { } problem)
            throw new ArgumentException(problem, nameof(options));
        (_options, _log) = (options, log);
    }

    public string Host => _options.Host;

    /// <summary>The port it listens on: the one that was found when 0 was asked for. 0 before the start.</summary>
    public int Port { get; private set; }

    /// <exception cref="IOException">The port is taken or not allowed; the message says what to do.</exception>
    public async Task StartAsync()
    {
        var address = IPAddress.Parse(_options.Host);
        var options = new MqttServerOptionsBuilder()
            .WithDefaultEndpoint()
            .WithDefaultEndpointPort(_options.Port)
            .WithPersistentSessions()
            .WithMaxPendingMessagesPerClient(MaxPendingMessages)
            .WithPendingMessagesOverflowStrategy(MqttPendingMessagesOverflowStrategy.DropOldestQueuedMessage)
            .WithDefaultCommunicationTimeout(Connecting.Patience)
            .Build();
        var endpoint = options.DefaultEndpointOptions;
        var v6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        endpoint.BoundInterNetworkAddress = v6 ? IPAddress.None : address;
        endpoint.BoundInterNetworkV6Address = v6 ? address : IPAddress.None;
        endpoint.LingerState = new LingerOption(false, 0);
        var server = new MqttServerFactory().CreateMqttServer(options, [new NamingAdapter()]);
        server.ValidatingConnectionAsync += ValidateAsync;
        server.ClientConnectedAsync += _ => Count(1);
        server.ClientDisconnectedAsync += _ => Count(-1);
        server.InterceptingPublishAsync += InterceptAsync;
        server.QueuedApplicationMessageOverwrittenAsync += OverwrittenAsync;
        try
        {
            await server.StartAsync().ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            server.Dispose();
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"the embedded broker cannot listen on {_options.Host}:{_options.Port}: ") + (e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "the port is in use, perhaps by another broker or by another StreamRnn. Use that broker (Mqtt:Host), or another port (Mqtt:Embedded:Port; 0 takes any free one)",
                SocketError.AccessDenied => "this user may not use the port. Take one of 1024 or more (Mqtt:Embedded:Port; 0 takes any free one)",
                _ => e.Message,
            }), e);
        }

        _server = server;
        Port = endpoint.Port;
        LogMessages.EmbeddedBrokerListens(_log, Host, Port);
    }

    public async Task StopAsync()
    {
        if (_server is not { } server)
            return;
        _server = null;
        await server.StopAsync(new MqttServerStopOptionsBuilder().WithDefaultClientDisconnectOptions(o => o.WithReasonCode(MqttDisconnectReasonCode.ServerShuttingDown)).Build())
            .ConfigureAwait(false);
        server.Dispose();
    }

    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private Task Count(int change)
    {
        Interlocked.Add(ref _connections, change);
        return Task.CompletedTask;
    }

    private Task ValidateAsync(ValidatingConnectionEventArgs e)
    {
        if (Volatile.Read(ref _connections) < _options.MaxConnections)
            return Task.CompletedTask;
        e.ReasonCode = MqttConnectReasonCode.QuotaExceeded;
        Instruments.BrokerRefused.Add(1);
        LogMessages.EmbeddedBrokerRefused(_log, "a connection", e.ClientId, $"{_options.MaxConnections} clients are connected (Mqtt:Embedded:MaxConnections)");
        return Task.CompletedTask;
    }

    private Task InterceptAsync(InterceptingPublishEventArgs e)
    {
        if (e.ApplicationMessage.Payload.Length <= _options.MaxPayloadBytes)
            return Task.CompletedTask;
        e.ProcessPublish = false;
        e.Response.ReasonCode = MqttPubAckReasonCode.QuotaExceeded;
        Instruments.BrokerRefused.Add(1);
        LogMessages.EmbeddedBrokerRefused(_log, "a payload", e.ClientId, $"{e.ApplicationMessage.Payload.Length} bytes, allowed are {_options.MaxPayloadBytes} (Mqtt:Embedded:MaxPayloadBytes)");
        return Task.CompletedTask;
    }

    private Task OverwrittenAsync(QueueMessageOverwrittenEventArgs e)
    {
        lock (_behind)
        {
            if (_behind.Count < 1000 && _behind.Add(e.ReceiverClientId))
                LogMessages.EmbeddedBrokerDrops(_log, e.ReceiverClientId);
        }

        return Task.CompletedTask;
    }
}
