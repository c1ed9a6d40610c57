namespace StreamRnn.Nets;

/// <summary>What a <see cref="MixtureHead"/> is trained for: one of <see cref="AbsoluteLoss"/>, <see cref="RobustLoss"/>, <see cref="StudentTLoss"/>.</summary>
public abstract record MixtureLoss
{
    private protected MixtureLoss()
    {
    }

    /// <summary>The loss of one row times <paramref name="weight"/>; adds its gradient to <paramref name="dRaw"/>, which is zero before.</summary>
    internal abstract double Row(
        MixtureHead head, ReadOnlySpan<float> raw, ReadOnlySpan<float> locations, ReadOnlySpan<float> scales, double unit, double target, double weight, Span<float> dRaw);

    /// <summary>Sign, and not a number for what is none: a net that has diverged is noticed by its gradient's norm, not by an exception here.</summary>
    private protected static double Sign(double z) => z > 0 ? 1 : z < 0 ? -1 : z;

    /// <summary>A loss that looks at z = (x − μ)/u alone: (loss, ∂loss/∂z) from z, chained back to logits and shifts.</summary>
    private protected static double PointRow(
        MixtureHead head, ReadOnlySpan<float> raw, ReadOnlySpan<float> locations, ReadOnlySpan<float> scales, double unit, double target, double weight, Span<float> dRaw,
        Func<double, (double Loss, double Slope)> of)
    {
        head.Components(raw, locations, scales);
        var (weights, centres, tanhs) = (head.Weights, head.Centres, head.Tanhs);
        var mean = 0.0;
        for (var k = 0; k < head.Experts; k++)
            mean += weights[k] * centres[k];
        var (loss, slope) = of((target - locations[0] - mean) / unit);
        var dMean = -slope / unit * weight;
        for (var k = 0; k < head.Experts; k++)
        {
            dRaw[k] = (float)(dMean * MixtureHead.Sharpness * weights[k] * (centres[k] - mean)); // ∂μ/∂l_k = 4 w_k (m_k − μ)
            dRaw[head.Experts + k] = (float)(dMean * weights[k] * MixtureHead.Reach * (1 - tanhs[k] * tanhs[k]) * scales[k]);
        }

        return weight * loss;
    }
}

/// <summary>|x − μ| / u. The gradient at 0 is 0. Log scales and background are not trained.</summary>
public sealed record AbsoluteLoss : MixtureLoss
{
    private static readonly Func<double, (double, double)> Of = z => (Math.Abs(z), Sign(z));

    internal override double Row(
        MixtureHead head, ReadOnlySpan<float> raw, ReadOnlySpan<float> locations, ReadOnlySpan<float> scales, double unit, double target, double weight, Span<float> dRaw)
        => PointRow(head, raw, locations, scales, unit, target, weight, dRaw, Of);
}

/// <summary>ln(1 + |x − μ| / u): an error ten times as large weighs a tenth as much. The gradient at 0 is 0. Log scales and background are not trained.</summary>
public sealed record RobustLoss : MixtureLoss
{
    private static readonly Func<double, (double, double)> Of = z => (Elementary.Ln1(Math.Abs(z)), Sign(z) / (1 + Math.Abs(z)));

    internal override double Row(
        MixtureHead head, ReadOnlySpan<float> raw, ReadOnlySpan<float> locations, ReadOnlySpan<float> scales, double unit, double target, double weight, Span<float> dRaw)
        => PointRow(head, raw, locations, scales, unit, target, weight, dRaw, Of);
}

/// <summary>
/// −ln p(z), the negative log likelihood of the value in units of u, under a mixture of Student-t components and a broad Cauchy background:
/// <code>
/// z = clamp((x − e_0)/u, ± Limit)
/// π = softmax([4 l_1 … 4 l_K, b])     K components and the background
/// p(z) = Σ π_k t_ν((z − (m_k − e_0)/u) / τ_k) / τ_k + π_b Cauchy(z / B) / B,   τ_k = σ_k / u, v_k clamped to ± 5
/// </code>
/// </summary>
public sealed record StudentTLoss : MixtureLoss
{
    private const double LogScaleLimit = 5;

    private readonly double _logNorm; // ln of t_ν(0)

