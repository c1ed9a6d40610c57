namespace StreamRnn.Nets;

/// <summary>
/// <c>crossEntropy</c> with activation <c>sigmoid</c>, D questions of yes or no, each on its own:
/// <code>
/// y_d = σ(z_d)                                            probability of yes
/// loss = −Σ_d (t_d ln y_d + (1 − t_d) ln(1 − y_d)) / D    nats; t from 0 (no) to 1 (yes)
/// ∂loss/∂z_d = (y_d − t_d) / D
/// </code>
/// W = D. The logarithms are not let below ln 2^−25, the half step of float32 at 1: an answer that was certain and wrong costs 17 and not infinity; the gradient is exact there too.
/// </summary>
public sealed class BinaryLoss(int targets) : OutputLoss(targets)
{
    private const double Least = 1.0 / (1 << 25);

    public override string Name => "crossEntropy";

    public override int Width => Targets;

    public override void Activate(Span<float> z)
    {
        foreach (ref var value in z)
            value = (float)Elementary.Sigmoid(value);
    }

    /// <summary>The probabilities of yes.</summary>
    public override void Point(ReadOnlySpan<float> y, Span<float> point)
    {
        RequireRow(y, point);
        y.CopyTo(point);
    }

    /// <summary>An answer for each, 0 or 1: yes with probability σ(z / T); at T = 0 yes where y is above a half.</summary>
    public override void Sample(ReadOnlySpan<float> y, Seeded seeded, double temperature, Span<float> sample)
    {
        RequireRow(y, sample);
        RequireTemperature(temperature);
        for (var d = 0; d < y.Length; d++)
        {
            var z = Ln(y[d]) - Ln(1 - (double)y[d]);
            sample[d] = (temperature == 0 ? y[d] > 0.5f : seeded.NextDouble() < Elementary.Sigmoid(z / temperature)) ? 1 : 0;
        }
    }

    private protected override double Row(ReadOnlySpan<float> y, ReadOnlySpan<float> target, float weight, Span<float> dz)
    {
        var loss = 0.0;
        for (var d = 0; d < y.Length; d++)
        {
            loss -= target[d] * Ln(y[d]) + (1 - (double)target[d]) * Ln(1 - (double)y[d]);
            dz[d] = (float)(weight * ((double)y[d] - target[d]) / Targets);
        }

        return loss / Targets;
    }

    private static double Ln(double p) => Elementary.Ln(Math.Max(p, Least));
}
