namespace StreamRnn.Nets;

/// <summary><c>mae</c>: Σ_d |y_d − t_d| / D. It is least at the median of what may come. The gradient at 0 is 0.</summary>
public sealed class MeanAbsoluteLoss(int targets, Activation activation = Activation.Identity) : PointLoss(targets, activation)
{
    public override string Name => "mae";

    private protected override double Row(ReadOnlySpan<float> y, ReadOnlySpan<float> target, float weight, Span<float> dz)
    {
        var sum = 0.0;
        for (var d = 0; d < y.Length; d++)
        {
            var error = (double)y[d] - target[d];
            var sign = error > 0 ? 1 : error < 0 ? -1 : error; // not a number stays one: a net that has diverged is noticed by its loss
            sum += Math.Abs(error);
            dz[d] = (float)(weight * sign / Targets * Slope(y[d]));
        }

        return sum / Targets;
    }
}
