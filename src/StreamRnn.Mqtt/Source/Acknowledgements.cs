namespace StreamRnn.Mqtt;

/// <summary>
/// The acknowledgements that one connection owes its broker, in the order in which the payloads came. They are paid when the door says that a ticket is through. A connection that is lost takes
/// its debts with it: the broker sends those payloads again on the next one, under packet ids of its own choice.
/// </summary>
internal sealed class Acknowledgements : IDisposable
{
    private const int PacketLength = 4;
    private const int MostAtOnce = 1024;

    private readonly Lock _gate = new();
    private readonly Queue<(long Ticket, ushort PacketId, bool Received)> _owed = new();
    private readonly SemaphoreSlim _due = new(0);
    private readonly byte[] _packets = new byte[MostAtOnce * PacketLength];
    private long _through;
    private TaskCompletionSource _paid = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _sending;
    private bool _closed;

    /// <summary>Payloads that came and are not acknowledged.</summary>
    public int Count { get { lock (_gate) return _owed.Count + _sending; } }

    /// <summary>A payload was taken in under this ticket.</summary>
    public void Owe(long ticket, ushort packetId, int qualityOfService)
    {
        lock (_gate)
        {
            _owed.Enqueue((ticket, packetId, qualityOfService == 2));
            if (ticket <= _through)
                Wake();
        }
    }

    /// <summary>Everything up to this ticket is through.</summary>
    public void Through(long ticket)
    {
        lock (_gate)
        {
            _through = Math.Max(_through, ticket);
            if (_owed.Count > 0)
                Wake();
        }
    }

    /// <summary>Waits until some are due.</summary>
    /// <returns>The packets to send, valid until the next call; empty when the connection is closed.</returns>
    public async ValueTask<ReadOnlyMemory<byte>> NextAsync(CancellationToken cancel)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_closed)
                    return default;
                var length = 0;
                while (length < _packets.Length && _owed.TryPeek(out var owed) && owed.Ticket <= _through)
                {
                    _owed.Dequeue();
                    _packets[length] = owed.Received ? (byte)0x50 : (byte)0x40;      // PUBREC, PUBACK: success, without properties the same in both versions
                    _packets[length + 1] = 2;
                    _packets[length + 2] = (byte)(owed.PacketId >> 8);
                    _packets[length + 3] = (byte)owed.PacketId;
                    length += PacketLength;
                }

                _sending = length / PacketLength;
                if (length > 0)
                    return _packets.AsMemory(0, length);
            }

            await _due.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>The packets that <see cref="NextAsync"/> gave last are sent.</summary>
    public void Paid()
    {
        lock (_gate)
        {
            _sending = 0;
            if (_owed.Count == 0)
                _paid.TrySetResult();
        }
    }

    /// <summary>Completes when nothing is owed any more.</summary>
    public Task PaidAsync(CancellationToken cancel)
    {
        lock (_gate)
        {
            if (_owed.Count == 0 && _sending == 0)
                return Task.CompletedTask;
            _paid = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _paid.Task.WaitAsync(cancel);
        }
    }

    /// <summary>Nothing is paid any more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            Wake();
            _closed = true;
        }
    }

    public void Dispose()
    {
        Close();
        _due.Dispose();
    }

    private void Wake()
    {
        if (!_closed && _due.CurrentCount == 0)
            _due.Release();
    }
}
