using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace StreamRnn.Benchmarks.Service;

/// <summary>An MQTT 3.1.1 connection that publishes at QoS 0 from a prepared buffer: as fast as a broker can read, which no client library is.</summary>
internal sealed class RawPublisher : IDisposable
{
    private readonly TcpClient _tcp = new();
    private readonly MemoryStream _prepared = new();

    public RawPublisher(int port, string clientId)
    {
        _tcp.Connect("127.0.0.1", port);
        _tcp.NoDelay = true;
        var id = Encoding.UTF8.GetBytes(clientId);
        byte[] connect = [0x10, (byte)(12 + id.Length), 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 4, 2, 0, 0, 0, (byte)id.Length, .. id];
        _tcp.GetStream().Write(connect);
        var answer = new byte[4];
        _tcp.GetStream().ReadExactly(answer);
        if (answer[3] != 0)
            throw new IOException($"the broker refused the connection with code {answer[3]}");
    }

    public void Prepare(string topic, string payload)
    {
        var (t, p) = (Encoding.UTF8.GetBytes(topic), Encoding.UTF8.GetBytes(payload));
        var length = 2 + t.Length + p.Length;
        _prepared.WriteByte(0x30);
        for (; length >= 128; length >>= 7)
            _prepared.WriteByte((byte)((length & 127) | 128));
        _prepared.WriteByte((byte)length);
        Span<byte> size = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(size, (ushort)t.Length);
        _prepared.Write(size);
        _prepared.Write(t);
        _prepared.Write(p);
    }

    /// <summary>Sends what was prepared and forgets it.</summary>
    public void Send()
    {
        _tcp.GetStream().Write(_prepared.GetBuffer().AsSpan(0, (int)_prepared.Length));
        _prepared.SetLength(0);
    }

    public static string Json(double time, double value) => string.Create(CultureInfo.InvariantCulture, $"{{\"time\":{time * 1000:F0},\"value\":{value:F3}}}");

    public void Dispose() => _tcp.Dispose();
}
