namespace StreamRnn.Detection;

/// <summary>
/// Which series are overdue. The usual interval is learned from event time, so that a backlog read in one gulp does not make a device look fast; how long it has
/// been quiet is measured on the listening clock, so that our own deafness does not make it look silent.
/// <para>
/// Deadline: the interval as rare among the series' own as the device's alarm budget asks — the exponential tail of ln(interval) above its 95 % quantile, as a
/// <see cref="Calibrator"/> keeps it — and never less than <see cref="LeastIntervals"/> usual intervals plus <see cref="Grace"/>.
/// </para>
/// </summary>
public sealed class SilenceWatch
{
    /// <summary>Readings before a series' interval counts as known.</summary>
    public const int LeastReadings = 30;

    public const double LeastIntervals = 2.5;

    /// <summary>Seconds that a network may hold a reading up.</summary>
    public const double Grace = 0.25;

    private const double PerDoubling = 4;                   // evidence per factor e of interval: keeps the bins fine where intervals vary little

    private readonly PriorityQueue<int, (long At, int Slot)> _queue = new();
    private long[] _lookAt = [];                            // by slot, listening clock, µs

    /// <summary>How unusual an interval is: 0 at or below the usual one, 4 per factor e above.</summary>
    public static double Evidence(double interval, double usual) => PerDoubling * Math.Log(Math.Max(1, interval / Math.Max(usual, 1e-6)));

    /// <summary>Seconds after the last reading at which the series is overdue; infinite while too little is known.</summary>
    /// <param name="row">Only read.</param>
    /// <param name="rarity">How rare a silence must be, decades: −log10 of the device's budget per reading.</param>
    public static double Deadline(in SeriesRow row, double rarity)
    {
        if (row.Count < LeastReadings || row.Interval <= 0)
            return double.PositiveInfinity;
        var tail = row.Interval * Math.Exp(Math.Min(row.IntervalTail.EvidenceAt(rarity), 40) / PerDoubling);
        // Who has just paused may pause as long again, up to ten usual times: one change of cadence is one silence.
        var paused = Math.Min(row.Recent[(row.Count - 1) % SeriesRow.RecentLength].Gap, 10 * row.Interval);
        return Math.Max(tail, LeastIntervals * Math.Max(row.Interval, paused)) + Grace;
    }

    /// <summary>Starts to watch a series; once is enough, it is watched until it is found silent.</summary>
    public void Watch(int slot, in SeriesRow row, double rarity) =>
        Resume(slot, row.LastHeard + Microseconds(Math.Min(Deadline(row, rarity), LookAgain(row))));

    /// <summary>When a series that is watched is looked at next: listening clock, µs. With its row, all that is known of it here.</summary>
    public long LookAt(int slot) => slot < _lookAt.Length ? _lookAt[slot] : 0;

    /// <summary>Notes when a series was to be looked at, and does not watch it yet.</summary>
    public void Keep(int slot, long at)
    {
        if (slot >= _lookAt.Length)
            Array.Resize(ref _lookAt, Math.Max(slot + 1, 2 * _lookAt.Length));
        _lookAt[slot] = at;
    }

    /// <summary>Watches a series that was watched before, and looks at it at <paramref name="at"/>.</summary>
    public void Resume(int slot, long at)
    {
        Keep(slot, at);
        _queue.Enqueue(slot, (at, slot));
    }

    /// <summary>The next series that is overdue at <paramref name="heard"/> (listening clock, µs), or −1. It is no longer watched then.</summary>
    /// <param name="rows">The shard's series.</param>
    /// <param name="heard">Listening clock, µs.</param>
    /// <param name="rarityOf">Slot → how rare a silence must be; asked once for each series that is looked at, and only for those.</param>
    public int NextOverdue(Rows<SeriesRow> rows, long heard, Func<int, double> rarityOf)
    {
        while (_queue.TryPeek(out var slot, out var due) && due.At <= heard)
        {
            _queue.Dequeue();
            ref readonly var row = ref rows[slot];
            var deadline = Deadline(row, rarityOf(slot));
            var at = double.IsInfinity(deadline) ? long.MaxValue : row.LastHeard + Microseconds(deadline);
            if (at <= heard)
                return slot;
            // It has spoken since, or too little is known. Deadlines come nearer as intervals are learned, so it is looked at again before long; one that was
            // never heard of again, such as an invented name, less and less often.
            Resume(slot, Math.Min(at, heard + Math.Max(Microseconds(LookAgain(row)), (heard - row.LastHeard) / 2)));
        }

        return -1;
    }

    /// <summary>
    /// How rare a silence is that lasts, decades: it opens half a decade above what is asked and gains 1¼ with each factor of ten by which it outlasts its deadline, so that
    /// its severity is minor at first, major from six deadlines on and critical from a hundred.
    /// </summary>
    /// <param name="asked">What the budget asks.</param>
    /// <param name="rarity">What the deadline was made for.</param>
    public static double Rarity(in SeriesRow row, double asked, double rarity, long heard) =>
        asked + 0.5 + (1.25 * Math.Log10(Math.Max(1, (heard - row.LastHeard) / 1e6 / Deadline(row, rarity))));

    private static double LookAgain(in SeriesRow row) => Math.Max(10 * row.Interval, 1);

    private static long Microseconds(double seconds) => (long)(1e6 * Math.Min(seconds, 1e9));
}
