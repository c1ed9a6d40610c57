using System.Globalization;
using StreamRnn.Simulators.Faults;

namespace StreamRnn.Simulators;

/// <summary>How a scenario's devices speak.</summary>
public sealed record ScenarioOptions
{
    /// <summary>Device time until the scenario ends; null: never.</summary>
    public TimeSpan? Length { get; init; }

    /// <summary>Usual time between two readings of every device; null: what is usual for its kind.</summary>
    public TimeSpan? Every { get; init; }

    /// <summary>Bare values on <c>devices/{device}/{channel}</c> rather than one JSON object on <c>devices/{device}</c>.</summary>
    public bool PerChannel { get; init; }

    /// <summary>Topic of the ground truth. Not under <c>devices/</c>: a detector must not see it by accident.</summary>
    public string LabelsTopic { get; init; } = "simulators/labels";
}

/// <summary>
/// Some devices and what is going to happen to them: a value. The same seed, kinds, count, start, faults and options give the same bytes.
/// </summary>
public sealed class Scenario
{
    private readonly (string Name, DeviceKind Kind)[] _devices;
    private readonly PlannedFault[] _faults;

    private Scenario(long seed, DateTimeOffset start, ScenarioOptions options, (string, DeviceKind)[] devices, IEnumerable<Fault> faults)
    {
        (Seed, Start, Options, _devices) = (seed, start, options, devices);
        var planned = new List<PlannedFault>();
        foreach (var fault in faults)
            planned.Add(Plan(fault, planned, SwitchOn));
        _faults = [.. planned];
    }

    public long Seed { get; }

    /// <summary>Simulated time at which the devices are switched on; UTC, whole milliseconds.</summary>
    public DateTimeOffset Start { get; }

    public ScenarioOptions Options { get; }

    /// <summary>The devices by name, with their kinds, in order.</summary>
    public IReadOnlyList<(string Name, DeviceKind Kind)> Devices => _devices;

    /// <summary>The ground truth of all planned faults, in the order in which they were asked for.</summary>
    public IReadOnlyList<Label> Labels => [.. _faults.Select(f => f.Label)];

    /// <summary>Readings per second of device time, all devices together, on average and without faults.</summary>
    public double ReadingsPerSecond => _devices.Sum(d => 1 / EveryOf(d.Kind).TotalSeconds);

    internal IReadOnlyList<PlannedFault> Faults => _faults;

    /// <summary>Devices are dealt out to the kinds in turn: three of two kinds are thermostat-01, freezer-01, thermostat-02.</summary>
    /// <param name="seed">Any number.</param>
    /// <param name="kinds">Names of kinds; none: all of them.</param>
    /// <param name="count">Number of devices in all, at least 1.</param>
    /// <param name="start">Simulated time at which they are switched on.</param>
    /// <param name="faults">What is going to happen.</param>
    /// <param name="options">How they speak.</param>
    /// <exception cref="ArgumentException">An unknown kind, device or channel, or a fault that does not suit it; the message lists what there is.</exception>
    public static Scenario Create(
        long seed, IEnumerable<string> kinds, int count, DateTimeOffset start, IEnumerable<Fault>? faults = null, ScenarioOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (options?.Every is { } every && every < TimeSpan.FromMilliseconds(1))
            throw new ArgumentException($"Devices cannot send every {every}; the shortest interval is 1 ms.");
        var chosen = kinds.Select(DeviceKinds.Named).Distinct().ToArray();
        if (chosen.Length == 0)
            chosen = [.. DeviceKinds.All];
        var digits = Math.Max(2, ((count + chosen.Length - 1) / chosen.Length).ToString(CultureInfo.InvariantCulture).Length);
        var devices = new (string, DeviceKind)[count];
        for (var i = 0; i < count; i++)
        {
            var kind = chosen[i % chosen.Length];
            devices[i] = ($"{kind.Name}-{(i / chosen.Length + 1).ToString($"D{digits}", CultureInfo.InvariantCulture)}", kind);
        }

        return new Scenario(seed, WholeMilliseconds(start), options ?? new ScenarioOptions(), devices, faults ?? []);
    }

