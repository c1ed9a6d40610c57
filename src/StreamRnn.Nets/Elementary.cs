namespace StreamRnn.Nets;

/// <summary>
/// exp, ln, tanh, σ and cos in float64 from exactly rounded operations only (+ − × ÷ √): the same bits on every machine, which a C library's functions do not promise. Relative error below 4e-15.
/// </summary>
public static class Elementary
{
    private const double Ln2High = 0.693147180369123816490;
    private const double Ln2Low = 1.90821492927058770002e-10;

    /// <summary>e^x; 0 below −708, infinity above 709.</summary>
    public static double Exp(double x)
    {
        if (!(x >= -708))
            return double.IsNaN(x) ? x : 0;
        if (x > 709)
            return double.PositiveInfinity;
        var n = Math.Round(x * 1.4426950408889634);
        var r = x - n * Ln2High - n * Ln2Low; // |r| <= ln 2 / 2

        // Taylor to r¹³ (the first term left out is 5e-18), in pairs, for a short chain of dependent operations.
        var (r2, r4) = (r * r, r * r * (r * r));
        var low = 1 + r + r2 * (1.0 / 2 + r * (1.0 / 6)) + r4 * (1.0 / 24 + r * (1.0 / 120) + r2 * (1.0 / 720 + r * (1.0 / 5040)));
        var high = 1.0 / 40320 + r * (1.0 / 362880) + r2 * (1.0 / 3628800 + r * (1.0 / 39916800)) + r4 * (1.0 / 479001600 + r * (1.0 / 6227020800));
        var sum = low + r4 * r4 * high;
        return sum * BitConverter.Int64BitsToDouble((long)(n + 1023) << 52);
    }

    /// <summary>ln x for normal x &gt; 0; −infinity for 0 and subnormals, NaN below.</summary>
    public static double Ln(double x)
    {
        if (!(x >= double.MinValue) || x < 0)
            return double.NaN;
        if (x < 2.2250738585072014e-308)
            return double.NegativeInfinity;
        if (double.IsPositiveInfinity(x))
            return x;
        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = (int)(bits >> 52) - 1023;
        var m = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | (1023L << 52)); // [1, 2)
        if (m > 1.4142135623730951)
            (m, exponent) = (m / 2, exponent + 1);
        var s = (m - 1) / (m + 1); // ln m = 2 artanh s, |s| <= 0.1716
        var q = s * s;
        var (q2, q4) = (q * q, q * q * (q * q));
        var sum = 1 + q * (1.0 / 3) + q2 * (1.0 / 5 + q * (1.0 / 7)) + q4 * (1.0 / 9 + q * (1.0 / 11) + q2 * (1.0 / 13 + q * (1.0 / 15)))
            + q4 * q4 * (1.0 / 17 + q * (1.0 / 19) + q2 * (1.0 / 21));
        return exponent * Ln2High + (2 * s * sum + exponent * Ln2Low);
    }

    /// <summary>ln(1 + x) for x &gt;= 0, exact to rounding near 0 as well.</summary>
    public static double Ln1(double x)
    {
        var u = 1 + x;
        return u == 1 ? x : Ln(u) * (x / (u - 1)); // Kahan's correction of the rounding in 1 + x
    }

    /// <summary>tanh x; absolute error below 4e-16.</summary>
    public static double Tanh(double x) => 1 - 2 / (1 + Exp(2 * Math.Clamp(x, -40, 40)));

    /// <summary>σ(x) = 1 / (1 + e^−x).</summary>
    public static double Sigmoid(double x) => 1 / (1 + Exp(-x));

    /// <summary>cos(π t) for t in [0, 1].</summary>
    public static double CosPi(double t)
    {
        var x = Math.PI * (0.5 - t); // cos(πt) = sin(π/2 − πt), |x| <= π/2
        var q = x * x;
        var sum = 1.0;
        for (var k = 23; k >= 3; k -= 2)
            sum = 1 - q * sum / (k * (k - 1));
        return x * sum;
    }
}
