using StreamRnn.Readings;

namespace StreamRnn.Alerts;

/// <summary>What detection says of one device at one reading (or, for silence, at one missed deadline): the input of the alert life cycle.</summary>
/// <param name="Kind">The evidence that weighs most.</param>
/// <param name="Channel">The channel that weighs most, or null for the whole device.</param>
/// <param name="EventTime">Time of the reading.</param>
/// <param name="DetectedAt">Time at which the input arrived.</param>
/// <param name="Rarity">L = −log10 p, decades: p is the chance that normal data look this odd. 0 or more, higher is more anomalous.</param>
/// <param name="Threshold">The rarity from which an alert opens: follows from the budget of false alarms.</param>
/// <param name="MayOpen">False during warm-up and in the refractory time after an alert: such a verdict never opens one.</param>
/// <param name="ReadingsPerWeek">At the device's present cadence.</param>
public readonly record struct Verdict(
    Device Device, AlertKind Kind, Channel? Channel, Instant EventTime, Instant DetectedAt,
    double Rarity, double Threshold, bool MayOpen, double ReadingsPerWeek)
{
    public bool IsAnomalous => Rarity > Threshold;

    /// <summary>What is odd is only where the values are; they move as ever. Resolves an open alert as adopted.</summary>
    public bool IsNewLevel { get; init; }

    /// <summary>A rarity L as a published score, 0..1: L/(L + 5), so that 0.5 is one in a hundred thousand. Below 0 counts as 0.</summary>
    public static double ScoreOf(double rarity) => Math.Max(0, rarity) / (Math.Max(0, rarity) + 5);
}

/// <summary>Which weights made the predictions: the model's id, and the version that names exactly these.</summary>
public readonly record struct ModelName(string Id, string Version);

/// <summary>What an alert tells beyond its verdict; made only when an event is to be published.</summary>
public sealed record AlertDetails
{
    public double? Value { get; init; }
    public double? Expected { get; init; }
    public double? Lower { get; init; }
    public double? Upper { get; init; }
    public string? Unit { get; init; }

    /// <summary>The usual time between readings of the device, seconds; null where unknown.</summary>
    public double? UsualInterval { get; init; }

    /// <summary>When what is told began, where that was before the alert opened: for stuck the first of the equal values.</summary>
    public Instant? Since { get; init; }

    /// <summary>The model that predicts the device, where it is not the book's own.</summary>
    public ModelName? Model { get; init; }
    public IReadOnlyList<Contribution> Contributions { get; init; } = [];
    public IReadOnlyList<(Instant Time, double Value)> Recent { get; init; } = [];
}
