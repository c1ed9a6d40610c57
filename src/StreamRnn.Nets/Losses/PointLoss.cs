namespace StreamRnn.Nets;

/// <summary>A loss whose outputs are the predictions themselves: W = D, y = φ(z). It knows no distribution and so cannot be drawn from.</summary>
public abstract class PointLoss : OutputLoss
{
    private readonly Activation _activation;

    private protected PointLoss(int targets, Activation activation)
        : base(targets) => _activation = activation;

    public override int Width => Targets;

    public override void Activate(Span<float> z)
    {
        if (_activation == Activation.Relu)
            foreach (ref var value in z)
                value = Math.Max(value, 0);
        else if (_activation == Activation.Tanh)
            foreach (ref var value in z)
                value = (float)Elementary.Tanh(value);
        else if (_activation == Activation.Sigmoid)
            foreach (ref var value in z)
                value = (float)Elementary.Sigmoid(value);
    }

    public override void AddTo(Span<float> y, ReadOnlySpan<float> x)
    {
        if (_activation != Activation.Identity)
            base.AddTo(y, x);
        for (var n = 0; n < y.Length; n++)
            y[n] += x[n];
    }

    public override void Point(ReadOnlySpan<float> y, Span<float> point)
    {
        RequireRow(y, point);
        y.CopyTo(point);
    }

    public override void Sample(ReadOnlySpan<float> y, Seeded seeded, double temperature, Span<float> sample) =>
        throw new NotSupportedException($"loss '{Name}' predicts a point and no distribution: nothing can be drawn from it; train with studentT, quantile or crossEntropy to draw samples");

    /// <summary>φ′ at an output.</summary>
    private protected double Slope(float y) => _activation switch
    {
        Activation.Relu => y > 0 ? 1 : 0,
        Activation.Tanh => 1 - ((double)y * y),
        Activation.Sigmoid => y * (1 - (double)y),
        _ => 1,
    };
}
