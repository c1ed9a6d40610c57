namespace StreamRnn.Tests.Nets;

/// <summary>Gradients of Σ outputs · dy against central differences of a forward pass in double.</summary>
internal static class FiniteDifferences
{
    /// <param name="all">What is varied, each with the gradients that the way back gave; some sixty values of each are looked at.</param>
    /// <param name="outputs">The forward pass with the values as they are.</param>
    /// <param name="dy">∂loss/∂outputs.</param>
    public static void Compare(IEnumerable<(string Name, float[] Values, float[] Gradients)> all, Func<double[]> outputs, float[] dy)
    {
        foreach (var (name, values, gradients) in all)
            for (var n = 0; n < values.Length; n += Math.Max(1, values.Length / 60))
            {
                var (value, step) = (values[n], 1 / 1024f);
                values[n] = value + step;
                var (above, high) = (Loss(), (double)values[n]);
                values[n] = value - step;
                var (below, low) = (Loss(), (double)values[n]);
                values[n] = value;
                var expected = (above - below) / (high - low);
                Assert.True(Math.Abs(expected - gradients[n]) < 1e-4 * (1 + Math.Abs(expected)), $"{name}[{n}]: finite difference {expected}, backward {gradients[n]}");
            }

        double Loss()
        {
            var loss = 0.0;
            var y = outputs();
            for (var n = 0; n < y.Length; n++)
                loss += y[n] * dy[n];
            return loss;
        }
    }
}
