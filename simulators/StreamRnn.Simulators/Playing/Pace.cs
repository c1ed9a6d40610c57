namespace StreamRnn.Simulators.Playing;

/// <summary>
/// How fast emissions are played: simulated time so many times as fast as the clock, or so many readings a second, or as fast as they go.
/// Whatever the pace, nothing leaves before the clock shows its simulated time: a reading from the future is one that a receiver may refuse.
/// </summary>
public sealed record Pace
{
    private Pace(double? speed, double? perSecond) => (Speed, PerSecond) = (speed, perSecond);

    /// <summary>Simulated seconds in a second of the clock, where that is what is asked for.</summary>
    public double? Speed { get; }

    /// <summary>Readings in a second of the clock, where that is what is asked for.</summary>
    public double? PerSecond { get; }

    public static Pace RealTime { get; } = AtSpeed(1);

    public static Pace AsFastAsPossible { get; } = new(null, null);

    public static Pace AtSpeed(double speed) =>
        speed > 0 && double.IsFinite(speed) ? new(speed, null) : throw new ArgumentException($"The speed {speed} is not above zero.");

    public static Pace AtRate(double perSecond) =>
        perSecond > 0 && double.IsFinite(perSecond) ? new(null, perSecond) : throw new ArgumentException($"The rate {perSecond} is not above zero.");

    /// <summary>When an emission may leave, by the clock.</summary>
    /// <param name="due">Its simulated time.</param>
    /// <param name="index">How many readings left before it.</param>
    /// <param name="simulatedStart">Simulated time of the first emission.</param>
    /// <param name="clockStart">The clock when the first emission left.</param>
    public DateTimeOffset LeavesAt(DateTimeOffset due, long index, DateTimeOffset simulatedStart, DateTimeOffset clockStart)
    {
        var paced = Speed is { } speed ? clockStart + (due - simulatedStart) / speed
            : PerSecond is { } rate ? clockStart + TimeSpan.FromSeconds(index / rate)
            : clockStart;
        return paced > due ? paced : due;
    }
}
