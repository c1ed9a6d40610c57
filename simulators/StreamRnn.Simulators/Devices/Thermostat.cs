namespace StreamRnn.Simulators.Devices;

/// <summary>
/// A heated room: it loses heat to the weather outside, a PI controller heats it to a set point that follows a weekly schedule,
/// and twice a day somebody airs it.
/// </summary>
public sealed class Thermostat : SimulatedDevice
{
    public static DeviceKind Description { get; } = new("thermostat", "a heated room: schedule, weather outside, airing", TimeSpan.FromMinutes(1),
        [
            new("temperature", "°C", 0.1, -20, 60, 1.05),
            new("target", "°C", 0.5, 5, 30, 0.9),
            new("heating", "%", 1, 0, 100, 25, CanDip: false),
            new("outside", "°C", 0.1, -40, 50, 3.8),
        ], birth => new Thermostat(birth));

    private readonly double _comfort;
    private readonly double _shift;
    private readonly double _insulation;
    private double _weather, _room, _integral, _heat, _draught, _guests;

    private Thermostat(DeviceBirth birth) : base(Description, birth)
    {
        _comfort = Math.Round(Random.Uniform(-0.6, 0.6) * 2) / 2;
        _shift = Random.Uniform(-0.6, 0.6);
        _insulation = Random.Uniform(60_000, 90_000);
        _weather = Random.Normal(0, 2);
        _room = Target(birth.Start) + Random.Normal(0, 0.2);
        _integral = 18;
        _heat = 18;
    }

    protected override void Measure(DateTimeOffset time, double seconds, Span<double> values)
    {
        var outside = 6 + 4.5 * DailySwing(time, 15) + (_weather = Wander(_weather, seconds, 15 * 3600, 2.2));
        _guests = Wander(_guests, seconds, 3600, 0.12);
        var target = Target(time);
        var power = 0.0;
        for (var left = seconds; left > 0; left -= 30)
        {
            var step = Math.Min(left, 30);
            var error = target - _room;
            var wanted = 45 * error + _integral;
            power = Math.Clamp(wanted, 0, 100);
            if (wanted == power || (wanted > power) == (error < 0)) // no wind-up while the valve is at its end
                _integral = Math.Clamp(_integral + 22 * error * step / 3600, 0, 60);
            _heat = Approach(_heat, power, step, 420);
            _room += step * ((outside - _room) / _insulation + _heat * 1.25e-5);
        }

        var hour = HourOf(time);
        if (_draught > -0.2 && Happens(hour is > 6.5 and < 9 or > 17.5 and < 20 ? 0.3 : hour is > 9 and < 22 ? 0.02 : 0, seconds))
            _draught -= Random.Uniform(0.5, 1.1);
        _draught = Approach(_draught, 0, seconds, 900);

        values[0] = _room + _draught + _guests + Random.Normal(0, 0.04);
        values[1] = target;
        values[2] = power;
        values[3] = outside + Random.Normal(0, 0.08);
    }

    private double Target(DateTimeOffset time)
    {
        var hour = HourOf(time) - _shift;
        var usual = IsWeekend(time)
            ? hour is > 7.5 and < 23 ? 21 : 18
            : hour switch { < 6 => 18, < 8.5 => 21, < 16 => 19, < 22.5 => 21.5, _ => 18 };
        return usual + _comfort;
    }
}
