namespace StreamRnn.Simulators.Devices;

/// <summary>A freezer: the saw-tooth of its compressor, doors that are opened at meal times, a defrost every twelve hours.</summary>
public sealed class Freezer : SimulatedDevice
{
    public static DeviceKind Description { get; } = new("freezer", "compressor saw-tooth, door openings, defrost twice a day", TimeSpan.FromMinutes(1),
        [
            new("temperature", "°C", 0.1, -40, 40, 1.1),
            new("power", "W", 0.1, 0, 400, 41, CanDip: false),
            new("door", "s", 1, 0, 60, 3, CanDip: false),
        ], birth => new Freezer(birth));

    private static readonly TimeSpan BetweenDefrosts = TimeSpan.FromHours(12);

    private readonly double _setPoint;
    private readonly double _leak;
    private readonly double _cooling;
    private readonly TimeSpan _defrostPhase;
    private double _inside, _warmAir, _kitchen;
    private bool _running;

    private Freezer(DeviceBirth birth) : base(Description, birth)
    {
        _setPoint = -18.5 + Random.Uniform(-1, 1);
        _leak = Random.Uniform(21_000, 27_000);
        _cooling = Random.Uniform(4.6e-3, 5.6e-3);
        _defrostPhase = BetweenDefrosts * Random.Uniform();
        _inside = _setPoint + Random.Uniform(-1, 1);
    }

    protected override void Measure(DateTimeOffset time, double seconds, Span<double> values)
    {
        _kitchen = Wander(_kitchen, seconds, 7200, 0.8);
        var ambient = 21 + 1.5 * DailySwing(time, 18) + _kitchen;
        var defrosting = (time.UtcTicks + _defrostPhase.Ticks) % BetweenDefrosts.Ticks < TimeSpan.FromMinutes(14).Ticks;
        for (var left = seconds; left > 0; left -= 10)
        {
            var step = Math.Min(left, 10);
            if (_inside > _setPoint + 1.1)
                _running = true;
            else if (_inside < _setPoint - 1.1)
                _running = false;
            var cooling = _running && !defrosting ? _cooling : 0;
            _inside += step * ((ambient - _inside) / _leak - cooling + (defrosting ? 2.6e-3 : 0));
        }

        var hour = HourOf(time);
        var opensPerHour = hour is < 6 or > 23 ? 0.03 : hour is > 6.5 and < 8.5 or > 11.5 and < 13.5 or > 17.5 and < 20 ? 1.6 : 0.35;
        var open = 0.0;
        if (Happens(IsWeekend(time) ? 1.3 * opensPerHour : opensPerHour, seconds))
        {
            open = Math.Clamp(Random.LogNormal(11, 0.5), 3, 40);
            _warmAir += 0.07 * open;
            _inside += 0.006 * open;
        }

        _warmAir = Approach(_warmAir, 0, seconds, 300);
        values[0] = _inside + _warmAir + Random.Normal(0, 0.05);
        values[1] = (defrosting ? 165 : _running ? 92 + 0.8 * (ambient - 21) : 1.8) + Random.Normal(0, defrosting || _running ? 1.1 : 0.1);
        values[2] = open;
    }
}
