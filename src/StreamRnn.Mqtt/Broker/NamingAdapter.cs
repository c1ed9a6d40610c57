using System.Net;
using System.Security.Cryptography.X509Certificates;
using MQTTnet.Adapter;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Server;
using MQTTnet.Server.Internal.Adapter;

namespace StreamRnn.Mqtt;

/// <summary>
/// TCP for the embedded broker, which gives a client without an id a unique one. MQTT 3.1.1 allows such clients with a clean session [MQTT-3.1.3-6], and mosquitto_pub is one; MQTTnet's
/// server names those of MQTT 5 only and refuses the others.
/// </summary>
internal sealed class NamingAdapter : IMqttServerAdapter
{
    private readonly MqttTcpServerAdapter _tcp = new();
    private long _named;

    public Func<IMqttChannelAdapter, Task>? ClientHandler { get; set; }

    public Task StartAsync(MqttServerOptions options, IMqttNetLogger logger)
    {
        _tcp.ClientHandler = client => ClientHandler!(new Client(client, this));
        return _tcp.StartAsync(options, logger);
    }

    public Task StopAsync() => _tcp.StopAsync();

    public void Dispose() => _tcp.Dispose();

    private void Name(MqttConnectPacket connect)
    {
        if (string.IsNullOrEmpty(connect.ClientId) && connect.CleanSession)
            connect.ClientId = $"unnamed-{Interlocked.Increment(ref _named)}";
    }

    private sealed class Client(IMqttChannelAdapter inner, NamingAdapter owner) : IMqttChannelAdapter
    {
        public long BytesReceived => inner.BytesReceived;
        public long BytesSent => inner.BytesSent;
        public X509Certificate2 ClientCertificate => inner.ClientCertificate;
        public EndPoint RemoteEndPoint => inner.RemoteEndPoint;
        public EndPoint LocalEndPoint => inner.LocalEndPoint;
        public bool IsSecureConnection => inner.IsSecureConnection;
        public MqttPacketFormatterAdapter PacketFormatterAdapter => inner.PacketFormatterAdapter;

        public Task ConnectAsync(CancellationToken cancellationToken) => inner.ConnectAsync(cancellationToken);

        public Task DisconnectAsync(CancellationToken cancellationToken) => inner.DisconnectAsync(cancellationToken);

        public async Task<MqttPacket> ReceivePacketAsync(CancellationToken cancellationToken)
        {
            var packet = await inner.ReceivePacketAsync(cancellationToken).ConfigureAwait(false);
            // MQTT 5 clients are named, and told their name, by the server itself.
            if (packet is MqttConnectPacket connect && inner.PacketFormatterAdapter.ProtocolVersion != MqttProtocolVersion.V500)
                owner.Name(connect);
            return packet;
        }

        public void ResetStatistics() => inner.ResetStatistics();

        public Task SendPacketAsync(MqttPacket packet, CancellationToken cancellationToken) => inner.SendPacketAsync(packet, cancellationToken);

        public void Dispose() => inner.Dispose();
    }
}
