namespace StreamRnn.Simulators.Faults;

/// <summary>What a fault's size is measured in.</summary>
public enum SizeUnit
{
    /// <summary>The fault has no size.</summary>
    None,

    /// <summary>The channel's own unit (°C, bpm, EUR ...).</summary>
    Channel,

    /// <summary>Seconds.</summary>
    Seconds,
}

/// <summary>A kind of fault that can be laid over a device's readings.</summary>
public sealed class FaultKind
{
    private FaultKind(string name, string description, int readings, SizeUnit unit = SizeUnit.None, double spreads = 0, bool wholeDevice = false, bool anomalous = true) =>
        (Name, Description, Readings, Unit, Spreads, WholeDevice, Anomalous) = (name, description, readings, unit, spreads, wholeDevice, anomalous);

    public static FaultKind Spike { get; } = new("spike", "values jump up for a moment", 3, SizeUnit.Channel, 6);

    public static FaultKind Dip { get; } = new("dip", "values drop for a moment", 3, SizeUnit.Channel, 6);

    public static FaultKind Drift { get; } = new("drift", "values creep away, in a straight line up to the size", 150, SizeUnit.Channel, 5);

    public static FaultKind LevelShift { get; } = new("level-shift", "values go on as usual, but higher (negative size: lower)", 90, SizeUnit.Channel, 3);

    public static FaultKind Stuck { get; } = new("stuck", "the same value again and again", 90);

    public static FaultKind Silence { get; } = new("silence", "nothing is sent; of one channel if it is named, else of the device", 45, wholeDevice: true);

    public static FaultKind NoiseBurst { get; } = new("noise-burst", "noise is added; the size is its standard deviation", 45, SizeUnit.Channel, 2.5);

    public static FaultKind PatternSwap { get; } = new("pattern-swap", "a foreign rhythm of nine readings at the usual level; the size is its amplitude", 120, SizeUnit.Channel, 1.6);

    public static FaultKind FraudBurst { get; } = new("fraud-burst", "a stolen card: large payments far away within minutes; the size is their median (account only)", 1, SizeUnit.Channel, 9);

    public static FaultKind Duplicate { get; } = new("duplicate", "each reading is sent twice; a disturbance that should not alert", 30, wholeDevice: true, anomalous: false);

    public static FaultKind OutOfOrder { get; } = new("out-of-order", "readings overtake each other in pairs; a disturbance that should not alert", 30, wholeDevice: true, anomalous: false);

    public static FaultKind ClockSkew { get; } = new("clock-skew", "the device's clock is slow by the size (negative size: fast)", 60, SizeUnit.Seconds, wholeDevice: true);

    public static FaultKind Malformed { get; } = new("malformed", "payloads that are no readings: torn JSON, NaN, text, bytes", 20, wholeDevice: true);

    public static IReadOnlyList<FaultKind> All { get; } =
        [Spike, Dip, Drift, LevelShift, Stuck, Silence, NoiseBurst, PatternSwap, FraudBurst, Duplicate, OutOfOrder, ClockSkew, Malformed];

    public static string AllNames => string.Join(", ", All.Select(k => k.Name));

    public string Name { get; }

    public string Description { get; }

    /// <summary>How long the fault lasts where nothing else is said, in usual intervals between readings.</summary>
    public int Readings { get; }

    public SizeUnit Unit { get; }

    /// <summary>The size where nothing else is said, in the channel's spreads (<see cref="ChannelSpec.Spread"/>): clearly visible in a plot.</summary>
    public double Spreads { get; }

    /// <summary>The fault hits the device as a whole unless a channel is named, and some cannot hit one channel at all.</summary>
    public bool WholeDevice { get; }

    /// <summary>False for a disturbance of transport that a detector should not alert on.</summary>
    public bool Anomalous { get; }

    /// <exception cref="ArgumentException">No such kind; the message lists those that there are.</exception>
    public static FaultKind Named(string name) =>
        All.FirstOrDefault(k => string.Equals(k.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no fault '{name}'. Faults: {AllNames}.");

    /// <summary>Whether the fault can be seen on this channel of this kind of device.</summary>
    public bool Suits(DeviceKind device, ChannelSpec channel) =>
        this == FraudBurst ? device.Name == "account" && channel == device.Channels[0] : this != Dip || channel.CanDip;

    public override string ToString() => Name;
}
