namespace StreamRnn.Simulators.Devices;

/// <summary>
/// The cards of a small firm: payments at irregular times with the rhythm of day and week, amounts log-normal by kind of merchant.
/// No balance: it would carry a fraud's loss for ever, and a fault here ends when its label says so.
/// </summary>
public sealed class Account : SimulatedDevice
{
    public static DeviceKind Description { get; } = new("account", "card payments at irregular times: amount, distance from home; fraud", TimeSpan.FromMinutes(20),
        [
            new("amount", "EUR", 0.01, 0.01, 100_000, 50, CanDip: false),
            new("distance", "km", 0.1, 0, 20_000, 28, CanDip: false),
        ], birth => new Account(birth), Irregular: true);

    /// <summary>Share of payments, median and deviation of the logarithm of the amount, median distance.</summary>
    private sealed record Merchant(double Share, double Amount, double AmountDeviation, double Distance);

    private static readonly Merchant[] Merchants =
    [
        new(0.26, 6.5, 0.35, 1.2),   // coffee, bakery
        new(0.27, 34, 0.50, 2.5),    // groceries
        new(0.12, 58, 0.25, 9),      // fuel
        new(0.17, 31, 0.75, 0),      // online
        new(0.12, 44, 0.45, 4),      // restaurant
        new(0.06, 115, 0.45, 60),    // travel
    ];

    private readonly double _wealth;

    private Account(DeviceBirth birth) : base(Description, birth) => _wealth = Random.Uniform(0.85, 1.2);

    protected override void Measure(DateTimeOffset time, double seconds, Span<double> values)
    {
        var draw = Random.Uniform();
        var merchant = Merchants[^1];
        foreach (var candidate in Merchants)
        {
            draw -= candidate.Share;
            if (draw >= 0)
                continue;
            merchant = candidate;
            break;
        }

        values[0] = Math.Clamp(_wealth * Random.LogNormal(merchant.Amount, merchant.AmountDeviation), 0.5, 900);
        values[1] = merchant.Distance == 0 ? 0 : Math.Min(Random.LogNormal(merchant.Distance, 0.6), 400);
    }

    /// <summary>A Poisson process whose rate follows the hours, by thinning; its mean over a week is one payment per <see cref="SimulatedDevice.Every"/>.</summary>
    protected override TimeSpan Gap(DateTimeOffset time)
    {
        const double most = 2.8;
        var at = time;
        do
        {
            at += Every * Math.Max(1e-3, Random.Exponential(1 / most));
        }
        while (!Random.Chance(Rate(at) / most));
        return at - time;
    }

    private static double Rate(DateTimeOffset time)
    {
        var hour = HourOf(time);
        var day = Math.Exp(-Math.Pow((hour - 12.5) / 3.2, 2)) + 0.8 * Math.Exp(-Math.Pow((hour - 18.5) / 2, 2));
        return (0.14 + 2.35 * day) * (IsWeekend(time) ? 0.65 : 1.1);
    }
}
