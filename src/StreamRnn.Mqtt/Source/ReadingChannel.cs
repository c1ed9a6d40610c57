using System.Buffers;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using MQTTnet.Channel;

namespace StreamRnn.Mqtt;

/// <summary>
/// The byte stream under the source's MQTT client. It takes the PUBLISH packets out of the stream, decodes and admits them where they lie, and leaves all others to the client.
/// Why here: this is the one place where waiting for room really holds the broker back (the client itself reads ahead without bound), where nothing is allocated per payload, and where an
/// acknowledgement cannot end up on another connection than the one its payload came from, because this object is the connection.
/// </summary>
internal sealed class ReadingChannel : IMqttChannel
{
    private const int SmallestBuffer = 64 << 10;
    private const int LongestPrefix = 5 + 2 + 65_535 + 2 + 5;                  // fixed header, topic, packet id, a word for the properties
    private const int DeadLetterPrefix = 1024;

    private readonly IMqttChannel _inner;
    private readonly Intake _intake;
    private readonly bool _version5;
    private readonly int _longestPacket;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Acknowledgements _acknowledgements;
    private byte[] _buffer = new byte[SmallestBuffer];
    private int _start;
    private int _end;
    private int _passing;              // bytes of the present packet that the client has yet to read
    private long _skipping;            // bytes of the present packet that nobody reads
    private long _received;
    private volatile bool _held;
    private volatile bool _shut;
    private readonly TaskCompletionSource _leaving = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ReadingChannel(IMqttChannel inner, Intake intake, Acknowledgements acknowledgements, bool version5, int maxPayloadBytes)
    {
        (_inner, _intake, _acknowledgements, _version5) = (inner, intake, acknowledgements, version5);
        _longestPacket = maxPayloadBytes + LongestPrefix;
    }

    /// <summary>Bytes received: a broker that sends is alive.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>Whether we wait for room, and so cannot hear whether the broker is alive.</summary>
    public bool IsHeld => _held;

    public X509Certificate2 ClientCertificate => _inner.ClientCertificate;
    public EndPoint RemoteEndPoint => _inner.RemoteEndPoint;
    public EndPoint LocalEndPoint => _inner.LocalEndPoint;
    public bool IsSecureConnection => _inner.IsSecureConnection;

    public Task ConnectAsync(CancellationToken cancellationToken) => _inner.ConnectAsync(cancellationToken);

    public Task DisconnectAsync(CancellationToken cancellationToken) => _inner.DisconnectAsync(cancellationToken);

    /// <summary>From now on no payload is taken in; what is inside may still be acknowledged.</summary>
    public void Shut() => _shut = true;

    /// <summary>We have said goodbye: payloads that still come are left unread and unacknowledged, so that the end of the stream is reached.</summary>
    public void Leave()
    {
        _shut = true;
        _leaving.TrySetResult();
    }

    /// <summary>The next bytes of packets that are the client's own; meanwhile payloads are taken in.</summary>
    public async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_passing > 0 && _end > _start)
            {
                var length = Math.Min(count, Math.Min(_passing, _end - _start));
                _buffer.AsSpan(_start, length).CopyTo(buffer.AsSpan(offset));
                _start += length;
                _passing -= length;
                return length;
            }

            if (_skipping > 0 && _end > _start)
            {
                var length = (int)Math.Min(_skipping, _end - _start);
                _start += length;
                _skipping -= length;
            }

            if (_passing > 0 || _skipping > 0 || !PublishPacket.TryReadFixedHeader(_buffer.AsSpan(_start, _end - _start), out var first, out var header, out var body))
            {
                if (!await FillAsync(1, cancellationToken).ConfigureAwait(false))
                    return 0;
                continue;
            }

            if (first >> 4 != PublishPacket.PacketType)
            {
                _passing = header + body;
                continue;
            }

            var packet = header + body;
            if (!await WaitForRoomAsync(cancellationToken).ConfigureAwait(false))
            {
                _skipping = packet;
                continue;
            }

            var needed = packet <= _longestPacket ? packet : LongestPrefix;
            while (_end - _start < needed)
            {
                if (!await FillAsync(needed - (_end - _start), cancellationToken).ConfigureAwait(false))
                    return 0;
            }

            if (packet <= _longestPacket)
                Take(first, _buffer.AsSpan(_start + header, body));
            else
                TakeTooLarge(first, _buffer.AsSpan(_start + header, needed - header), body);
            _start += needed;
            _skipping = packet - needed;
        }
    }

    public async Task WriteAsync(ReadOnlySequence<byte> buffer, bool isEndOfPacket, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _inner.WriteAsync(buffer, isEndOfPacket, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose() => _inner.Dispose();

    /// <returns>False when nothing is taken in any more.</returns>
    private async ValueTask<bool> WaitForRoomAsync(CancellationToken cancel)
    {
        if (_shut)
        {
            await _leaving.Task.WaitAsync(cancel).ConfigureAwait(false);
            return false;
        }

        var room = _intake.WaitForRoomAsync(cancel);
        if (room.IsCompletedSuccessfully)
            return true;
        _held = true;
        await room.ConfigureAwait(false);
        _held = false;
        return !_shut || await WaitForRoomAsync(cancel).ConfigureAwait(false);
    }

    private void Take(byte first, ReadOnlySpan<byte> body)
    {
        var packet = PublishPacket.Read(first, body, _version5);
        var ticket = _intake.IsCommand(packet.Topic)
            ? _intake.TakeCommand(packet.Topic, body[packet.PayloadAt..], packet.Retained, packet.Properties)
            : _intake.Take(packet.Topic, body[packet.PayloadAt..], packet.Retained);
        if (packet.QualityOfService > 0)
            _acknowledgements.Owe(ticket, packet.PacketId, packet.QualityOfService);
    }

    private void TakeTooLarge(byte first, ReadOnlySpan<byte> prefix, int bodyLength)
    {
        var packet = PublishPacket.Read(first, prefix, _version5, whole: false);
        var payload = prefix[packet.PayloadAt..];
        var ticket = _intake.TakeTooLarge(packet.Topic, payload[..Math.Min(payload.Length, DeadLetterPrefix)], bodyLength - packet.PayloadAt);
        if (packet.QualityOfService > 0)
            _acknowledgements.Owe(ticket, packet.PacketId, packet.QualityOfService);
    }

    /// <summary>Reads what is there, at least one byte, with room for <paramref name="atLeast"/>.</summary>
    /// <returns>False at the end of the stream.</returns>
    private async ValueTask<bool> FillAsync(int atLeast, CancellationToken cancel)
    {
        if (_start == _end)
            (_start, _end) = (0, 0);
        var present = _end - _start;
        if (present + atLeast > _buffer.Length)
        {
            var larger = new byte[present + atLeast];
            _buffer.AsSpan(_start, present).CopyTo(larger);
            (_buffer, _start, _end) = (larger, 0, present);
        }
        else if (_end + atLeast > _buffer.Length || _end == _buffer.Length)
        {
            _buffer.AsSpan(_start, present).CopyTo(_buffer);
            (_start, _end) = (0, present);
        }

        var read = await _inner.ReadAsync(_buffer, _end, _buffer.Length - _end, cancel).ConfigureAwait(false);
        _end += read;
        Volatile.Write(ref _received, _received + read);
        return read > 0;
    }
}
