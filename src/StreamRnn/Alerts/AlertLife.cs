using System.Numerics;
using StreamRnn.Readings;

namespace StreamRnn.Alerts;

/// <summary>
/// The life cycle of an alert: a pure function of what is remembered and what is observed.
/// Opens on K anomalous readings of N; resolves after a hold of calm readings, or as adopted when it has lasted too long; tells in between only
/// when it becomes more severe or long after its last event. Silence: the missed deadline opens, the next reading (a verdict of kind silence that is not
/// anomalous) resolves. Stuck: a run of equal values that is too long opens, the next other value resolves, and after a week it is adopted.
/// </summary>
public static class AlertLife
{
    /// <summary>A flapping alert's hold is doubled at most so many times: 64 times the usual hold.</summary>
    public const int MostDoublings = 6;

    /// <summary>
    /// What normal data reach once in twenty readings is calm, whatever the threshold: −log10 0.05. A device that reports daily has a threshold of 0.85 at one
    /// false alarm a week; half of that is exceeded by every third normal reading, and ten calm ones in a row would hardly ever come.
    /// </summary>
    public const double AlwaysCalm = 1.301;

    /// <summary>Whoever was told daily for a week that a value stands still, and left it so, takes it for normal.</summary>
    private static readonly long LongestStuck = (long)TimeSpan.FromDays(7).TotalMicroseconds;

    private static readonly long LongestInterval = (long)TimeSpan.FromDays(1).TotalMicroseconds;

    public static AlertFamily FamilyOf(AlertKind kind) => kind switch
    {
        AlertKind.Silence => AlertFamily.Silence,
        AlertKind.Stuck => AlertFamily.Stuck,
        _ => AlertFamily.Values,
    };

    /// <summary>
    /// Severity of an excess x = rarity − threshold, decades. Of the alerts that normal data raise, a share of 10^−x exceeds the threshold by x or more, so that
    /// two of three false alarms are info (x below 0.5), one in 30 is major or worse (from 1.5) and one in 1,000 is critical (from 3).
    /// </summary>
    public static Severity SeverityOf(double excess) => excess switch
    {
        >= 3 => Severity.Critical,
        >= 1.5 => Severity.Major,
        >= 0.5 => Severity.Minor,
        _ => Severity.Info,
    };

    /// <summary>The rarity below which a reading is calm, for an alert that opened at <paramref name="threshold"/>.</summary>
    public static double CalmBelow(double threshold, AlertOptions rules) =>
        Math.Min(threshold, Math.Max(rules.ResolveBelow * threshold, AlwaysCalm));

    /// <summary>One observation. The state after it, and whether it has to be told.</summary>
    /// <param name="state">Of the verdict's device and family.</param>
    public static (AlertState State, AlertTransition Transition) Step(in AlertState state, in Verdict verdict, AlertOptions rules) =>
        state.IsOpen ? GoOn(state, verdict, rules) : Watch(state, verdict, rules);

    /// <summary>What is left of a state at a later time: a resolved alert is forgotten when coming again would no longer be flapping.</summary>
    public static AlertState Forget(in AlertState state, Instant now, AlertOptions rules) =>
        state.Phase == AlertPhase.Resolved && !IsSoon(state, now, rules) ? new AlertState { Window = state.Window } : state;

    private static (AlertState, AlertTransition) Watch(in AlertState state, in Verdict verdict, AlertOptions rules)
    {
        var (k, n) = FamilyOf(verdict.Kind) != AlertFamily.Values ? (1, 1) : (rules.OpenAfter, rules.OpenWithin);
        var odd = verdict.IsAnomalous && verdict.MayOpen;
        var window = ((state.Window << 1) | (odd ? 1UL : 0UL)) & (ulong.MaxValue >> (64 - n));
        var count = BitOperations.PopCount(window);
        if (!odd || count < k)
            return (Forget(state, verdict.EventTime, rules) with { Window = window }, AlertTransition.None);

        var again = state.Phase == AlertPhase.Resolved && IsSoon(state, verdict.EventTime, rules);
        return (new AlertState
        {
            Phase = AlertPhase.Open,
            Kind = verdict.Kind,
            Severity = SeverityOf(verdict.Rarity - verdict.Threshold),
            Channel = verdict.Channel?.Index ?? -1,
            Length = 1,
            Count = count,
            Reopened = again ? Math.Min(state.Reopened + 1, MostDoublings) : 0,
            Threshold = verdict.Threshold,
            OpenedAt = verdict.EventTime,
            LastEventAt = verdict.EventTime,
        }, AlertTransition.Opened);
    }

    private static (AlertState, AlertTransition) GoOn(in AlertState state, in Verdict verdict, AlertOptions rules)
    {
        var silence = state.Kind == AlertKind.Silence;
        var calm = verdict.Rarity < CalmBelow(state.Threshold, rules) ? state.Calm + 1 : 0;
        var anomalous = verdict.Rarity > state.Threshold;
        var next = state with
        {
            Calm = calm,
            // A silence that lasts is observed at every tick; its state must not change with how many there are.
            Length = silence || state.Length == int.MaxValue ? state.Length : state.Length + 1,
            // Silence is observed at every tick: what counts is falling silent again, not being silent still.
            Count = state.Count + (anomalous && (!silence || state.Calm > 0) ? 1 : 0),
        };

        var stuck = state.Kind == AlertKind.Stuck;
        if (calm >= (stuck ? 1 : (silence ? 1 : rules.HoldReadings) << state.Reopened))
            return Resolve(next, verdict, Resolution.Returned);
        if (verdict.IsNewLevel)
            return Resolve(next, verdict, Resolution.Adopted);
        if (stuck ? verdict.EventTime.Microseconds - state.OpenedAt.Microseconds >= LongestStuck : !silence && next.Length >= rules.LongestReadings)
            return Resolve(next, verdict, Resolution.Adopted);

        var severity = SeverityOf(verdict.Rarity - state.Threshold);
        if (severity > state.Severity)
            return Update(next with { Severity = severity, Channel = verdict.Channel?.Index ?? -1 }, verdict);
        return calm == 0 && !state.Flapping && verdict.EventTime.Microseconds - state.LastEventAt.Microseconds >= Interval(state, rules)
            ? Update(next, verdict)
            : (next, AlertTransition.None);
    }

    private static (AlertState, AlertTransition) Update(in AlertState state, in Verdict verdict) =>
        (state with { Sequence = state.Sequence + 1, LastEventAt = verdict.EventTime }, AlertTransition.Updated);

    private static (AlertState, AlertTransition) Resolve(in AlertState state, in Verdict verdict, Resolution resolution) =>
        (state with
        {
            Phase = AlertPhase.Resolved,
            Resolution = resolution,
            Sequence = state.Sequence + 1,
            LastEventAt = verdict.EventTime,
            // A reading that ends a silence may bear a device's own, slower clock; no alert ends before it began.
            ResolvedAt = verdict.EventTime < state.OpenedAt ? state.OpenedAt : verdict.EventTime,
            Window = 0,
        }, AlertTransition.Resolved);

    // Microseconds. The interval is doubled by each event told since the opening.
    private static long Interval(in AlertState state, AlertOptions rules)
    {
        var first = (long)rules.UpdateInterval.TotalMicroseconds;
        return Math.Max(first, Math.Min(first << Math.Min(state.Sequence, 20), LongestInterval));
    }

    private static bool IsSoon(in AlertState state, Instant now, AlertOptions rules) =>
        now.Microseconds - state.ResolvedAt.Microseconds < (long)rules.FlapWindow.TotalMicroseconds;
}
