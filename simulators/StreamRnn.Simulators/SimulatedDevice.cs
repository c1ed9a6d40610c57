namespace StreamRnn.Simulators;

/// <summary>What a device is born with.</summary>
/// <param name="Name">Stable name, such as <c>freezer-02</c>.</param>
/// <param name="Random">The device's own generator.</param>
/// <param name="Start">Simulated time at which it is switched on.</param>
/// <param name="Every">Usual time between two readings.</param>
public sealed record DeviceBirth(string Name, SeededRandom Random, DateTimeOffset Start, TimeSpan Every);

/// <summary>
/// A device without faults: a physical state that moves through simulated time and is measured now and then.
/// It depends on nothing but its birth; faults are laid over its readings elsewhere and never reach this state.
/// </summary>
public abstract class SimulatedDevice
{
    private const double SecondsPerDay = 86_400;
    private DateTimeOffset _last;

    protected SimulatedDevice(DeviceKind kind, DeviceBirth birth)
    {
        (Kind, Name, Random, Every, _last) = (kind, birth.Name, birth.Random, birth.Every, birth.Start);
        Salt = (long)Random.NextBits();
        NextTime = WholeMilliseconds(birth.Start + Random.Uniform() * birth.Every);
    }

    public string Name { get; }

    public DeviceKind Kind { get; }

    public TimeSpan Every { get; }

    /// <summary>When the next reading is due.</summary>
    public DateTimeOffset NextTime { get; private set; }

    protected SeededRandom Random { get; private set; }

    private long Salt { get; }

    /// <summary>Lives on to <see cref="NextTime"/> and measures.</summary>
    public SimulatedReading Next()
    {
        var time = NextTime;
        var values = new double[Kind.Channels.Count];
        Measure(time, (time - _last).TotalSeconds, values);
        for (var i = 0; i < values.Length; i++)
            values[i] = Kind.Channels[i].Show(values[i]);
        _last = time;
        NextTime = WholeMilliseconds(time + Gap(time));
        return new SimulatedReading(Name, time, Kind.Channels, values);
    }

    /// <summary>The same device with the same future, to look into it. Devices hold plain numbers and their generator, nothing else that changes.</summary>
    internal SimulatedDevice Copy()
    {
        var copy = (SimulatedDevice)MemberwiseClone();
        copy.Random = Random.Copy();
        return copy;
    }

    /// <summary>Moves the physical state forward by <paramref name="seconds"/> to <paramref name="time"/> and writes every channel's value.</summary>
    protected abstract void Measure(DateTimeOffset time, double seconds, Span<double> values);

    /// <summary>Time to the next reading: the usual one with the jitter of a cheap timer. Always positive.</summary>
    protected virtual TimeSpan Gap(DateTimeOffset time) => Every * (1 + 0.01 * Math.Clamp(Random.Normal(), -3, 3));

    /// <summary>Hour of the day, 0 .. 24, with fractions.</summary>
    protected static double HourOf(DateTimeOffset time) => time.TimeOfDay.TotalHours;

    protected static bool IsWeekend(DateTimeOffset time) => time.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;

    /// <summary>A habit of the day: uniform in −1 .. 1, the same all day long, another one each day and for each purpose.</summary>
    protected double OfTheDay(DateTimeOffset time, string purpose)
    {
        var day = time.UtcTicks / TimeSpan.TicksPerDay;
        return 2 * ((SeededRandom.Hash(Salt ^ day, purpose) >> 11) * (1.0 / (1UL << 53))) - 1;
    }

    /// <summary>A day's swing: −1 .. 1, highest at <paramref name="peakHour"/>.</summary>
    protected static double DailySwing(DateTimeOffset time, double peakHour) =>
        Math.Cos(2 * Math.PI * (time.TimeOfDay.TotalSeconds / SecondsPerDay - peakHour / 24));

    /// <summary>One step of an Ornstein–Uhlenbeck process: drawn back to 0 within <paramref name="memory"/> seconds, spread out with <paramref name="deviation"/>.</summary>
    protected double Wander(double value, double seconds, double memory, double deviation)
    {
        var keep = Math.Exp(-seconds / memory);
        return value * keep + deviation * Math.Sqrt(1 - keep * keep) * Random.Normal();
    }

    /// <summary>First-order lag: the value after <paramref name="seconds"/> on the way to <paramref name="target"/>.</summary>
    protected static double Approach(double value, double target, double seconds, double lag) => target + (value - target) * Math.Exp(-seconds / lag);

    /// <summary>Whether something that happens <paramref name="perHour"/> times an hour happens within these seconds.</summary>
    protected bool Happens(double perHour, double seconds) => Random.Chance(1 - Math.Exp(-perHour * seconds / 3600));

    private static DateTimeOffset WholeMilliseconds(DateTimeOffset time) =>
        new(time.UtcTicks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, TimeSpan.Zero);
}
