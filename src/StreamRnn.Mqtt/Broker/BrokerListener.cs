using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using MQTTnet.Adapter;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Formatter;
using MQTTnet.Implementations;
using MQTTnet.Server;

namespace StreamRnn.Mqtt;

/// <summary>
/// TCP and TLS for the embedded broker. A connection passes the limits on numbers before anything of it is read, and has <see cref="Connecting.Patience"/> for its TLS handshake.
/// </summary>
/// <param name="options">Address, port and limits.</param>
/// <param name="certificate">With TLS: ours first, then others of its chain.</param>
/// <param name="withOwnDoor">Whether to listen on a free port of loopback too, for the service's own connections.</param>
/// <param name="refused">Is told what was refused, of whom, and why.</param>
internal sealed class BrokerListener(EmbeddedBrokerOptions options, X509Certificate2Collection? certificate, bool withOwnDoor, Action<string, string, string> refused, TimeProvider clock)
    : IMqttServerAdapter
{
    private const int PacketOverhead = (64 << 10) * 2;      // topic and properties beside the payload; more is not allowed
    private const int Waiting = 64;                         // connections that have yet to say who they are, beside those that are connected

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Socket> _listening = [];
    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, int> _perAddress = [];
    private int _open;

    public Func<IMqttChannelAdapter, Task>? ClientHandler { get; set; }

    public int Port { get; private set; }

    /// <summary>The port for the service's own connections; 0: there is none.</summary>
    public int OwnPort { get; private set; }

    /// <exception cref="SocketException">It cannot listen there.</exception>
    public Task StartAsync(MqttServerOptions serverOptions, IMqttNetLogger logger)
    {
        var tls = certificate is null ? null : SslStreamCertificateContext.Create(certificate[0], [.. certificate.Skip(1)], offline: true);
        Port = Listen(IPAddress.Parse(options.Host), options.Port, tls, isOwn: false);
        if (withOwnDoor)
            OwnPort = Listen(IPAddress.Loopback, 0, tls: null, isOwn: true);
        return Task.CompletedTask;

        int Listen(IPAddress address, int port, SslStreamCertificateContext? tls, bool isOwn)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            _listening.Add(socket);
            if (address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(512);
            _ = AcceptAsync(socket, tls, isOwn, serverOptions, logger);
            return ((IPEndPoint)socket.LocalEndPoint!).Port;
        }
    }

    public Task StopAsync()
    {
        _stop.Cancel();
        foreach (var socket in _listening)
            socket.Dispose();
        _listening.Clear();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        foreach (var socket in _listening)
            socket.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync(Socket socket, SslStreamCertificateContext? tls, bool isOwn, MqttServerOptions serverOptions, IMqttNetLogger logger)
    {
        var stop = _stop.Token;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var client = await socket.AcceptAsync(stop).ConfigureAwait(false);
                _ = Task.Run(() => ServeAsync(client, tls, isOwn, serverOptions, logger, stop), CancellationToken.None);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                if (e.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset)
                    continue;
                refused("connections", "", e.Message);       // no file descriptors left, for example
                await Task.Delay(TimeSpan.FromSeconds(1), clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ServeAsync(Socket socket, SslStreamCertificateContext? tls, bool isOwn, MqttServerOptions serverOptions, IMqttNetLogger logger, CancellationToken stop)
    {
        using var _ = socket;
        var who = "?";
        IPAddress? address = null;
        var counted = false;
        try
        {
            var remote = (IPEndPoint)socket.RemoteEndPoint!;
            (who, address) = (remote.ToString(), remote.Address);
            var isLocal = IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
            if (!isOwn && !(counted = Enter(address, isLocal, out var why)))
            {
                refused("a connection", who, why);
                return;
            }

            socket.NoDelay = true;
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            await using (stream.ConfigureAwait(false))
            {
                if (tls is not null)
                {
                    using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
                    limit.CancelAfter(Connecting.Patience);
                    var secure = new SslStream(stream);
                    await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = tls }, limit.Token).ConfigureAwait(false);
                    stream = secure;
                }

                using var channel = new GuardedChannel(
                    new MqttTcpChannel(stream, socket.LocalEndPoint, remote, null), (int)Math.Min(268_435_455L, (long)options.MaxPayloadBytes + PacketOverhead), isLocal ? 0 : options.MaxMessagesPerSecond, clock,
                    problem => refused("a packet", who, problem));
                using var client = new MqttChannelAdapter(
                    channel, new MqttPacketFormatterAdapter(new MqttBufferWriter(serverOptions.WriterBufferSize, serverOptions.WriterBufferSizeMax)), logger);
                await ClientHandler!(new NamingClient(client)).ConfigureAwait(false);
                if (tls is not null)
                    await stream.DisposeAsync().ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // whatever a stranger sends ends their connection and nothing else; it is said
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (!stop.IsCancellationRequested)
                refused("a connection", who, e is OperationCanceledException ? "no TLS handshake in time" : e.GetBaseException().Message);
        }
        finally
        {
            if (counted)
                Leave(address!);
        }
    }

    private bool Enter(IPAddress address, bool isLocal, out string why)
    {
        var key = WrongPasswords.KeyOf(address);
        lock (_lock)
        {
            var here = _perAddress.GetValueOrDefault(key);
            why = _open >= options.MaxConnections + Waiting ? string.Create(CultureInfo.InvariantCulture, $"{_open} connections are open (Mqtt:Embedded:MaxConnections)")
                : !isLocal && here >= options.MaxConnectionsPerAddress ? string.Create(CultureInfo.InvariantCulture, $"{here} connections from its address are open (Mqtt:Embedded:MaxConnectionsPerAddress)")
                : "";
            if (why.Length > 0)
                return false;
            _perAddress[key] = here + 1;
            _open++;
            return true;
        }
    }

    private void Leave(IPAddress address)
    {
        var key = WrongPasswords.KeyOf(address);
        lock (_lock)
        {
            _open--;
            if (--_perAddress[key] == 0)
                _perAddress.Remove(key);
        }
    }
}
