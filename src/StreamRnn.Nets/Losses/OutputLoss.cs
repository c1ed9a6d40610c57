namespace StreamRnn.Nets;

/// <summary>
/// What an output layer's numbers mean: how many there are for D targets, how they are held against the truth in training, and how a prediction is read or drawn from them.
/// A loss holds no state: any thread may ask it.
/// </summary>
public abstract class OutputLoss
{
    private protected OutputLoss(int targets)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(targets, 1);
        Targets = targets;
    }

    /// <summary>As in a topology's <c>loss</c>.</summary>
    public abstract string Name { get; }

    /// <summary>D: values that are predicted.</summary>
    public int Targets { get; }

    /// <summary>W: outputs of the layer, that is numbers from which D predictions are read.</summary>
    public abstract int Width { get; }

    /// <summary>From the layer's sums to its outputs, in place.</summary>
    /// <param name="z">(N, W): the sums; overwritten by y = φ(z).</param>
    public abstract void Activate(Span<float> z);

    /// <summary>
    /// Moves what N rows of outputs say by what went into the net, y ← y + x: the net then predicts changes, and one that has learned nothing yet predicts persistence (residual learning: He et al. 2015).
    /// The gradient by the sums stays as it is, for ∂(y + x)/∂z = ∂y/∂z.
    /// </summary>
    /// <param name="y">(N, W): every location of value d is moved by x_d; overwritten.</param>
    /// <param name="x">(N, D).</param>
    /// <exception cref="TopologyException">The outputs are no locations that could be moved: classes, or an activation bends them.</exception>
    public virtual void AddTo(Span<float> y, ReadOnlySpan<float> x) =>
        throw new TopologyException($"'residual' does not go with loss '{Name}' and this activation; it goes with mse and mae of activation identity, quantile and studentT");

    /// <summary>Σ_n weight_n · loss(row n) and its gradient by the sums.</summary>
    /// <param name="y">(N, W): outputs, after <see cref="Activate"/>.</param>
    /// <param name="targets">(N, D).</param>
    /// <param name="weights">(N), 0 or more: a row of weight 0 is passed over and nothing of it is read: that is how sequences of unequal length share a batch.</param>
    /// <param name="dz">(N, W): overwritten by ∂(sum)/∂z, z the sums before φ.</param>
    /// <returns>The weighted sum; not finite when the net has diverged.</returns>
    public double Evaluate(ReadOnlySpan<float> y, ReadOnlySpan<float> targets, ReadOnlySpan<float> weights, Span<float> dz)
    {
        Shapes.Require(y.Length, nameof(y), weights.Length, Width);
        Shapes.Require(targets.Length, nameof(targets), weights.Length, Targets);
        Shapes.Require(dz.Length, nameof(dz), weights.Length, Width);
        dz.Clear();
        var total = 0.0;
        for (var n = 0; n < weights.Length; n++)
            if (weights[n] > 0)
                total += weights[n] * Row(y.Slice(n * Width, Width), targets.Slice(n * Targets, Targets), weights[n], dz.Slice(n * Width, Width));
        return total;
    }

    /// <summary>The point prediction of one row.</summary>
    /// <param name="y">(W): outputs, after <see cref="Activate"/>.</param>
    /// <param name="point">(D): overwritten.</param>
    public abstract void Point(ReadOnlySpan<float> y, Span<float> point);

    /// <summary>One draw from what the row says may come.</summary>
    /// <param name="y">(W): outputs, after <see cref="Activate"/>.</param>
    /// <param name="seeded">Where chance comes from.</param>
    /// <param name="temperature">T, 0 or more, finite: 0 draws the most likely; 1 draws as predicted; more is bolder. Each loss says how.</param>
    /// <param name="sample">(D): overwritten.</param>
    /// <exception cref="NotSupportedException">The loss predicts no distribution (mse, mae): a point is all it knows.</exception>
    public abstract void Sample(ReadOnlySpan<float> y, Seeded seeded, double temperature, Span<float> sample);

    /// <summary>Refuses a row and values whose lengths are not W and D.</summary>
    private protected void RequireRow(ReadOnlySpan<float> y, Span<float> values)
    {
        Shapes.Require(y.Length, nameof(y), Width);
        Shapes.Require(values.Length, nameof(values), Targets);
    }

    private protected static void RequireTemperature(double temperature)
    {
        if (!(temperature >= 0) || double.IsInfinity(temperature))
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "a temperature is 0 or more and finite");
    }

    /// <summary>The loss of one row; adds <paramref name="weight"/> times its gradient by the sums to <paramref name="dz"/>, which is zero before.</summary>
    private protected abstract double Row(ReadOnlySpan<float> y, ReadOnlySpan<float> target, float weight, Span<float> dz);
}
