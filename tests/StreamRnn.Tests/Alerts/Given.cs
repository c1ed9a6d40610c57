using CsCheck;
using StreamRnn.Alerts;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Alerts;

/// <summary>A device, verdicts and events to test with.</summary>
internal static class Given
{
    public static readonly Instant Start = Instant.From(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public static Device Device(string name = "freezer-02", params string[] channels)
    {
        var registry = new DeviceRegistry();
        Assert.True(registry.TryGetDevice(name, out var device, out _));
        foreach (var channel in channels.Length == 0 ? ["temperature"] : channels)
            Assert.True(registry.TryGetChannel(device, channel, out _, out _));
        return device;
    }

    public static Verdict Verdict(
        Device device, int reading, double rarity, double threshold = 4, AlertKind kind = AlertKind.PredictionError, bool mayOpen = true, double everySeconds = 30) =>
        new(device, kind, device.Channels[0], Start + TimeSpan.FromSeconds(reading * everySeconds), Start + TimeSpan.FromSeconds((reading * everySeconds) + 0.2),
            rarity, threshold, mayOpen, 7 * 86_400 / everySeconds);

    public static AlertBook Book(AlertOptions? options = null, Func<Verdict, AlertDetails>? describe = null) =>
        new(options ?? new AlertOptions(), new ModelName("base", "1"), describe ?? (_ => new AlertDetails()));

    public static AlertEvent Event() => new()
    {
        AlertId = "0123456789abcdef",
        Sequence = 0,
        Status = AlertStatus.Opened,
        Kind = AlertKind.PredictionError,
        Severity = Severity.Major,
        Device = "freezer-02",
        Channel = "temperature",
        OpenedAt = Start,
        EventTime = Start,
        DetectedAt = Start + TimeSpan.FromMilliseconds(20),
        Value = -3.12,
        Expected = -18.2,
        Lower = -19.4,
        Upper = -17.0,
        Score = 0.55,
        FalseAlarmsPerWeek = 0.02,
        Summary = "",
        Count = 1,
        ModelId = "base",
        ModelVersion = "1",
    };

    /// <summary>Events of all kinds and states, with names of many alphabets and numbers of all sizes.</summary>
    public static readonly Gen<AlertEvent> AnyEvent =
        from status in Gen.Enum<AlertStatus>()
        from kind in Gen.Enum<AlertKind>()
        from severity in Gen.Enum<Severity>()
        from resolution in Gen.Enum<Resolution>()
        from names in Gen.Select(Name, Name, Name.Null(), Name.Null())
        from times in Gen.Select(Time, Time, Time, Time)
        from numbers in Gen.OneOf(Number.Select(x => (double?)x), Gen.Const((double?)null)).Array[4]
        from score in Gen.Double[0, 1]
        from rate in Gen.Double[0, 1e300]
        from parts in Gen.Select(Name, Gen.Double[0, 1], Number, Gen.OneOf(Number, Gen.Const(double.NaN))).Array[0, 4]
        from recent in Gen.Select(Time, Number).Array[0, 20]
        from counts in Gen.Select(Gen.Int[0, int.MaxValue], Gen.Int[1, int.MaxValue])
        from flags in Gen.Select(Gen.Bool, Gen.Bool)
        from id in Gen.Select(Gen.ULong, Name)
        select new AlertEvent
        {
            AlertId = id.Item1.ToString("x16"),
            Sequence = counts.Item1,
            Status = status,
            Kind = kind,
            Severity = severity,
            Device = names.Item2,
            Channel = names.Item3,
            Unit = names.Item4,
            OpenedAt = times.Item1,
            EventTime = times.Item2,
            DetectedAt = times.Item3,
            ResolvedAt = status == AlertStatus.Resolved ? times.Item4 : null,
            Resolution = status == AlertStatus.Resolved ? resolution : null,
            Value = numbers[0],
            Expected = numbers[1],
            Lower = numbers[2],
            Upper = numbers[3],
            Score = score,
            FalseAlarmsPerWeek = rate,
            Contributions = [.. parts.Select(p => new Contribution(p.Item1, p.Item2, p.Item3, p.Item4))],
            Recent = [.. recent],
            Summary = names.Item1,
            Count = counts.Item2,
            Flapping = flags.Item1,
            Suppressed = flags.Item2,
            ModelId = id.Item2,
            ModelVersion = "1",
        };

    private static Gen<string> Name => Gen.OneOf(
        Gen.String["abcdefghijklmnopqrstuvwxyz0123456789-_. \"\\<&'äß温度🌡🙂"[..^4]].Where(s => s.Length is > 0 and <= 128),
        Gen.Const("Kühlraum/🌡\u2028\ttab"));

    private static Gen<double> Number => Gen.OneOf(Gen.Double[-1e6, 1e6], Gen.Double.Where(double.IsFinite));

    private static Gen<Instant> Time => Gen.Long[0, 253_402_300_799_000_000].Select(us => new Instant(us));
}
