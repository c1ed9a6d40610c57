using System.Net;
using System.Net.Sockets;

namespace StreamRnn.Tests.Mqtt;

/// <summary>Takes connections, and answers a CONNECT or not even that.</summary>
internal sealed class SilentBroker : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TcpClient? _client;

    public SilentBroker(bool greets)
    {
        _listener.Start();
        _ = ServeAsync(greets);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Completes when the request has come that is not answered.</summary>
    public Task Asked => _asked.Task;

    public void Dispose()
    {
        _listener.Dispose();
        _client?.Dispose();
    }

    private async Task ServeAsync(bool greets)
    {
        try
        {
            _client = await _listener.AcceptTcpClientAsync();
            var (stream, bytes) = (_client.GetStream(), new byte[4096]);
            var read = await stream.ReadAsync(bytes);
            if (greets)
            {
                var version5 = bytes.AsSpan(0, read).IndexOf("MQTT"u8) is var name && bytes[name + 4] == 5;
                await stream.WriteAsync(version5 ? new byte[] { 0x20, 3, 0, 0, 0 } : [0x20, 2, 0, 0]);         // CONNACK: welcome, no session
                await stream.ReadAtLeastAsync(bytes, 1);
            }

            _asked.TrySetResult();
        }
        catch (Exception e)
        {
            _asked.TrySetException(e);
        }
    }
}
