namespace StreamRnn.Nets;

/// <summary><c>mse</c>: Σ_d (y_d − t_d)² / D.</summary>
public sealed class SquaredLoss(int targets, Activation activation = Activation.Identity) : PointLoss(targets, activation)
{
    public override string Name => "mse";

    private protected override double Row(ReadOnlySpan<float> y, ReadOnlySpan<float> target, float weight, Span<float> dz)
    {
        var sum = 0.0;
        for (var d = 0; d < y.Length; d++)
        {
            var error = (double)y[d] - target[d];
            sum += error * error;
            dz[d] = (float)(weight * 2 * error / Targets * Slope(y[d]));
        }

        return sum / Targets;
    }
}
