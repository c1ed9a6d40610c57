namespace StreamRnn.Nets;

/// <summary>
/// <c>crossEntropy</c> with activation <c>softmax</c>, one of D classes:
/// <code>
/// y_d = e^z_d / Σ e^z        probabilities
/// loss = −Σ_d t_d ln y_d     nats; t is one-hot or any distribution: 0 or more, 1 in sum
/// ∂loss/∂z_d = y_d Σt − t_d
/// </code>
/// W = D. ln y is not let below ln 2^−126, where float32 ends: a class that was taken for impossible costs 87 and not infinity; the gradient is exact there too.
/// </summary>
public sealed class CategoricalLoss : OutputLoss
{
    private const float Least = 1.17549435e-38f; // 2^−126

    /// <param name="targets">D, 2 or more: softmax over one class is always 1.</param>
    public CategoricalLoss(int targets)
        : base(targets) => ArgumentOutOfRangeException.ThrowIfLessThan(targets, 2);

    public override string Name => "crossEntropy";

    public override int Width => Targets;

    public override void Activate(Span<float> z)
    {
        for (var first = 0; first < z.Length; first += Targets)
        {
            var row = z.Slice(first, Targets);
            var highest = (double)row[Likeliest(row)];
            var sum = 0.0;
            foreach (var value in row)
                sum += Elementary.Exp(value - highest);
            foreach (ref var value in row)
                value = (float)(Elementary.Exp(value - highest) / sum);
        }
    }

    /// <summary>The probabilities themselves: the mean of the one-hot rows that may come.</summary>
    public override void Point(ReadOnlySpan<float> y, Span<float> point)
    {
        RequireRow(y, point);
        y.CopyTo(point);
    }

    /// <summary>One class, drawn with probabilities ∝ y^(1/T), as a one-hot row.</summary>
    public override void Sample(ReadOnlySpan<float> y, Seeded seeded, double temperature, Span<float> sample)
    {
        RequireRow(y, sample);
        sample.Clear();
        sample[Draw(y, seeded, temperature)] = 1;
    }

    /// <summary>As <see cref="Sample"/>, but gives the class: 0 to D − 1.</summary>
    public int Draw(ReadOnlySpan<float> y, Seeded seeded, double temperature)
    {
        Shapes.Require(y.Length, nameof(y), Targets);
        RequireTemperature(temperature);
        var likeliest = Likeliest(y);
        if (temperature == 0)
            return likeliest;
        var highest = Elementary.Ln(y[likeliest]);
        var sum = 0.0;
        foreach (var p in y)
            sum += Weight(p);
        var left = seeded.NextDouble() * sum;
        for (var d = 0; d < y.Length; d++)
            if ((left -= Weight(y[d])) < 0)
                return d;
        return likeliest; // what rounding left over

        double Weight(float p) => p < Least ? 0 : Elementary.Exp((Elementary.Ln(p) - highest) / temperature);
    }

    /// <summary>The first class that no other exceeds.</summary>
    public static int Likeliest(ReadOnlySpan<float> y)
    {
        var likeliest = 0;
        for (var d = 1; d < y.Length; d++)
            if (y[d] > y[likeliest])
                likeliest = d;
        return likeliest;
    }

    private protected override double Row(ReadOnlySpan<float> y, ReadOnlySpan<float> target, float weight, Span<float> dz)
    {
        var (loss, mass) = (0.0, 0.0);
        for (var d = 0; d < y.Length; d++)
        {
            mass += target[d];
            loss -= target[d] * Elementary.Ln(Math.Max(y[d], Least));
        }

        for (var d = 0; d < y.Length; d++)
            dz[d] = (float)(weight * (y[d] * mass - target[d]));
        return loss;
    }
}
