namespace StreamRnn.Host.Evaluation;

/// <summary>
/// A linear forecast that is fitted as values come, by least squares with exponential forgetting (recursive least squares, Plackett 1950): y ≈ w·z,
/// g = Pz, w ← w + g/(λ + z·g) · (y − w·z), P ← (P − g gᵀ/(λ + z·g))/λ. Entries of P are held within ± 10⁴, so that a series that stands still does not blow it up.
/// </summary>
/// <param name="terms">Length of z. The first weight begins as 1, the others as 0: with the last value first, "the last value again".</param>
internal sealed class RecursiveLeastSquares(int terms)
{
    private const double Forgetting = 0.998;             // a memory of 500 values
    private const double Prior = 100, MostCovariance = 1e4;

    private readonly double[] _weights = [1, .. new double[terms - 1]];
    private readonly double[] _gain = new double[terms];
    private readonly double[] _covariance = Identity(terms);

    /// <summary>w·z; writes nothing.</summary>
    public double Forecast(ReadOnlySpan<double> z)
    {
        var sum = 0.0;
        for (var i = 0; i < terms; i++)
            sum += _weights[i] * z[i];
        return sum;
    }

    /// <param name="error">y − w·z.</param>
    public void Learn(ReadOnlySpan<double> z, double error)
    {
        var norm = Forgetting;
        for (var i = 0; i < terms; i++)
        {
            var sum = 0.0;
            for (var j = 0; j < terms; j++)
                sum += _covariance[(i * terms) + j] * z[j];
            _gain[i] = sum;
            norm += z[i] * sum;
        }

        for (var i = 0; i < terms; i++)
        {
            _weights[i] += _gain[i] / norm * error;
            for (var j = 0; j < terms; j++)
                _covariance[(i * terms) + j] = Math.Clamp((_covariance[(i * terms) + j] - (_gain[i] * _gain[j] / norm)) / Forgetting, -MostCovariance, MostCovariance);
        }
    }

    private static double[] Identity(int terms)
    {
        var p = new double[terms * terms];
        for (var i = 0; i < terms; i++)
            p[(i * terms) + i] = Prior;
        return p;
    }
}
