namespace StreamRnn.Simulators.Devices;

/// <summary>
/// Ticks of a traded thing, day and night: the logarithm of the price is a random walk that a fundamental value holds on a long leash,
/// its volatility comes in clusters (GARCH(1,1)), and ticks come faster and larger when it is high.
/// </summary>
public sealed class Market : SimulatedDevice
{
    public static DeviceKind Description { get; } = new("market", "ticks at irregular times: price with volatility clusters, volume, spread", TimeSpan.FromSeconds(15),
        [
            new("price", "EUR", 0.01, 0.01, 10_000, 1.4),
            new("volume", "pieces", 1, 1, 1_000_000, 70, CanDip: false),
            new("spread", "cents", 1, 1, 1000, 0.75, CanDip: false),
        ], birth => new Market(birth), Irregular: true);

    private const double UsualVolatility = 3e-4; // of the logarithm, per 15 s
    private readonly double _value;
    private double _log;
    private double _variance = 1; // in units of the usual one

    private Market(DeviceBirth birth) : base(Description, birth) => _value = Random.Uniform(94, 106);

    protected override void Measure(DateTimeOffset time, double seconds, Span<double> values)
    {
        var ticks = Math.Clamp(seconds / 15, 1e-3, 40);
        var move = Math.Sqrt(_variance * ticks) * Random.Normal();
        _log += UsualVolatility * move - _log * (1 - Math.Exp(-seconds / (1.4 * 86_400)));
        var surprise = move * move / ticks;
        _variance = Math.Clamp(0.006 + 0.044 * Math.Min(surprise, 16) + 0.95 * _variance, 0.15, 9);

        values[0] = _value * Math.Exp(_log);
        values[1] = Random.LogNormal(38, 0.75) * (0.7 + 0.3 * Math.Abs(move)) * Math.Sqrt(_variance) + 1;
        values[2] = 1.2 + 1.6 * Math.Sqrt(_variance) + Random.Normal(0, 0.5);
    }

    protected override TimeSpan Gap(DateTimeOffset time)
    {
        var busy = (1 + 0.45 * DailySwing(time, 14)) * (IsWeekend(time) ? 0.7 : 1.1) * Math.Pow(_variance, 0.3);
        return Every * Math.Clamp(Random.Exponential(1 / busy), 0.004, 20);
    }
}
