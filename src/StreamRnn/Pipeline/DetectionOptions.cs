using StreamRnn.Detection;

namespace StreamRnn.Pipeline;

/// <summary>Section <c>StreamRnn:Detection</c>. Nothing here has to be set.</summary>
public sealed record DetectionOptions
{
    /// <summary>Sensitivity: how many false alarms a week a device may raise. Range 0.001 to 1000, default 1.</summary>
    public double FalseAlarmsPerDevicePerWeek { get; init; } = 1;

    /// <summary>Whether a series that misses its usual interval raises an alert. Default true.</summary>
    public bool Silence { get; init; } = true;

    /// <summary>Whether a series that sends one value over and over, and usually does not, raises an alert. Default true.</summary>
    public bool Stuck { get; init; } = true;

    /// <summary>Keep every scored sample in the outcome: for replay, live views and the score topic. Default false.</summary>
    public bool KeepScores { get; init; }

    /// <summary>Keep every forecast in the outcome, to measure forecast skill. Not bound from the configuration.</summary>
    internal bool KeepForecasts { get; init; }

    /// <summary>What an ablation leaves out. Not bound from the configuration.</summary>
    internal ScoreParts LeftOut { get; init; }
}
