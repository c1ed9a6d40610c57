using StreamRnn.Nets;

namespace StreamRnn.Tests.Nets.Losses;

/// <summary>The losses as their equations, in double with the library's functions, from the sums z to one row's loss.</summary>
internal static class DoubleLoss
{
    public static double Of(LayerSpec spec, double[] z, double[] t) => (spec.Loss, spec.Activation) switch
    {
        ("mse", _) => z.Select((value, d) => Math.Pow(Phi(spec.Activation, value) - t[d], 2)).Average(),
        ("mae", _) => z.Select((value, d) => Math.Abs(Phi(spec.Activation, value) - t[d])).Average(),
        ("crossEntropy", "softmax") => -z.Select((value, d) => t[d] * (value - LogSumExp(z))).Sum(),
        ("crossEntropy", "sigmoid") => -z.Select((value, d) => t[d] * Math.Log(Phi("sigmoid", value)) + (1 - t[d]) * Math.Log(Phi("sigmoid", -value))).Average(),
        ("quantile", _) => z.Select((value, n) => Pinball(spec.Levels[n % spec.Levels.Length], t[n / spec.Levels.Length] - value)).Average(),
        ("studentT", _) => t.Select((value, d) => -Math.Log(Density(z[(3 * spec.Components * d)..(3 * spec.Components * (d + 1))], value))).Average(),
        _ => throw new ArgumentException($"no equation for loss {spec.Loss} with activation {spec.Activation}", nameof(spec)),
    };

    /// <summary>Σ_k w_k t₄((t − m_k)/s_k)/s_k.</summary>
    public static double Density(double[] z, double t)
    {
        var k = z.Length / 3;
        var (logits, density) = (z[..k], 0.0);
        for (var c = 0; c < k; c++)
        {
            var s = Math.Exp(7 * Math.Tanh(z[2 * k + c] / 7));
            density += Math.Exp(logits[c] - LogSumExp(logits)) * 0.375 * Math.Pow(1 + Math.Pow((t - z[k + c]) / s, 2) / 4, -2.5) / s;
        }

        return density;
    }

    private static double Phi(string? activation, double z) => activation switch
    {
        "relu" => Math.Max(z, 0),
        "tanh" => Math.Tanh(z),
        "sigmoid" => 1 / (1 + Math.Exp(-z)),
        _ => z,
    };

    private static double Pinball(double p, double e) => Math.Max(p * e, (p - 1) * e);

    private static double LogSumExp(double[] z) => Math.Log(z.Sum(Math.Exp));
}
