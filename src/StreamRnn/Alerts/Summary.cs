using System.Globalization;
using StreamRnn.Readings;

namespace StreamRnn.Alerts;

/// <summary>The one English sentence of an event that a person can act on: what was seen, what was expected, for how long, what to do.</summary>
public static class Summary
{
    /// <param name="e">The event; its own summary is not looked at.</param>
    /// <param name="usualInterval">The usual time between the device's readings, seconds; null where unknown.</param>
    /// <param name="since">When a value that stands still came first; null where unknown.</param>
    public static string Of(AlertEvent e, double? usualInterval, Instant? since = null)
    {
        var sentence = e.Status switch
        {
            AlertStatus.Resolved => Resolved(e),
            AlertStatus.Updated when e.Kind == AlertKind.Stuck => $"{Subject(e)} still stands still{Now(e, " at ", "")}, for {Wording.Duration(since ?? e.OpenedAt, e.EventTime)} now; {Stuck}.",
            AlertStatus.Updated => e.Kind == AlertKind.Silence ? $"Still no reading from {Subject(e)} {Silent(e)}{Usually(usualInterval)}; {Silence}." : Updated(e),
            _ => Opened(e, usualInterval, since),
        };
        return e is { Flapping: true, Status: AlertStatus.Opened } ? "Again: " + sentence : sentence;
    }

    private const string Silence = "check its power and its connection";

    private const string Stuck = "check whether the device still measures";

    private static string Opened(AlertEvent e, double? usualInterval, Instant? since) => e.Kind switch
    {
        AlertKind.Silence => $"{Subject(e)}: no reading {Silent(e)}{Usually(usualInterval)}; {Silence}.",
        AlertKind.Stuck when since is { } first => $"{Subject(e)} stands still{Now(e, " at ", "")} for {Wording.Duration(first, e.EventTime)}, longer than it usually does; {Stuck}.",
        AlertKind.Stuck => $"{Subject(e)} stands still{Now(e, " at ", "")}{Expected(e)}; {Stuck}.",
        AlertKind.LevelShift => $"{Subject(e)} has moved to another level{Now(e, ": it is ", "")}{Expected(e)}; check what changed, or leave it and it becomes the normal.",
        AlertKind.Pattern => $"{Subject(e)} no longer follows its usual pattern{Now(e, ": it is ", "")}{Expected(e)}; check what changed.",
        AlertKind.OutOfRange => $"{Subject(e)} is{Now(e, " ", ",")} beyond all that was seen of it before{Expected(e)}; check the device.",
        AlertKind.Novelty => $"{Subject(e)} does what was not seen of it before{Now(e, ": it is ", "")}{Expected(e)}; check what changed.",
        AlertKind.DataQuality => $"{Subject(e)} sends values of poor quality{Now(e, ": it is ", "")}{Expected(e)}; check what sends them.",
        _ => e.Value is null
            ? $"{Subject(e)} behaves unlike what it usually does at this time{Shares(e)}; check the device."
            : $"{Subject(e)}{Now(e, " is ", "")}{Expected(e)}: {Place(e)}; check the device.",
    };

    private static string Updated(AlertEvent e) =>
        $"{Subject(e)} is still unusual after {Lasted(e)}{Now(e, ": it is ", "")}{Expected(e)}; "
        + (e.Count == 1 ? "1 unusual reading" : string.Create(CultureInfo.InvariantCulture, $"{e.Count} unusual readings"))
        + $" so far, severity {AlertWords.Of(e.Severity)}; check the device.";

    private static string Resolved(AlertEvent e) => e.Resolution switch
    {
        Alerts.Resolution.Adopted => $"{Subject(e)} has been like this for {Lasted(e)}{Now(e, ": it is ", ",")} and that is taken as its normal from now on.",
        Alerts.Resolution.Feedback => $"{Subject(e)} was said to be normal after {Lasted(e)}; it will not be reported again for this.",
        Alerts.Resolution.Maintenance => $"{Subject(e)} went into maintenance after {Lasted(e)}; the alert is closed.",
        Alerts.Resolution.Expired => $"{Subject(e)}: nothing more was heard of this for {Lasted(e)}; the alert is closed.",
        _ when e.Kind == AlertKind.Silence => $"{Subject(e)} reports again, {Lasted(e)} after its reading was due.",
        _ when e.Kind == AlertKind.Stuck => $"{Subject(e)} moves again after {Lasted(e)}{Now(e, ": it is ", "")}.",
        _ => $"{Subject(e)} is back to normal after {Lasted(e)}{Now(e, ": it is ", "")}{Expected(e)}.",
    };

    private static string Subject(AlertEvent e) => e.Channel is null ? e.Device : $"{e.Device} {e.Channel}";

    private static string Now(AlertEvent e, string before, string after) => e.Value is null ? "" : before + Numbers(e).Value + Unit(e) + after;

    private static string Expected(AlertEvent e)
    {
        if (e is { Lower: not null, Upper: not null })
        {
            var (_, lower, upper) = Numbers(e);
            return lower == upper ? $", expected {lower}{Unit(e)}" : $", expected {lower} to {upper}{Unit(e)}";
        }

        return e.Expected is { } expected ? $", expected {Wording.Number(expected)}{Unit(e)}" : "";
    }

    private static (string Value, string Lower, string Upper) Numbers(AlertEvent e) =>
        Wording.WithBand(e.Value ?? e.Lower ?? 0, e.Lower ?? double.NaN, e.Upper ?? double.NaN);

    private static string Unit(AlertEvent e) => string.IsNullOrEmpty(e.Unit) ? "" : " " + e.Unit;

    // Far: further from the band than the band is wide.
    private static string Place(AlertEvent e)
    {
        if (e is not { Value: { } value, Lower: { } lower, Upper: { } upper })
            return e is { Value: { } v, Expected: { } x } && v != x
                ? $"{(v > x ? "above" : "below")} what it usually is at this time"
                : "unlike what it usually is at this time";
        var beyond = value > upper ? value - upper : value < lower ? lower - value : 0;
        return beyond == 0
            ? "within the band, but not the way it usually moves"
            : $"{(beyond > upper - lower ? "far " : "")}{(value > upper ? "above" : "below")} what it usually is at this time";
    }

    private static string Shares(AlertEvent e) => e.Contributions.Count == 0
        ? ""
        : " (" + string.Join(", ", e.Contributions.OrderByDescending(c => c.Share).Take(3).Select(c => $"{c.Channel} {Wording.Percent(c.Share)}")) + ")";

    private static string Lasted(AlertEvent e) => Wording.Duration(e.OpenedAt, e.ResolvedAt ?? e.EventTime);

    // Counted from the last reading where it is known, else from the missed deadline.
    private static string Silent(AlertEvent e)
    {
        var since = e.Recent.Count > 0 && e.Recent[^1].Time < e.EventTime ? e.Recent[^1].Time : e.OpenedAt;
        return since < e.EventTime ? $"for {Wording.Duration(since, e.EventTime)}" : "when one was due";
    }

    private static string Usually(double? interval) => interval is > 0 and < 1e9
        ? $"; it usually reports every {Wording.Duration(TimeSpan.FromSeconds(interval.Value))}"
        : "";
}
