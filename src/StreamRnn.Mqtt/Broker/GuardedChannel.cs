using System.Buffers;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using MQTTnet.Channel;

namespace StreamRnn.Mqtt;

/// <summary>
/// The byte stream of one client of the embedded broker. It follows the packets in it, so that one that is too large ends the connection before room is made for it, and a client that sends packets
/// faster than allowed is read more slowly: TCP then holds it back, and nothing is lost.
/// </summary>
/// <param name="maxPacketBytes">Body of a packet.</param>
/// <param name="packetsPerSecond">0: as many as come.</param>
/// <param name="refused">Is told why the connection ends.</param>
internal sealed class GuardedChannel(IMqttChannel inner, int maxPacketBytes, int packetsPerSecond, TimeProvider clock, Action<string> refused) : IMqttChannel
{
    /// <summary>Before a client is known, packets are small: a CONNECT with a Will of a few KB.</summary>
    private const int LongestHello = 256 << 10;

    private long _body;              // bytes left of the present packet's body
    private int _length;             // of the body, as far as its bytes have come
    private int _lengthBytes = -1;   // of those; −1: the next byte is a packet's first
    private bool _greeted;
    private double _credit = packetsPerSecond;
    private long _creditAt = clock.GetTimestamp();

    public X509Certificate2 ClientCertificate => inner.ClientCertificate;
    public EndPoint RemoteEndPoint => inner.RemoteEndPoint;
    public EndPoint LocalEndPoint => inner.LocalEndPoint;
    public bool IsSecureConnection => inner.IsSecureConnection;

    public Task ConnectAsync(CancellationToken cancellationToken) => inner.ConnectAsync(cancellationToken);

    public Task DisconnectAsync(CancellationToken cancellationToken) => inner.DisconnectAsync(cancellationToken);

    /// <exception cref="IOException">A packet is too large, or has no proper length.</exception>
    public async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        var read = await inner.ReadAsync(buffer, offset, count, cancellationToken).ConfigureAwait(false);
        var packets = Follow(buffer.AsSpan(offset, read));
        if (packets > 0 && packetsPerSecond > 0)
            await PayAsync(packets, cancellationToken).ConfigureAwait(false);
        return read;
    }

    public Task WriteAsync(ReadOnlySequence<byte> buffer, bool isEndOfPacket, CancellationToken cancellationToken) => inner.WriteAsync(buffer, isEndOfPacket, cancellationToken);

    public void Dispose() => inner.Dispose();

    /// <returns>How many packets begin in these bytes.</returns>
    private int Follow(ReadOnlySpan<byte> bytes)
    {
        var packets = 0;
        while (bytes.Length > 0)
        {
            if (_body > 0)
            {
                var skip = (int)Math.Min(_body, bytes.Length);
                _body -= skip;
                bytes = bytes[skip..];
                continue;
            }

            if (_lengthBytes < 0)
            {
                packets++;
                (_length, _lengthBytes) = (0, 0);
            }
            else
            {
                if (_lengthBytes == 4)
                    throw Refused("its length has more than four bytes");
                _length |= (bytes[0] & 0x7F) << (7 * _lengthBytes++);
                if ((bytes[0] & 0x80) == 0)
                {
                    var most = _greeted ? maxPacketBytes : Math.Min(LongestHello, maxPacketBytes);
                    if (_length > most)
                        throw Refused(string.Create(CultureInfo.InvariantCulture, $"it has {_length} bytes; allowed are {most}{(_greeted ? "" : " before a client has said who it is")}"));
                    (_body, _lengthBytes, _greeted) = (_length, -1, true);
                }
            }

            bytes = bytes[1..];
        }

        return packets;
    }

    private IOException Refused(string why)
    {
        refused(why);
        return new IOException("the packet is refused: " + why);
    }

    private async Task PayAsync(int packets, CancellationToken cancel)
    {
        var now = clock.GetTimestamp();
        _credit = Math.Min(packetsPerSecond, _credit + (clock.GetElapsedTime(_creditAt, now).TotalSeconds * packetsPerSecond)) - packets;
        _creditAt = now;
        if (_credit < 0)
            await Task.Delay(TimeSpan.FromSeconds(-_credit / packetsPerSecond), clock, cancel).ConfigureAwait(false);
    }
}