    /// <summary>All that is sent, in order of <see cref="Emission.Due"/>: lazy, and the same again each time it is enumerated.</summary>
    public IEnumerable<Emission> Emissions()
    {
        foreach (var emission in Begin().Emissions())
            yield return emission;
    }

    /// <summary>A run of this scenario, into which further faults can be injected while it goes on.</summary>
    public Simulation Begin() => new(this);

    /// <summary>Where to start so that simulated time, running <paramref name="speed"/> times as fast as the clock, has just caught up with it at the end.</summary>
    /// <param name="now">The clock at the first reading.</param>
    /// <param name="length">Device time that will be simulated.</param>
    /// <param name="speed">At least 1; a speed below 1 starts now.</param>
    public static DateTimeOffset StartToEndAtTheClock(DateTimeOffset now, TimeSpan length, double speed) =>
        speed <= 1 ? now : now + length / speed - length;

    internal SimulatedDevice[] SwitchOn() =>
        [.. Enumerable.Range(0, _devices.Length).Select(SwitchOn)];

    /// <summary>Fills in what a fault leaves open.</summary>
    /// <param name="fault">What is asked for.</param>
    /// <param name="others">Faults planned before it.</param>
    /// <param name="device">The device of an index, not yet past the onset, to look into its future; it is moved on.</param>
    /// <exception cref="ArgumentException">An unknown device or channel, or a fault that does not suit it.</exception>
    internal PlannedFault Plan(Fault fault, IReadOnlyCollection<PlannedFault> others, Func<int, SimulatedDevice> device)
    {
        var random = SeededRandom.For(Seed, $"fault {others.Count}");
        var index = fault.Device is null ? Choose(fault, others, random) : Array.FindIndex(_devices, d => d.Name == fault.Device);
        if (index < 0)
            throw new ArgumentException($"There is no device '{fault.Device}'. Devices: {DeviceNames(_devices.Select(d => d.Name))}.");
        var (name, kind) = _devices[index];
        var channel = ChannelOf(fault, name, kind);
        if (fault.Size is not null && fault.Kind.Unit == SizeUnit.None)
            throw new ArgumentException($"The fault {fault.Kind} has no size.");
        if (fault.Kind == FaultKind.ClockSkew && Options.PerChannel)
            throw new ArgumentException("The fault clock-skew shows in the time within a payload; bare values per channel have none.");
        if (fault.Duration is { } asked && asked <= TimeSpan.Zero)
            throw new ArgumentException($"The fault {fault.Kind} needs a duration above zero.");

        var start = WholeMilliseconds(Start + fault.At);
        var end = WholeMilliseconds(start + (fault.Duration ?? fault.Kind.Readings * EveryOf(kind)));
        if (kind.Irregular && fault.Kind != FaultKind.FraudBurst)
            (start, end) = AlongReadings(device(index), start, end, fault);
        if (Options.Length is { } length)
        {
            if (start >= Start + length)
                throw new ArgumentException($"The fault {fault.Kind} would begin at {Durations.Say(fault.At)}, after the end at {Durations.Say(length)}.");
            end = end < Start + length ? end : Start + length;
        }

        var spec = kind.Channels[Math.Max(channel, 0)];
        var (size, unit) = fault.Kind.Unit switch
        {
            SizeUnit.Channel => (fault.Size ?? Math.Round(fault.Kind.Spreads * spec.Spread, 6), spec.Unit),
            SizeUnit.Seconds => (fault.Size ?? Math.Max(3600, 60 * EveryOf(kind).TotalSeconds), "s"),
            _ => (0.0, null),
        };
        var label = new Label(name, channel < 0 ? null : spec.Name, fault.Kind.Name, start, end, fault.Kind.Anomalous, unit is null ? null : size, unit);
        return new PlannedFault(fault.Kind, index, channel, size, label);
    }

