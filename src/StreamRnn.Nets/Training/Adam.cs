namespace StreamRnn.Nets.Training;

/// <summary>
/// Adam (Kingma and Ba 2015): m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← θ − η·m̂/(√v̂ + ε) with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).
/// </summary>
public sealed class Adam(IEnumerable<Parameter> parameters, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8) : Optimiser
{
    private readonly (Parameter Parameter, float[] Mean, float[] Square)[] _all =
        [.. parameters.Select(parameter => (parameter, new float[parameter.Values.Length], new float[parameter.Values.Length]))];

    private double _decay1 = 1; // β₁ᵗ
    private double _decay2 = 1; // β₂ᵗ

    public override void Step(double learningRate)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(learningRate);
        _decay1 *= beta1;
        _decay2 *= beta2;
        var rate = (float)(learningRate * Math.Sqrt(1 - _decay2) / (1 - _decay1));
        var offset = (float)(epsilon * Math.Sqrt(1 - _decay2)); // so that ε stands beside √v̂
        var (keep1, take1, keep2, take2) = ((float)beta1, (float)(1 - beta1), (float)beta2, (float)(1 - beta2));
        foreach (var (parameter, mean, square) in _all)
        {
            var (values, gradients) = (parameter.Values, parameter.Gradients);
            for (var n = 0; n < values.Length; n++)
            {
                var g = gradients[n];
                mean[n] = keep1 * mean[n] + take1 * g;
                square[n] = keep2 * square[n] + take2 * g * g;
                values[n] -= rate * mean[n] / (MathF.Sqrt(square[n]) + offset);
            }
        }
    }
}