    /// <param name="freedom">ν, above 0: 4 has tails that forgive; large values come near a normal distribution.</param>
    /// <param name="background">B, above 0: the half-width of the background in units of u.</param>
    /// <param name="limit">Above 0: how far a value may lie from the first expert, in units of u; farther ones count as if they lay there.</param>
    public StudentTLoss(double freedom = 4, double background = 10, double limit = 12)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(freedom);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(background);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        (Freedom, Background, Limit) = (freedom, background, limit);
        _logNorm = LnGamma((freedom + 1) / 2) - LnGamma(freedom / 2) - 0.5 * Elementary.Ln(freedom * Math.PI);
    }

    public double Freedom { get; }

    public double Background { get; }

    public double Limit { get; }

    internal override double Row(
        MixtureHead head, ReadOnlySpan<float> raw, ReadOnlySpan<float> locations, ReadOnlySpan<float> scales, double unit, double target, double weight, Span<float> dRaw)
    {
        var experts = head.Experts;
        var lse = head.Components(raw, locations, scales); // ln Σ exp(4 l)
        var (weights, centres, tanhs, deviations, errors, terms) = (head.Weights, head.Centres, head.Tanhs, head.Deviations, head.Errors, head.Terms);
        var z = Math.Clamp((target - locations[0]) / unit, -Limit, Limit);

        // The softmax over K + 1: the K weights shrink by what the background takes.
        double b = raw[3 * experts];
        var lnForeground = -Softplus(b - lse);
        var background = Elementary.Exp(-Softplus(lse - b));

        // ln of each term of p, and of their sum.
        terms[experts] = -Softplus(lse - b) - Elementary.Ln(Math.PI * Background) - Elementary.Ln1(z / Background * (z / Background));
        var largest = terms[experts];
        for (var k = 0; k < experts; k++)
        {
            var v = Math.Clamp(raw[2 * experts + k], -LogScaleLimit, LogScaleLimit);
            deviations[k] = scales[k] / unit * Elementary.Exp(v);
            errors[k] = (z - centres[k] / unit) / deviations[k];
            var lnStudent = _logNorm - Elementary.Ln(deviations[k]) - 0.5 * (Freedom + 1) * Elementary.Ln1(errors[k] * errors[k] / Freedom);
            terms[k] = lnForeground + MixtureHead.Sharpness * raw[k] - lse + lnStudent;
            largest = Math.Max(largest, terms[k]);
        }

        var density = 0.0;
        foreach (var term in terms)
            density += Elementary.Exp(term - largest);
        var lnDensity = largest + Elementary.Ln(density);

        // r = term / p: how much of the value a component explains. ∂(−ln p)/∂(its logit) = π − r.
        for (var k = 0; k < experts; k++)
        {
            var r = Elementary.Exp(terms[k] - lnDensity);
            var q = errors[k];
            var pull = (Freedom + 1) * q / (Freedom + q * q); // −∂ ln t/∂q
            dRaw[k] = (float)(weight * MixtureHead.Sharpness * ((1 - background) * weights[k] - r));
            dRaw[experts + k] = (float)(-weight * r * pull / deviations[k] * MixtureHead.Reach * (1 - tanhs[k] * tanhs[k]) * scales[k] / unit);
            dRaw[2 * experts + k] = Math.Abs(raw[2 * experts + k]) > LogScaleLimit ? 0 : (float)(weight * r * (1 - pull * q));
        }

        dRaw[3 * experts] = (float)(weight * (background - Elementary.Exp(terms[experts] - lnDensity)));
        return -weight * lnDensity;
    }

    /// <summary>ln(1 + e^a) without overflow.</summary>
    private static double Softplus(double a) => Math.Max(a, 0) + Elementary.Ln1(Elementary.Exp(-Math.Abs(a)));

    /// <summary>ln Γ(x) for x &gt; 0: shifted beyond 8, then Stirling's series.</summary>
    private static double LnGamma(double x)
    {
        var shift = 0.0;
        for (; x < 8; x++)
            shift += Elementary.Ln(x);
        var q = 1 / (x * x);
        return (x - 0.5) * Elementary.Ln(x) - x + 0.91893853320467274178 + (1.0 / 12 - q * (1.0 / 360 - q * (1.0 / 1260 - q * (1.0 / 1680 - q / 1188)))) / x - shift;
    }
}
