using System.Reactive.Subjects;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <summary>Section <c>StreamRnn:Ingest</c>, what may be inside between the broker and the acknowledgement.</summary>
/// <param name="Payloads">Payloads admitted and not yet through.</param>
/// <param name="Bytes">Their bytes together.</param>
public sealed record DoorLimits(int Payloads = 10_000, long Bytes = 64 << 20);

/// <summary>
/// The bounded door: the only place of the pipeline that waits. Sources admit decoded payloads; the pump hands out everything that arrived while the last
/// entry was worked on, as one <see cref="Pipeline.Arrivals"/>, and says when it is through so that the source can acknowledge.
/// Two buffers take turns: one is filled while the other is folded, so a full door holds at most the limits, whatever the broker sends.
/// </summary>
public sealed class Door : IDisposable
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(500);

    private readonly DoorLimits _limits;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _filled = new(0);
    private readonly Subject<Arrivals> _out = new();
    private Arrivals _filling = new();
    private Arrivals _folding = new();
    private TaskCompletionSource _room = NoRoom();
    private long _lastTicket;
    private long _through;
    private int _payloads;
    private long _bytes;
    private int _fillingPayloads;
    private long _fillingBytes;
    private bool _listening;
    private readonly Instant _heardBefore;
    private readonly long _openedAt;  // timestamp of the clock that never jumps
    private TimeSpan _deaf;           // how long we did not listen, in all
    private TimeSpan _deafSince;      // on the same clock, since the door was opened

    /// <param name="limits">Bounds on what is inside.</param>
    /// <param name="clock">Stamps the entries; the shell's <see cref="TimeProvider"/>.</param>
    /// <param name="heard">Where the listening clock goes on: that of the last entry before this door. Null: the time is now. Time that we were down is not time that devices were silent.</param>
    public Door(DoorLimits limits, TimeProvider clock, Instant? heard = null)
    {
        (_limits, _clock) = (limits, clock);
        (_heardBefore, _openedAt) = (heard ?? Now, clock.GetTimestamp());
    }

    /// <summary>The entries, one after the other, on the thread that runs <see cref="Pump"/>. Hot; never ends with an error of a payload.</summary>
    public IObservable<Arrivals> Arrivals => _out;

    /// <summary>Raised on the pump's thread: every payload up to and including this ticket is through and may be acknowledged.</summary>
    public event Action<long>? Through;

    /// <summary>Payloads inside.</summary>
    public int Depth { get { lock (_gate) return _payloads; } }

    /// <summary>Completes when there is room. A source awaits it before it takes the next payload from the wire.</summary>
    public async ValueTask WaitForRoomAsync(CancellationToken cancel)
    {
        while (true)
        {
            Task room;
            lock (_gate)
            {
                if (_payloads < _limits.Payloads && _bytes < _limits.Bytes)
                    return;
                room = _room.Task;
            }

            await room.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Admits one decoded payload (copied; the caller's buffer is free again). Readings may be none: a payload that failed still waits its turn to be acknowledged.</summary>
    /// <returns>The payload's ticket: 1, 2, …</returns>
    public long Admit(ReadingBuffer readings, int payloadBytes) => Admit(readings, null, payloadBytes);

    /// <summary>Admits a command, behind all that was admitted before it.</summary>
    /// <returns>Its ticket, from the same row of numbers.</returns>
    public long Admit(DetectorCommand command, int payloadBytes) => Admit(null, command, payloadBytes);

    private long Admit(ReadingBuffer? readings, DetectorCommand? command, int payloadBytes)
    {
        lock (_gate)
        {
            if (readings is not null)
                _filling.Readings.Append(readings);
            if (command is not null)
                _filling.Add(command);
            _filling.Ticket = ++_lastTicket;
            _payloads++;
            _bytes += payloadBytes;
            _fillingPayloads++;
            _fillingBytes += payloadBytes;
            if (_filled.CurrentCount == 0)
                _filled.Release();
            return _lastTicket;
        }
    }

    /// <summary>Says whether we can hear the devices (connected and subscribed). The clock of silence stands still while we cannot.</summary>
    public void Listen(bool listening)
    {
        lock (_gate)
        {
            if (listening == _listening)
                return;
            _listening = listening;
            if (listening)
                _deaf += Age - _deafSince;
            else
                _deafSince = Age;
        }
    }

    /// <summary>Runs on the calling thread until cancelled: waits for arrivals or the next tick, pushes them, says they are through. An observer's exception ends it.</summary>
    public void Pump(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                _filled.Wait(TickEvery, cancel);
            }
            catch (OperationCanceledException)
            {
                return;                          // asked to stop; what is inside was not acknowledged and will come again
            }

            PumpOnce();
        }
    }

    /// <summary>Pushes what is there, a tick if nothing is.</summary>
    public void PumpOnce()
    {
        int payloads;
        long bytes;
        lock (_gate)
        {
            (_filling, _folding) = (_folding, _filling);
            (payloads, bytes) = (_fillingPayloads, _fillingBytes);
            (_fillingPayloads, _fillingBytes) = (0, 0);
            _filling.Clear();
            _folding.Ticket = _lastTicket;
            _folding.Now = Now;
            _folding.Heard = _heardBefore + ((_listening ? Age : _deafSince) - _deaf);
        }

        _out.OnNext(_folding);
        lock (_gate)
        {
            _payloads -= payloads;
            _bytes -= bytes;
            if (payloads > 0)
            {
                _room.TrySetResult();
                _room = NoRoom();
            }
        }

        if (payloads > 0)
            Acknowledge(_folding.Ticket);
    }

    /// <summary>
    /// Says that every payload up to this ticket is through. Called by whoever has made the entry durable, on the pump's thread while the entry is being pushed; where nobody does, it is said when the
    /// observer has returned. Room is given back then in either case.
    /// </summary>
    public void Acknowledge(long ticket)
    {
        if (ticket <= _through)
            return;
        _through = ticket;
        Through?.Invoke(ticket);
    }

    public void Dispose()
    {
        _out.Dispose();
        _filled.Dispose();
    }

    private Instant Now => Instant.From(_clock.GetUtcNow());

    // Not from the wall clock: when that is set an hour on, no device has been silent for an hour.
    private TimeSpan Age => _clock.GetElapsedTime(_openedAt);

    private static TaskCompletionSource NoRoom() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
