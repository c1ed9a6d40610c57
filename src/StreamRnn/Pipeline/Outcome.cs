using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <summary>How far a series or device is: learning, watching, in an open alert, or not heard from.</summary>
public enum Phase { WarmingUp, Ready, Alerting, Silent }

/// <summary>One sample as the detector saw it.</summary>
/// <param name="Expected">The prediction made before the value was looked at; NaN for a series' first reading.</param>
/// <param name="Lower">Expected band: normal values fall outside about once in a hundred readings.</param>
/// <param name="Score">The device's score at this reading, 0..1: L/(L + 5), L = −log10 p, held for a while after a peak (<see cref="Fading"/>).</param>
/// <param name="Threshold">The score from which an alert opens now.</param>
public readonly record struct ScoredSample(
    Channel Channel, Instant Time, double Value, double Expected, double Lower, double Upper, double Score, double Threshold, Phase Phase)
{
    /// <summary>The score where something begins: no reading of the last 100 scored as high; else 0.</summary>
    public double Onset { get; init; }

    /// <summary>The score of this reading by itself, not held.</summary>
    public double Now { get; init; }

    /// <summary>How rare the series takes this value to be, decades: all its evidence together, calibrated by its own past.</summary>
    public double Rarity { get; init; }

    /// <summary>How rare each kind of evidence is by itself, decades, at most 8; zeros for a series' first reading.</summary>
    public Evidence Evidence { get; init; }
}

/// <summary>A device's retained state as published: sent when the phase changes, every tenth reading of warm-up, and when something is called normal or suppressed because of it.</summary>
/// <param name="Seen">Readings so far, up to <paramref name="Needed"/>.</param>
/// <param name="UsualIntervals">Channel → usual seconds between readings.</param>
/// <param name="Normal">What of it is called normal; null where nothing ever was.</param>
public sealed record DeviceState(
    string Device, Phase Phase, int Seen, int Needed, Instant Since, IReadOnlyDictionary<string, double> UsualIntervals, NormalCount? Normal = null);

/// <summary>What there is to tell of a device and the net of its group.</summary>
public enum ModelNews
{
    /// <summary>Columns of the model have not come; until all have, the base model predicts.</summary>
    Waits,

    /// <summary>All columns have come: the net predicts.</summary>
    Predicts,

    /// <summary>The net predicted something that is not finite; its sequence begins anew, and the base model predicts meanwhile.</summary>
    Fails,
}

/// <summary>Told once per device and kind of news.</summary>
/// <param name="Missing">Columns of the model that have not come.</param>
/// <param name="Strangers">Channels of the device that are no column of the model: the base model predicts those.</param>
public sealed record ModelNotice(Device Device, ModelName Model, ModelNews News, IReadOnlyList<string> Missing, IReadOnlyList<string> Strangers);

/// <summary>What came of one group of arrivals. Valid until the observer returns: the lists are used again for the next group.</summary>
public sealed class Outcome
{
    public List<AlertEvent> Alerts { get; } = [];
    public List<DeviceState> States { get; } = [];

    /// <summary>Filled only where <see cref="DetectionOptions.KeepScores"/> is set.</summary>
    public List<ScoredSample> Scores { get; } = [];

    /// <summary>Filled only where <see cref="DetectionOptions.KeepForecasts"/> is set.</summary>
    internal List<Foreseen> Forecasts { get; } = [];

    /// <summary>Of devices in groups.</summary>
    public List<ModelNotice> Notices { get; } = [];

    /// <summary>To the entry's commands.</summary>
    public List<CommandReply> Replies { get; } = [];

    public int Readings { get; set; }
    public int Duplicates { get; set; }
    public int Late { get; set; }

    internal void Append(Outcome other)
    {
        Alerts.AddRange(other.Alerts);
        States.AddRange(other.States);
        Scores.AddRange(other.Scores);
        Forecasts.AddRange(other.Forecasts);
        Notices.AddRange(other.Notices);
        Replies.AddRange(other.Replies);
        Readings += other.Readings;
        Duplicates += other.Duplicates;
        Late += other.Late;
    }

    public void Clear()
    {
        Alerts.Clear();
        States.Clear();
        Scores.Clear();
        Forecasts.Clear();
        Notices.Clear();
        Replies.Clear();
        (Readings, Duplicates, Late) = (0, 0, 0);
    }
}
