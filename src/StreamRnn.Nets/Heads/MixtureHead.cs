namespace StreamRnn.Nets;

/// <summary>
/// A forecast from K experts. Expert k of a row has a location e_k and a scale s_k &gt; 0, both given by the caller in the unit of the value; the net's raw outputs correct and weigh them:
/// <code>
/// raw (3K + 1) = [logits l (K) | shifts d (K) | log scales v (K) | background logit b]
/// w = softmax(4 l)                    weights
/// m_k = e_k + 1.5 tanh(d_k) s_k       centres
/// μ = Σ w_k m_k                       the point forecast
/// σ_k = s_k exp(v_k)                  scales of the density, used by the likelihood alone
/// </code>
/// With raw outputs of zero, the forecast is the mean of the experts. All arithmetic inside is float64 from exactly rounded operations: the same bits on every machine.
/// </summary>
public sealed class MixtureHead
{
    internal const double Sharpness = 4;
    internal const double Reach = 1.5;

    // Of the row that Components looked at last, (K) each.
    internal readonly double[] Weights;
    internal readonly double[] Centres; // relative to e_0
    internal readonly double[] Tanhs; // tanh d
    internal readonly double[] Deviations; // τ: scratch of the likelihood
    internal readonly double[] Errors; // q: scratch of the likelihood
    internal readonly double[] Terms; // (K + 1): scratch of the likelihood

    /// <param name="experts">K, 1 or more.</param>
    public MixtureHead(int experts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        Experts = experts;
        Weights = new double[experts];
        Centres = new double[experts];
        Tanhs = new double[experts];
        Deviations = new double[experts];
        Errors = new double[experts];
        Terms = new double[experts + 1];
    }

    /// <summary>K.</summary>
    public int Experts { get; }

    /// <summary>3K + 1: the outputs that the layer before must have.</summary>
    public int RawWidth => 3 * Experts + 1;

    /// <summary>The point forecast μ of one row. Allocates nothing; any thread may call it.</summary>
    /// <param name="raw">(3K + 1), or only the first 2K of them: the rest is not read.</param>
    /// <param name="locations">e, (K).</param>
    /// <param name="scales">s, (K).</param>
    public double Forecast(ReadOnlySpan<float> raw, ReadOnlySpan<float> locations, ReadOnlySpan<float> scales)
    {
        if (raw.Length < 2 * Experts)
            Shapes.Require(raw.Length, nameof(raw), RawWidth);
        Shapes.Require(locations.Length, nameof(locations), Experts);
        Shapes.Require(scales.Length, nameof(scales), Experts);
        var highest = raw[0];
        for (var k = 1; k < Experts; k++)
            highest = Math.Max(highest, raw[k]);
        var (sum, shift) = (0.0, 0.0);
        for (var k = 0; k < Experts; k++)
        {
            // Relative to e_0, so that a large offset common to all experts costs no precision.
            var weight = Elementary.Exp(Sharpness * ((double)raw[k] - highest));
            sum += weight;
            shift += weight * ((double)locations[k] - locations[0] + Reach * Elementary.Tanh(raw[Experts + k]) * scales[k]);
        }

        return locations[0] + shift / sum;
    }

    /// <summary>
    /// Σ_n weight_n · loss(row n), and its gradient. One thread at a time.
    /// </summary>
    /// <param name="loss">Which loss; see there for the formula.</param>
    /// <param name="raw">(N, 3K + 1).</param>
    /// <param name="locations">e, (N, K).</param>
    /// <param name="scales">s, (N, K), each above 0.</param>
    /// <param name="units">u, (N), each above 0: what an error is divided by.</param>
    /// <param name="targets">x, (N).</param>
    /// <param name="rowWeights">(N), 0 or more: a row of weight 0 is passed over, and nothing of it is read.</param>
    /// <param name="dRaw">(N, 3K + 1): overwritten by ∂(sum)/∂raw.</param>
    /// <returns>The weighted sum.</returns>
    public double Loss(
        MixtureLoss loss, ReadOnlySpan<float> raw, ReadOnlySpan<float> locations, ReadOnlySpan<float> scales,
        ReadOnlySpan<float> units, ReadOnlySpan<float> targets, ReadOnlySpan<float> rowWeights, Span<float> dRaw)
    {
        ArgumentNullException.ThrowIfNull(loss);
        var rows = targets.Length;
        Shapes.Require(raw.Length, nameof(raw), rows, RawWidth);
        Shapes.Require(locations.Length, nameof(locations), rows, Experts);
        Shapes.Require(scales.Length, nameof(scales), rows, Experts);
        Shapes.Require(units.Length, nameof(units), rows);
        Shapes.Require(rowWeights.Length, nameof(rowWeights), rows);
        Shapes.Require(dRaw.Length, nameof(dRaw), rows, RawWidth);
        dRaw.Clear();
        var total = 0.0;
        for (var n = 0; n < rows; n++)
            if (rowWeights[n] > 0)
                total += loss.Row(
                    this, raw.Slice(n * RawWidth, RawWidth), locations.Slice(n * Experts, Experts), scales.Slice(n * Experts, Experts),
                    units[n], targets[n], rowWeights[n], dRaw.Slice(n * RawWidth, RawWidth));
        return total;
    }

    /// <summary>Fills <see cref="Weights"/>, <see cref="Centres"/> and <see cref="Tanhs"/> from one row.</summary>
    /// <returns>ln Σ exp(4 l).</returns>
    internal double Components(ReadOnlySpan<float> raw, ReadOnlySpan<float> locations, ReadOnlySpan<float> scales)
    {
        var highest = raw[0];
        for (var k = 1; k < Experts; k++)
            highest = Math.Max(highest, raw[k]);
        var sum = 0.0;
        for (var k = 0; k < Experts; k++)
        {
            sum += Weights[k] = Elementary.Exp(Sharpness * ((double)raw[k] - highest));
            Tanhs[k] = Elementary.Tanh(raw[Experts + k]);
            Centres[k] = (double)locations[k] - locations[0] + Reach * Tanhs[k] * scales[k];
        }

        for (var k = 0; k < Experts; k++)
            Weights[k] /= sum;
        return Sharpness * highest + Elementary.Ln(sum);
    }
}
