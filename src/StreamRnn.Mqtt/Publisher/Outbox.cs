using StreamRnn.Alerts;
using StreamRnn.Pipeline;

namespace StreamRnn.Mqtt;

/// <summary>One message to be published.</summary>
/// <param name="Body">The payload; null for a state that is written when it is sent.</param>
/// <param name="Correlation">For the answer to a command: what the asker knows it by.</param>
/// <param name="Alert">The event of which it tells, on its own topic or on that of what is open.</param>
internal readonly record struct Outgoing(string Topic, byte[]? Body, DeviceState? State, bool Retain, bool AtLeastOnce, byte[]? Correlation = null, AlertEvent? Alert = null);

/// <summary>
/// What is still to be published, and what comes next. Alert events keep their order and are bounded; of a retained topic only the last payload counts; scores and dead letters are the
/// first to be dropped. No clock, no thread, no broker: the publisher moves messages between here and the wire. Safe for several threads.
/// </summary>
internal sealed class Outbox
{
    private readonly Lock _gate = new();
    private readonly int _maxAlerts;
    private readonly int _maxDroppable;
    private readonly LinkedList<Outgoing> _alerts = [];
    private readonly Dictionary<string, Outgoing> _retainedDue = [];
    private readonly Queue<string> _retainedOrder = new();
    private readonly Dictionary<string, Outgoing> _retainedNow = [];          // what a new subscriber should find on the broker
    private readonly Queue<Outgoing> _droppable = new();
    private readonly bool _storeKeeps;
    private string? _last;                                                    // the newest alert event that was ever taken in here
    private bool _more;                                                       // newer ones are only in the store
    private int _inFlight;
    private TaskCompletionSource _changed = New();

    /// <param name="maxAlerts">Alert events kept while the broker is away; beyond, the oldest are dropped.</param>
    /// <param name="maxDroppable">Scores and dead letters kept; beyond, new ones are dropped.</param>
    /// <param name="storeKeeps">A store has every alert event: beyond the number that is kept here new ones are left there, and taken in when there is room.</param>
    public Outbox(int maxAlerts = 10_000, int maxDroppable = 1_000, bool storeKeeps = false) => (_maxAlerts, _maxDroppable, _storeKeeps) = (maxAlerts, maxDroppable, storeKeeps);

    public int AlertCount { get { lock (_gate) return _alerts.Count; } }

    /// <summary>Messages that no broker has taken yet, in flight or waiting.</summary>
    public int Count { get { lock (_gate) return CountAll; } }

    private int CountAll => _alerts.Count + _retainedDue.Count + _droppable.Count + _inFlight;

    /// <returns>How many older events were dropped: 0 or 1.</returns>
    public int AddAlert(Outgoing alert)
    {
        lock (_gate)
        {
            if (_storeKeeps && (_more || _alerts.Count >= _maxAlerts))
            {
                _more = true;                                                 // all that come later, too: they keep their order
                return 0;
            }

            _alerts.AddLast(alert);
            _last = alert.Alert?.Id;
            var drop = _alerts.Count > _maxAlerts;
            if (drop)
                _alerts.RemoveFirst();
            Changed();
            return drop ? 1 : 0;
        }
    }

    /// <summary>Whether alert events were left in the store and there is room for some of them.</summary>
    /// <param name="behind">The event behind which they come; null: from the first on.</param>
    public bool WantsMore(out string? behind, out int room)
    {
        lock (_gate)
        {
            (behind, room) = (_last, _maxAlerts - _alerts.Count);
            return _more && room >= _maxAlerts / 2;
        }
    }

    /// <summary>Takes in the next alert events from the store.</summary>
    /// <param name="more">Whether there are still more.</param>
    public void TakeMore(IEnumerable<Outgoing> alerts, bool more)
    {
        lock (_gate)
        {
            foreach (var alert in alerts)
            {
                _alerts.AddLast(alert);
                _last = alert.Alert?.Id;
            }

            _more = more;
            Changed();
        }
    }

    /// <summary>Sets a retained topic. An empty body clears it.</summary>
    public void SetRetained(Outgoing message)
    {
        lock (_gate)
        {
            if (message.Body is { Length: 0 })
                _retainedNow.Remove(message.Topic);
            else
                _retainedNow[message.Topic] = message;
            Due(message);
            Changed();
        }
    }

    /// <summary>A retained topic that the broker has: sent only if it loses it.</summary>
    public void KnowRetained(Outgoing message)
    {
        lock (_gate)
            _retainedNow.TryAdd(message.Topic, message);
    }

    /// <returns>False when it was dropped.</returns>
    public bool AddDroppable(Outgoing message)
    {
        lock (_gate)
        {
            if (_droppable.Count >= _maxDroppable)
                return false;
            _droppable.Enqueue(message);
            Changed();
            return true;
        }
    }

    /// <summary>The broker has lost what it retained: send all of it again.</summary>
    public void RepeatRetained()
    {
        lock (_gate)
        {
            foreach (var message in _retainedNow.Values)
            {
                if (!_retainedDue.ContainsKey(message.Topic))
                    Due(message);
            }

            Changed();
        }
    }

    /// <summary>Takes what is to be sent next: alert events first, then retained topics, then the rest.</summary>
    public bool TryNext(out Outgoing message)
    {
        lock (_gate)
        {
            if (_alerts.First is { } alert)
            {
                message = alert.Value;
                _alerts.RemoveFirst();
            }
            else if (_retainedOrder.TryDequeue(out var topic))
            {
                _retainedDue.Remove(topic, out message);
            }
            else if (!_droppable.TryDequeue(out message))
            {
                return false;
            }

            _inFlight++;
            return true;
        }
    }

    /// <summary>The broker has answered, or the message may be lost.</summary>
    public void Done()
    {
        lock (_gate)
        {
            _inFlight--;
            Changed();
        }
    }

    /// <summary>The connection was lost before the broker answered: these messages, in the order in which they were sent, go first again.</summary>
    public void PutBack(IReadOnlyList<Outgoing> unanswered)
    {
        lock (_gate)
        {
            for (var i = unanswered.Count - 1; i >= 0; i--)
            {
                _inFlight--;
                var message = unanswered[i];
                if (!message.Retain)
                    _alerts.AddFirst(message);
                else if (!_retainedDue.ContainsKey(message.Topic))           // else a newer payload is due anyway
                    Due(message);
            }

            Changed();
        }
    }

    /// <summary>Completes at the next change; take it before looking, then nothing is missed.</summary>
    public Task ChangedAsync()
    {
        lock (_gate)
            return _changed.Task;
    }

    private void Due(Outgoing message)
    {
        if (!_retainedDue.ContainsKey(message.Topic))
            _retainedOrder.Enqueue(message.Topic);
        _retainedDue[message.Topic] = message;
    }

    private void Changed()
    {
        _changed.TrySetResult();
        _changed = New();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
