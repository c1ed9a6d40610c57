using System.Runtime.CompilerServices;

namespace StreamRnn.Detection;

/// <summary>
/// What a series' own last 16 readings say of the next ones: an autoregression that recursive least squares fits to it as it goes (Plackett 1950; forgetting λ, Haykin 2002, ch. 9).
/// <code>
/// ŷ = Σ_k w_k z_k,   z_k = (x_{t−k} − m)/u, the latest first
/// g = P z,  d = λ + zᵀg,  w ← w + g (y − ŷ)/d,  P ← (P − g gᵀ/d)/λ
/// </code>
/// m the slow mean, u the usual error of the last value. It begins as "the last value again". P is symmetric and kept as its lower triangle; where float rounding or a wild input
/// has made it useless it begins anew and the weights stay. 608 bytes.
/// </summary>
public struct Autoregression
{
    /// <summary>Terms: as many as <see cref="SeriesRow.Recent"/> keeps. On the development corpora 6, 8 and 12 terms forecast 12 steps ahead less well (ratio to the best simple forecast 1.00, 1.00, 1.00; 16: .99).</summary>
    public const int Order = SeriesRow.RecentLength;

    /// <summary>λ: a memory of 1,000 readings, that of the slow mean there and back.</summary>
    private const double Forgetting = 0.999;

    /// <summary>P before anything was seen, and the most that it may grow to where the inputs say nothing: then it begins anew.</summary>
    private const float First = 1, Most = 1e3f;

    /// <summary>An error counts at most so many times the usual one: an outlier must not teach.</summary>
    private const double MostError = 10;

    private Weights _weights;            // w, less the 1 that the latest value begins with
    private Triangle _p;

    /// <summary>Forecasts of the next readings, each made from those before it.</summary>
    /// <param name="z">(Order + steps): the past, oldest first, in its first Order places. Overwritten behind them: the forecasts.</param>
    public readonly void Forecast(Span<double> z)
    {
        for (var t = Order; t < z.Length; t++)
        {
            var y = z[t - 1];
            for (var k = 0; k < Order; k++)
                y += _weights[k] * z[t - 1 - k];
            z[t] = Math.Clamp(y, -1e6, 1e6);
        }
    }

    /// <summary>Learns that y came after z.</summary>
    /// <param name="z">(Order): the past, oldest first.</param>
    public void Learn(ReadOnlySpan<double> z, double y)
    {
        var error = y - z[Order - 1];
        for (var k = 0; k < Order; k++)
            error -= _weights[k] * z[Order - 1 - k];
        Span<float> x = stackalloc float[Order], g = stackalloc float[Order];
        for (var k = 0; k < Order; k++)
            x[k] = (float)Math.Clamp(z[Order - 1 - k], -1e3, 1e3);
        if (_p[0] == 0)
            Restart();
        g.Clear();
        for (int i = 0, at = 0; i < Order; i++)
        {
            var sum = 0f;
            for (var j = 0; j < i; j++, at++)
            {
                sum += _p[at] * x[j];
                g[j] += _p[at] * x[i];
            }

            g[i] = sum + (_p[at++] * x[i]);
        }

        var d = Forgetting;
        for (var k = 0; k < Order; k++)
            d += (double)x[k] * g[k];
        if (!(d >= Forgetting && d < 1e12))
        {
            Restart();
            return;
        }

        var step = (float)(Math.Clamp(error, -MostError, MostError) / d);
        var (shrink, grow) = ((float)(1 / d), (float)(1 / Forgetting));
        var sound = true;
        for (int i = 0, at = 0; i < Order; i++)
        {
            _weights[i] += g[i] * step;
            var gi = g[i] * shrink;
            for (var j = 0; j <= i; j++, at++)
                _p[at] = (_p[at] - (gi * g[j])) * grow;
            sound &= _p[at - 1] is > 0 and < Most;
        }

        if (!sound)
            Restart();
    }

    private void Restart()
    {
        _p = default;
        for (int i = 0, at = 0; i < Order; at += ++i + 1)
            _p[at] = First;
    }

    [InlineArray(Order)]
    private struct Weights
    {
        private float _first;
    }

    [InlineArray(Order * (Order + 1) / 2)]
    private struct Triangle
    {
        private float _first;
    }
}
