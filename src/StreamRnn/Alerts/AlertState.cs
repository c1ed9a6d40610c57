using StreamRnn.Readings;

namespace StreamRnn.Alerts;

/// <summary>Evidence that shares one alert: a device has at most one open alert of each family.</summary>
public enum AlertFamily { Values, Silence, Stuck }

/// <summary>Quiet: nothing to tell. Open: an alert is open. Resolved: one ended not long ago, which matters if it comes again.</summary>
public enum AlertPhase { Quiet, Open, Resolved }

/// <summary>What one observation did to an alert.</summary>
public enum AlertTransition { None, Opened, Updated, Resolved }

/// <summary>
/// All that is remembered of one device's alert of one family between two observations. Holds no references, so it is also what a checkpoint keeps.
/// <c>default</c> is a device of which nothing is known.
/// </summary>
public readonly record struct AlertState
{
    public AlertPhase Phase { get; init; }

    /// <summary>The kind of evidence that opened the alert; stays to its end.</summary>
    public AlertKind Kind { get; init; }

    /// <summary>The highest severity so far.</summary>
    public Severity Severity { get; init; }

    /// <summary>How the last alert ended; meaningful in <see cref="AlertPhase.Resolved"/>.</summary>
    public Resolution Resolution { get; init; }

    /// <summary>The channel that weighed most when the severity last rose, as <see cref="Channel.Index"/>; −1 for the whole device.</summary>
    public int Channel { get; init; }

    /// <summary>Of the last event: 0 for opened.</summary>
    public int Sequence { get; init; }

    /// <summary>Observations since and with the opening one; not counted for silence.</summary>
    public int Length { get; init; }

    /// <summary>Anomalous readings in this alert; for silence, the times the device fell silent in it.</summary>
    public int Count { get; init; }

    /// <summary>Calm observations in a row, up to now.</summary>
    public int Calm { get; init; }

    /// <summary>How many times in a row the alert came again soon after it was resolved, up to <see cref="AlertLife.MostDoublings"/>; above 0 it is flapping.</summary>
    public int Reopened { get; init; }

    /// <summary>The last readings before an alert opens, bit 0 the latest, 1 = anomalous.</summary>
    public ulong Window { get; init; }

    /// <summary>The threshold at which the alert opened, decades. The budget's threshold moves on; the alert is judged by its own.</summary>
    public double Threshold { get; init; }

    public Instant OpenedAt { get; init; }
    public Instant LastEventAt { get; init; }
    public Instant ResolvedAt { get; init; }

    public bool IsOpen => Phase == AlertPhase.Open;

    public bool Flapping => Reopened > 0;
}
