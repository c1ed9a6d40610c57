namespace StreamRnn.Simulators.Devices;

/// <summary>
/// The bearing of a water pump. Each reading looks at a window of vibration made of the shaft's rotation, its second harmonic and
/// the chaotic hydraulic load of a Lorenz attractor (Lorenz 1963: σ 10, ρ 28, β 8/3), and sends that window's features.
/// The town's use of water loads it by hour and weekday; the bearing's temperature follows the load slowly.
/// </summary>
public sealed class Pump : SimulatedDevice
{
    public static DeviceKind Description { get; } = new("pump", "bearing vibration from a Lorenz attractor and the shaft, temperature, speed", TimeSpan.FromSeconds(30),
        [
            new("vibration", "mm/s rms", 0.01, 0, 50, 0.13),
            new("peak", "mm/s", 0.01, 0, 150, 0.35),
            new("kurtosis", "", 0.01, 0, 60, 0.16),
            new("temperature", "°C", 0.1, -20, 180, 4.2),
            new("speed", "rpm", 1, 0, 4000, 5.3),
        ], birth => new Pump(birth));

    private const int Window = 400;
    private const double LorenzStep = 0.02;
    private readonly double _unbalance;
    private double _x = 1, _y = 1, _z = 20, _phase, _wear, _demand, _bearing;

    private Pump(DeviceBirth birth) : base(Description, birth)
    {
        _unbalance = Random.Uniform(1.5, 1.9);
        _x += Random.Normal();
        _bearing = 26 + 30 * Load(birth.Start);
        for (var i = 0; i < 2000; i++)
            StepLorenz();
    }

    protected override void Measure(DateTimeOffset time, double seconds, Span<double> values)
    {
        _demand = Wander(_demand, seconds, 1800, 0.04);
        _wear = Wander(_wear, seconds, 6 * 3600, 0.02);
        var load = Load(time) + _demand;
        var speed = 1496 - 34 * load + Random.Normal(0, 0.8);
        _bearing = Approach(_bearing, 24 + 30 * load + 2 * DailySwing(time, 16), seconds, 2400);

        var unbalance = _unbalance * (0.8 + 0.35 * load + _wear);
        double squares = 0, fourths = 0, peak = 0;
        for (var i = 0; i < Window; i++)
        {
            StepLorenz();
            _phase += 2 * Math.PI * speed / 60 / 1000; // sampled at 1 kHz
            var v = unbalance * Math.Sin(_phase) + 0.25 * unbalance * Math.Sin(2 * _phase + 0.6) + 0.055 * (0.5 + load) * _x + 0.12 * Random.Normal();
            squares += v * v;
            fourths += v * v * v * v;
            peak = Math.Max(peak, Math.Abs(v));
        }

        _phase %= 2 * Math.PI;
        values[0] = Math.Sqrt(squares / Window);
        values[1] = peak;
        values[2] = fourths / Window / (squares / Window * (squares / Window));
        values[3] = _bearing + Random.Normal(0, 0.1);
        values[4] = speed;
    }

    private static double Load(DateTimeOffset time)
    {
        var hour = HourOf(time);
        var peaks = Math.Exp(-Math.Pow((hour - 7.5) / 1.8, 2)) + 0.85 * Math.Exp(-Math.Pow((hour - 19) / 2.4, 2)) + 0.45 * Math.Exp(-Math.Pow((hour - 13) / 2.5, 2));
        return 0.35 + 0.5 * peaks * (IsWeekend(time) ? 0.85 : 1);
    }

    /// <summary>Runge–Kutta of second order (midpoint).</summary>
    private void StepLorenz()
    {
        const double half = LorenzStep / 2;
        var (ax, ay, az) = Flow(_x, _y, _z);
        var (bx, by, bz) = Flow(_x + half * ax, _y + half * ay, _z + half * az);
        _x += LorenzStep * bx;
        _y += LorenzStep * by;
        _z += LorenzStep * bz;
    }

    private static (double X, double Y, double Z) Flow(double x, double y, double z) => (10 * (y - x), x * (28 - z) - y, x * y - 8.0 / 3 * z);
}
