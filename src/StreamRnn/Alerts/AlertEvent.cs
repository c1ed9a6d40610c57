using StreamRnn.Readings;

namespace StreamRnn.Alerts;

/// <summary>What kind of evidence opened the alert.</summary>
public enum AlertKind { PredictionError, LevelShift, Pattern, Silence, Stuck, OutOfRange, Novelty, DataQuality }

public enum AlertStatus { Opened, Updated, Resolved }

public enum Severity { Info, Minor, Major, Critical }

/// <summary>How an alert ended: the values returned, the new level was adopted, a person said it is normal, …</summary>
public enum Resolution { Returned, Adopted, Feedback, Maintenance, Expired }

/// <summary>A channel's part in the alert. Share: 0..1, the shares of one alert sum to 1.</summary>
public sealed record Contribution(string Channel, double Share, double Value, double Expected);

/// <summary>One event in the life of an alert: what is published. Immutable; the same input makes the same event, id and all.</summary>
public sealed record AlertEvent
{
    /// <summary>Same for all events of one alert; made of device, kind and the time of the reading that opened it.</summary>
    public required string AlertId { get; init; }

    /// <summary>0 for opened, then 1, 2, … The event's id is <c>AlertId-Sequence</c>.</summary>
    public required int Sequence { get; init; }
    public string Id => $"{AlertId}-{Sequence}";
    public required AlertStatus Status { get; init; }
    public required AlertKind Kind { get; init; }
    public required Severity Severity { get; init; }
    public required string Device { get; init; }

    /// <summary>The channel that contributes most, or null when the alert concerns the whole device.</summary>
    public string? Channel { get; init; }
    public string? Unit { get; init; }
    public required Instant OpenedAt { get; init; }

    /// <summary>The time of the reading (or, for silence, of the missed deadline) that caused this event.</summary>
    public required Instant EventTime { get; init; }

    /// <summary>The time at which the input that caused this event arrived here.</summary>
    public required Instant DetectedAt { get; init; }
    public Instant? ResolvedAt { get; init; }
    public Resolution? Resolution { get; init; }
    public double? Value { get; init; }
    public double? Expected { get; init; }

    /// <summary>The band in which a normal value was expected to lie.</summary>
    public double? Lower { get; init; }
    public double? Upper { get; init; }

    /// <summary>0..1, higher is more anomalous: L/(L + 5) where L = −log10 of the chance that normal data score this high.</summary>
    public required double Score { get; init; }

    /// <summary>How often per week normal data of this device would score this high.</summary>
    public required double FalseAlarmsPerWeek { get; init; }
    public IReadOnlyList<Contribution> Contributions { get; init; } = [];
    public IReadOnlyList<(Instant Time, double Value)> Recent { get; init; } = [];

    /// <summary>One English sentence that a person can act on.</summary>
    public required string Summary { get; init; }

    /// <summary>Anomalous readings in this alert so far.</summary>
    public required int Count { get; init; }
    public bool Flapping { get; init; }
    public bool Suppressed { get; init; }
    public required string ModelId { get; init; }
    public required string ModelVersion { get; init; }
}
