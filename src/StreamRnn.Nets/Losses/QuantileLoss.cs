using System.Collections.Immutable;

namespace StreamRnn.Nets;

/// <summary>
/// <c>quantile</c>: Q quantiles of each of D values, trained by the pinball loss (Koenker and Bassett 1978):
/// <code>
/// y = z, (D, Q): y_dq is what the value stays below with probability p_q
/// loss = Σ_d Σ_q max(p_q e, (p_q − 1) e) / (D Q),   e = t_d − y_dq
/// ∂loss/∂y_dq = −p_q / (D Q) where e is above 0, (1 − p_q) / (D Q) where below, 0 at 0
/// </code>
/// W = D·Q. Quantiles that cross are sorted when they are read and not while the net learns: each keeps its own, plain gradient, and sorting never makes the pinball loss larger
/// (Chernozhukov, Fernández-Val and Galichon 2010). Between levels the distribution is read by straight lines; beyond the outer ones by exponential tails that go on with the density at the level.
/// </summary>
public sealed class QuantileLoss : OutputLoss
{
    public const int MostLevels = 99;

    /// <param name="targets">D.</param>
    /// <param name="levels">p, ascending, each above 0 and below 1; by default 0.05, 0.5, 0.95.</param>
    public QuantileLoss(int targets, params ReadOnlySpan<double> levels)
        : base(targets)
    {
        Levels = levels.IsEmpty ? [0.05, 0.5, 0.95] : [.. levels];
        for (var q = 0; q < Levels.Length; q++)
            if (!(Levels[q] > (q == 0 ? 0 : Levels[q - 1]) && Levels[q] < 1) || q >= MostLevels)
                throw new ArgumentOutOfRangeException(nameof(levels), Levels[q], $"level {q + 1}; levels are 1 to {MostLevels}, ascending, each above 0 and below 1");
    }

    public override string Name => "quantile";

    /// <summary>p, (Q).</summary>
    public ImmutableArray<double> Levels { get; }

    public override int Width => Targets * Levels.Length;

    public override void Activate(Span<float> z)
    {
    }

    public override void AddTo(Span<float> y, ReadOnlySpan<float> x)
    {
        for (var n = 0; n < y.Length; n++)
            y[n] += x[n / Levels.Length];
    }

    /// <summary>The medians, as <see cref="Quantile"/> reads them.</summary>
    public override void Point(ReadOnlySpan<float> y, Span<float> point)
    {
        RequireRow(y, point);
        for (var d = 0; d < Targets; d++)
            point[d] = (float)Quantile(y, d, 0.5);
    }

    /// <summary>m + T (q(u) − m), u uniform, q the distribution as <see cref="Quantile"/> reads it, m its median. Of one level alone there is no distribution: the level is drawn.</summary>
    public override void Sample(ReadOnlySpan<float> y, Seeded seeded, double temperature, Span<float> sample)
    {
        RequireRow(y, sample);
        RequireTemperature(temperature);
        for (var d = 0; d < Targets; d++)
        {
            var median = Quantile(y, d, 0.5);
            sample[d] = (float)(median + temperature * (Quantile(y, d, seeded.NextDouble()) - median));
        }
    }

    /// <summary>What value d stays below with probability <paramref name="p"/>; never falls as p rises. Allocates nothing.</summary>
    /// <param name="y">(W).</param>
    /// <param name="d">0 to D − 1.</param>
    /// <param name="p">0 to 1. Below the lowest level p_1: q_1 + s p_1 ln(p / p_1), s the slope of the first line; above the highest the mirror image. 0 and 1 are read as 2^−53 and 1 − 2^−53.</param>
    public double Quantile(ReadOnlySpan<float> y, int d, double p)
    {
        const double Edge = 1.0 / (1L << 53);
        Shapes.Require(y.Length, nameof(y), Targets, Levels.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(p);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(p, 1);
        Span<float> sorted = stackalloc float[MostLevels];
        sorted = sorted[..Levels.Length];
        y.Slice(d * Levels.Length, Levels.Length).CopyTo(sorted);
        sorted.Sort();
        var last = Levels.Length - 1;
        if (last == 0)
            return sorted[0];
        p = Math.Clamp(p, Edge, 1 - Edge);
        if (p < Levels[0])
            return sorted[0] + Slope(sorted, 0) * Levels[0] * Elementary.Ln(p / Levels[0]);
        if (p > Levels[last])
            return sorted[last] - Slope(sorted, last - 1) * (1 - Levels[last]) * Elementary.Ln((1 - p) / (1 - Levels[last]));
        var q = 0;
        while (q < last - 1 && p > Levels[q + 1])
            q++;
        return sorted[q] + Slope(sorted, q) * (p - Levels[q]);
    }

    private protected override double Row(ReadOnlySpan<float> y, ReadOnlySpan<float> target, float weight, Span<float> dz)
    {
        var sum = 0.0;
        for (var n = 0; n < y.Length; n++)
        {
            var (p, e) = (Levels[n % Levels.Length], (double)target[n / Levels.Length] - y[n]);
            sum += e > 0 ? p * e : (p - 1) * e;
            dz[n] = (float)(weight * (e > 0 ? -p : e < 0 ? 1 - p : e) / Width); // not a number stays one
        }

        return sum / Width;
    }

    private double Slope(ReadOnlySpan<float> sorted, int q) => ((double)sorted[q + 1] - sorted[q]) / (Levels[q + 1] - Levels[q]);
}
