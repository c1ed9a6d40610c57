using System.Buffers;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using MQTTnet.Channel;

namespace StreamRnn.Tests.Mqtt;

/// <summary>A stream that comes in pieces of the given lengths, over and over.</summary>
internal sealed class Wire(byte[] stream, IEnumerable<int> cuts) : IMqttChannel
{
    private readonly int[] _cuts = [.. cuts];
    private int _at;
    private int _cut;

    public X509Certificate2 ClientCertificate => null!;
    public EndPoint RemoteEndPoint => null!;
    public EndPoint LocalEndPoint => null!;
    public bool IsSecureConnection => false;

    public Task ConnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task DisconnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        var length = Math.Min(Math.Min(count, _cuts[_cut++ % _cuts.Length]), stream.Length - _at);
        stream.AsSpan(_at, length).CopyTo(buffer.AsSpan(offset));
        _at += length;
        return Task.FromResult(length);
    }

    public Task WriteAsync(ReadOnlySequence<byte> buffer, bool isEndOfPacket, CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
    }
}
