using System.Net;
using System.Net.Sockets;

namespace StreamRnn.EndToEnd.Mqtt;

/// <summary>Stands between a client and a broker, so that a test can cut the line, or let it hang.</summary>
internal sealed class Proxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _sockets = [];
    private readonly int _target;
    private volatile TaskCompletionSource? _hanging;

    public Proxy(int target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Cuts every line and lets nobody in again.</summary>
    public void Cut()
    {
        _listener.Stop();
        Sever();
    }

    /// <summary>Cuts every line; who comes again is let in.</summary>
    public void Sever()
    {
        lock (_sockets)
        {
            _sockets.ForEach(socket => socket.Dispose());
            _sockets.Clear();
        }
    }

    /// <summary>From now on nothing gets through, and nobody is told.</summary>
    public void Hang() => _hanging = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What was held back goes on, where the line was not cut.</summary>
    public void Release()
    {
        _hanging?.SetResult();
        _hanging = null;
    }

    public void Dispose()
    {
        Cut();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket inside;
            try
            {
                inside = await _listener.AcceptSocketAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;                                                         // the listener was stopped
            }

            var outside = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await outside.ConnectAsync(IPAddress.Loopback, _target);
            lock (_sockets)
                _sockets.AddRange([inside, outside]);
            _ = CopyAsync(inside, outside);
            _ = CopyAsync(outside, inside);
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 << 10];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var read)
            {
                if (_hanging is { } hanging)
                    await hanging.Task;
                await to.SendAsync(buffer.AsMemory(0, read));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // the line was cut
        }

        from.Dispose();
        to.Dispose();
    }
}
