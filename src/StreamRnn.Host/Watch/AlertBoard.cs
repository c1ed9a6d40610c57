using StreamRnn.Alerts;
using StreamRnn.Readings;

namespace StreamRnn.Host.Watch;

/// <summary>
/// What a subscriber knows: the alerts that are open now and the last events. A fold over events in any order of arrival, with repeats: an alert's state is
/// that of its highest sequence, so the retained copy of an event and the event itself count once. Not safe for several threads.
/// </summary>
internal sealed class AlertBoard(int keep = 200)
{
    private readonly Dictionary<string, AlertEvent> _open = [];
    private readonly Dictionary<string, int> _seen = [];        // alert → highest sequence seen
    private readonly Queue<string> _resolved = [];
    private readonly LinkedList<AlertEvent> _recent = [];

    /// <summary>Alerts that are open, the most severe first, then the newest.</summary>
    public IReadOnlyList<AlertEvent> Open => [.. _open.Values.OrderByDescending(e => e.Severity).ThenByDescending(e => e.OpenedAt)];

    /// <summary>The last events, newest first.</summary>
    public IEnumerable<AlertEvent> Recent => _recent;

    public int Opened { get; private set; }

    public int Resolved { get; private set; }

    /// <summary>Alerts whose sequence is remembered: the open ones, and the last thousand that ended.</summary>
    public int Remembered => _seen.Count;

    /// <returns>False when the event, or a later one of its alert, was seen before.</returns>
    public bool Add(AlertEvent e)
    {
        var known = _seen.TryGetValue(e.AlertId, out var sequence);
        if (known && e.Sequence <= sequence)
        {
            if (e.Sequence == sequence && e.Status != AlertStatus.Resolved)
                _open[e.AlertId] = e;            // still open: the retained copy says so after a reconnect
            return false;
        }

        if (!known)
            Opened++;
        _seen[e.AlertId] = e.Sequence;
        if (e.Status == AlertStatus.Resolved)
        {
            Resolved++;
            _open.Remove(e.AlertId);
            ForgetInTime(e.AlertId);
        }
        else
            _open[e.AlertId] = e;

        _recent.AddFirst(e);
        if (_recent.Count > keep)
            _recent.RemoveLast();
        return true;
    }

    /// <summary>The retained message of an open alert was emptied: it is over, whether or not we saw its end.</summary>
    public void Close(string alertId) => _open.Remove(alertId);

    /// <summary>We were away: what is still open will be told again.</summary>
    public void Forget() => _open.Clear();

    // A repeat of a resolved alert's events comes soon or never; what we remember of it must not grow for ever.
    private void ForgetInTime(string alertId)
    {
        _resolved.Enqueue(alertId);
        if (_resolved.Count > 1_000)
            _seen.Remove(_resolved.Dequeue());
    }

    /// <summary>How long an alert has been open at this time.</summary>
    public static TimeSpan Age(AlertEvent e, Instant now) => now > e.OpenedAt ? now - e.OpenedAt : TimeSpan.Zero;
}