    /// <summary>Where readings come when something happens, a fault begins with one and lasts for a number of them: an hour of night would show nothing.</summary>
    private (DateTimeOffset Start, DateTimeOffset End) AlongReadings(SimulatedDevice device, DateTimeOffset start, DateTimeOffset end, Fault fault)
    {
        var duration = end - start;
        var last = Options.Length is { } length ? Start + length : DateTimeOffset.MaxValue;
        while (device.NextTime < start && device.NextTime < last)
            device.Next();
        if (device.NextTime >= last)
            return (start, end);
        start = device.NextTime;
        for (var i = 0; fault.Duration is null && i < fault.Kind.Readings && device.NextTime < last; i++)
            device.Next();
        return (start, fault.Duration is null ? device.NextTime : start + duration);
    }

    private SimulatedDevice SwitchOn(int index)
    {
        var (name, kind) = _devices[index];
        return kind.Create(new DeviceBirth(name, SeededRandom.For(Seed, name), Start, EveryOf(kind)));
    }

    private static int ChannelOf(Fault fault, string name, DeviceKind kind)
    {
        if (fault.Channel is null)
        {
            if (!fault.Kind.WholeDevice && !fault.Kind.Suits(kind, kind.Channels[0]))
                throw new ArgumentException($"The fault {fault.Kind} does not suit {name}/{kind.Channels[0].Name}.");
            return fault.Kind.WholeDevice ? -1 : 0;
        }

        var channel = kind.Channels.ToList().FindIndex(c => c.Name == fault.Channel);
        if (channel < 0)
            throw new ArgumentException($"The device '{name}' has no channel '{fault.Channel}'. Channels: {string.Join(", ", kind.Channels.Select(c => c.Name))}.");
        if (fault.Kind.WholeDevice && fault.Kind != FaultKind.Silence)
            throw new ArgumentException($"The fault {fault.Kind} hits a device as a whole; leave out the channel '{fault.Channel}'.");
        if (!fault.Kind.Suits(kind, kind.Channels[channel]))
            throw new ArgumentException($"The fault {fault.Kind} does not suit {name}/{fault.Channel}.");
        return channel;
    }

    /// <summary>A device that the fault suits, rather one that nothing has happened to yet.</summary>
    private int Choose(Fault fault, IReadOnlyCollection<PlannedFault> others, SeededRandom random)
    {
        var suited = Enumerable.Range(0, _devices.Length).Where(i => Suits(_devices[i].Kind)).ToArray();
        if (suited.Length == 0)
            throw new ArgumentException($"The fault {fault.Kind} suits none of these devices: {DeviceNames(_devices.Select(d => d.Name))}.");
        var free = suited.Except(others.Select(o => o.Device)).ToArray();
        return free.Length > 0 ? free[random.Below(free.Length)] : suited[random.Below(suited.Length)];

        bool Suits(DeviceKind kind) => fault.Channel is null
            ? fault.Kind.WholeDevice || fault.Kind.Suits(kind, kind.Channels[0])
            : kind.Channels.Any(c => c.Name == fault.Channel && fault.Kind.Suits(kind, c));
    }

    private TimeSpan EveryOf(DeviceKind kind) => Options.Every ?? kind.Every;

    private static string DeviceNames(IEnumerable<string> names)
    {
        var all = names.ToArray();
        return all.Length <= 12 ? string.Join(", ", all) : $"{string.Join(", ", all[..10])} … {all[^1]} ({all.Length} in all)";
    }

    internal static DateTimeOffset WholeMilliseconds(DateTimeOffset time) =>
        new(time.UtcTicks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, TimeSpan.Zero);
}

/// <summary>A fault with nothing left open.</summary>
/// <param name="Device">Index of the device.</param>
/// <param name="Channel">Index of the channel, −1 for the whole device.</param>
internal sealed record PlannedFault(FaultKind Kind, int Device, int Channel, double Size, Label Label);
