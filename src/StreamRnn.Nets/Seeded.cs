using System.Numerics;

namespace StreamRnn.Nets;

/// <summary>
/// Random numbers from a seed, the same on every machine and in every version: xoshiro256++ (Blackman and Vigna 2021), its state filled by SplitMix64. Not for secrets.
/// </summary>
/// <remarks>A class, because a copied struct would draw the same numbers twice.</remarks>
public sealed class Seeded
{
    private ulong _a, _b, _c, _d;
    private double _spare = double.NaN;

    public Seeded(ulong seed)
    {
        (_a, _b, _c, _d) = (Split(), Split(), Split(), Split());

        ulong Split()
        {
            seed += 0x9E3779B97F4A7C15;
            var z = seed;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>A generator of its own for part <paramref name="stream"/>: the parts do not disturb each other when one draws more.</summary>
    public static Seeded For(ulong seed, ulong stream) => new(seed ^ (stream + 1) * 0xD1342543DE82EF95);

    public ulong NextUInt64()
    {
        var result = BitOperations.RotateLeft(_a + _d, 23) + _a;
        var t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>Uniform in [0, 1), a multiple of 2^−53.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public double NextDouble(double low, double high) => low + (high - low) * NextDouble();

    /// <summary>Uniform in 0 to <paramref name="count"/> − 1, without bias (Lemire 2019).</summary>
    public int Next(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var bound = (uint)count;
        var product = (ulong)(uint)(NextUInt64() >> 32) * bound;
        if ((uint)product < bound)
        {
            var threshold = (0u - bound) % bound;
            while ((uint)product < threshold)
                product = (ulong)(uint)(NextUInt64() >> 32) * bound;
        }

        return (int)(product >> 32);
    }

    /// <summary>True with probability <paramref name="p"/>.</summary>
    public bool Chance(double p) => NextDouble() < p;

    /// <summary>Normal with mean 0 and variance 1 (Marsaglia's polar method).</summary>
    public double NextNormal()
    {
        if (!double.IsNaN(_spare))
        {
            var spare = _spare;
            _spare = double.NaN;
            return spare;
        }

        while (true)
        {
            var (x, y) = (NextDouble(-1, 1), NextDouble(-1, 1));
            var s = x * x + y * y;
            if (s is >= 1 or 0)
                continue;
            var r = Math.Sqrt(-2 * Elementary.Ln(s) / s);
            _spare = y * r;
            return x * r;
        }
    }

    /// <summary>Exponential with mean 1.</summary>
    public double NextExponential() => -Elementary.Ln(1 - NextDouble());
}
