using StreamRnn.Detection;
using StreamRnn.Readings;

namespace StreamRnn.Host.Evaluation;

/// <summary>How long a series was watched while nothing was wrong: the time from row to row, but for rows of labelled anomalies and those that are for warm-up.</summary>
internal sealed class NormalClock(LabelledSeries series)
{
    private long _last = long.MinValue;

    public double Weeks { get; private set; }

    /// <summary>Told of every row in turn.</summary>
    public void Pass(int row, Instant time)
    {
        // Where a record's own clock goes back, what follows is counted from its latest time on.
        if (_last != long.MinValue && time.Microseconds > _last && row >= series.Skip && !series.Label[row])
            Weeks += (time.Microseconds - _last) / (1e6 * DeviceRow.WeekSeconds);
        _last = Math.Max(_last, time.Microseconds);
    }
}
