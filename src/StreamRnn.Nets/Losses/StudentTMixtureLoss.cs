namespace StreamRnn.Nets;

/// <summary>
/// <c>studentT</c>: the negative log likelihood of D values, each under a mixture of its own of K Student-t components with ν = 4 degrees of freedom, whose tails forgive outliers
/// (mixture density networks: Bishop 1994; with recurrent nets: Graves 2013). For one value t, z (3K) = [logits l | locations m | log scales v]:
/// <code>
/// w = softmax(l)
/// s_k = exp(7 tanh(v_k / 7))                 from e^−7 to e^7: no component falls into a point, none grows without end
/// t_ν(q) = ⅜ (1 + q²/4)^−5/2                 the density at ν = 4
/// loss = −ln Σ_k w_k t_ν((t − m_k) / s_k) / s_k,   its mean over the D values
/// </code>
/// W = 3·K·D: value d has z from 3·K·d on. y = z.
/// </summary>
public sealed class StudentTMixtureLoss : OutputLoss
{
    public const int MostComponents = 16;

    /// <summary>ν.</summary>
    public const double Freedom = 4;

    /// <summary>The log scales stay within ± this.</summary>
    private const double Reach = 7;

    private const double LnNorm = -0.98082925301172623686; // ln ⅜

    /// <param name="targets">D.</param>
    /// <param name="components">K, 1 to 16.</param>
    public StudentTMixtureLoss(int targets, int components = 3)
        : base(targets)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(components, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(components, MostComponents);
        Components = components;
    }

    public override string Name => "studentT";

    /// <summary>K.</summary>
    public int Components { get; }

    public override int Width => 3 * Components * Targets;

    public override void Activate(Span<float> z)
    {
    }

    public override void AddTo(Span<float> y, ReadOnlySpan<float> x)
    {
        for (var n = 0; n < x.Length; n++)
            for (var k = 0; k < Components; k++)
                y[(((3 * n) + 1) * Components) + k] += x[n];
    }

    /// <summary>The means Σ_k w_k m_k.</summary>
    public override void Point(ReadOnlySpan<float> y, Span<float> point)
    {
        RequireRow(y, point);
        for (var d = 0; d < Targets; d++)
        {
            var z = Of(y, d);
            var lse = LogSumExp(z);
            var mean = 0.0;
            for (var k = 0; k < Components; k++)
                mean += Elementary.Exp(z[k] - lse) * z[Components + k];
            point[d] = (float)mean;
        }
    }

    /// <summary>
    /// m_k + T s_k τ with k drawn by softmax(l / T) and τ from t_ν; at T = 0 the location of the weightiest component.
    /// </summary>
    public override void Sample(ReadOnlySpan<float> y, Seeded seeded, double temperature, Span<float> sample)
    {
        RequireRow(y, sample);
        RequireTemperature(temperature);
        for (var d = 0; d < Targets; d++)
        {
            var z = Of(y, d);
            var k = Draw(z[..Components], seeded, temperature);

            // N / √(χ²₄ / 4), and χ²₄ is twice the sum of two exponentials.
            var student = seeded.NextNormal() / Math.Sqrt(Math.Max(1e-12, (seeded.NextExponential() + seeded.NextExponential()) / 2));
            sample[d] = (float)(z[Components + k] + temperature * Scale(z[2 * Components + k]) * student);
        }
    }

    /// <summary>Biases by which the components of sums of zero differ: v_k = −k. Equal ones would get equal gradients and stay equal for ever.</summary>
    /// <param name="z">(W): the log scales are overwritten.</param>
    internal void TellApart(Span<float> z)
    {
        for (var d = 0; d < Targets; d++)
            for (var k = 0; k < Components; k++)
                z[(((3 * d) + 2) * Components) + k] = -k;
    }

    private protected override double Row(ReadOnlySpan<float> y, ReadOnlySpan<float> target, float weight, Span<float> dz)
    {
        Span<double> terms = stackalloc double[MostComponents]; // ln of w t_ν(q)/s
        terms = terms[..Components];
        var loss = 0.0;
        for (var d = 0; d < Targets; d++)
        {
            var z = Of(y, d);
            var gradient = dz.Slice(3 * Components * d, 3 * Components);
            var lse = LogSumExp(z);
            for (var k = 0; k < Components; k++)
            {
                var s = Scale(z[2 * Components + k]);
                var q = ((double)target[d] - z[Components + k]) / s;
                terms[k] = z[k] - lse + LnNorm - Elementary.Ln(s) - (Freedom + 1) / 2 * Elementary.Ln1(q * q / Freedom);
            }

            var largest = terms[0];
            foreach (var term in terms)
                largest = Math.Max(largest, term);
            var density = 0.0;
            foreach (var term in terms)
                density += Elementary.Exp(term - largest);
            var lnDensity = largest + Elementary.Ln(density);
            loss -= lnDensity;

            // r: how much of the value component k explains.
            for (var k = 0; k < Components; k++)
            {
                var r = Elementary.Exp(terms[k] - lnDensity);
                var s = Scale(z[2 * Components + k]);
                var q = ((double)target[d] - z[Components + k]) / s;
                var pull = (Freedom + 1) * q / (Freedom + q * q); // −∂ ln t_ν/∂q
                var bend = Elementary.Tanh(z[2 * Components + k] / Reach);
                gradient[k] = (float)(weight * (Elementary.Exp(z[k] - lse) - r) / Targets);
                gradient[Components + k] = (float)(-weight * r * pull / s / Targets);
                gradient[2 * Components + k] = (float)(weight * r * (1 - pull * q) * (1 - bend * bend) / Targets);
            }
        }

        return loss / Targets;
    }

    private ReadOnlySpan<float> Of(ReadOnlySpan<float> y, int d) => y.Slice(3 * Components * d, 3 * Components);

    private static double Scale(double v) => Elementary.Exp(Reach * Elementary.Tanh(v / Reach));

    /// <summary>ln Σ_k e^l_k.</summary>
    private double LogSumExp(ReadOnlySpan<float> z)
    {
        double highest = z[0];
        for (var k = 1; k < Components; k++)
            highest = Math.Max(highest, z[k]);
        var sum = 0.0;
        for (var k = 0; k < Components; k++)
            sum += Elementary.Exp(z[k] - highest);
        return highest + Elementary.Ln(sum);
    }

    private static int Draw(ReadOnlySpan<float> logits, Seeded seeded, double temperature)
    {
        var heaviest = CategoricalLoss.Likeliest(logits);
        if (temperature == 0)
            return heaviest;
        var highest = (double)logits[heaviest];
        var sum = 0.0;
        foreach (var logit in logits)
            sum += Weight(logit);
        var left = seeded.NextDouble() * sum;
        for (var k = 0; k < logits.Length; k++)
            if ((left -= Weight(logits[k])) < 0)
                return k;
        return heaviest; // what rounding left over

        double Weight(float logit) => Elementary.Exp((logit - highest) / temperature);
    }
}
