using StreamRnn.Simulators;
using StreamRnn.Simulators.Faults;
using StreamRnn.Simulators.Playing;

namespace StreamRnn.Host.Demo;

/// <summary>
/// What the demo shows: the freezers of a cold store, five faults of different kinds, and when. A pure function of length and seed.
/// Devices live fast: each sends its temperature for <see cref="DeviceStep"/> of its own time every <see cref="Interval"/> of the clock, as a bare value, so that
/// the service takes the time of arrival: to it they report several times a second.
/// Freezers, because one hears in two minutes what they do in hours; what a heated room does in a day cannot be learned that fast.
/// </summary>
internal sealed class DemoPlan
{
    public static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan Usual = TimeSpan.FromMinutes(2);

    private const int ReadingsPerDevice = 480;
    private static readonly TimeSpan DeviceStep = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(125);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(1);

    // Night, when the doors stay shut: the first door opening that a device ever hears of would rightly be an alert, and no fault of the plan.
    private static readonly DateTimeOffset DeviceStart = new(2026, 3, 3, 1, 0, 0, TimeSpan.Zero);

    private static readonly string[] Kinds = ["freezer"];
    private const int Devices = 6;

    /// <summary>How much larger than usual faults are: they have to show against a history of some two hundred readings.</summary>
    private const double Size = 2.5;

    /// <summary>False alarms per device and week of its own time: a demo that waited for certainty would end before it.</summary>
    private const double FalseAlarmsPerDeviceWeek = 1;

    /// <summary>When faults begin, as a share of the whole: after the warm-up, far enough apart to be told apart, with time at the end to resolve.</summary>
    private static readonly double[] Onsets = [.38, .49, .60, .71, .82];

    // Kinds and how many readings they last.
    private static readonly (FaultKind Kind, int Readings)[] Five =
        [(FaultKind.Spike, 3), (FaultKind.Dip, 3), (FaultKind.LevelShift, 40), (FaultKind.NoiseBurst, 30), (FaultKind.Silence, 24)];

    public DemoPlan(TimeSpan length, long seed)
    {
        (Length, Seed) = (length, seed);
        Interval = TimeSpan.FromTicks(Math.Clamp(length.Ticks / ReadingsPerDevice, LeastInterval.Ticks, LongestInterval.Ticks));
        Scenario = Scenario.Create(seed, Kinds, Devices, DeviceStart, Faults(), new ScenarioOptions { Length = length * Speed, Every = DeviceStep });
    }

    public TimeSpan Length { get; }

    public long Seed { get; }

    /// <summary>By the clock, between two readings of a device.</summary>
    public TimeSpan Interval { get; }

    /// <summary>Seconds of device time in a second of the clock.</summary>
    public double Speed => DeviceStep / Interval;

    public Scenario Scenario { get; }

    /// <summary>By the device's own clock, between two readings.</summary>
    public TimeSpan Step => DeviceStep;

    public Pace Pace => Pace.AtSpeed(Speed);

    /// <summary>By the clock: a device's week lasts 1/<see cref="Speed"/> of ours.</summary>
    public double FalseAlarmsPerDevicePerWeek => Math.Min(1000, FalseAlarmsPerDeviceWeek * Speed);

    /// <summary>An alert that opens so long after its fault has ended still belongs to it: detection looks at windows of readings, and the way back to normal is a jump too.</summary>
    public TimeSpan Aftermath => 40 * Interval;

    /// <summary>The stream as devices without a clock would send it: the temperature alone, on a topic of its own.</summary>
    public IEnumerable<Emission> Emissions() => Scenario.Emissions().Select(e => e.Reading is { } reading
        ? e with { Topic = $"devices/{reading.Device}/{reading.Channels[0].Name}", Payload = Payloads.Bare(reading.Channels[0], reading.Values[0]) }
        : e);

    // Each on a device of its own; which, in what order and just when is the seed's.
    private IEnumerable<Fault> Faults()
    {
        var random = SeededRandom.For(Seed, "demo");
        var devices = Scenario.Create(Seed, Kinds, Devices, DeviceStart).Devices.OrderBy(_ => random.Uniform()).ToList();
        return Five.OrderBy(_ => random.Uniform()).ToList().Select((f, i) => new Fault(
            f.Kind, Length * Speed * (Onsets[i] + (.02 * random.Uniform())), devices[i].Name, Duration: f.Readings * DeviceStep,
            Size: f.Kind.Unit == SizeUnit.None ? null : Size * f.Kind.Spreads * devices[i].Kind.Channels[0].Spread));
    }
}
