using System.Numerics;

namespace StreamRnn.Simulators;

/// <summary>
/// Random numbers that are the same for a seed on every runtime: xoshiro256** (Blackman and Vigna 2018), its state filled by SplitMix64.
/// System.Random promises no such thing. Not for secrets.
/// </summary>
public sealed class SeededRandom
{
    private ulong _a, _b, _c, _d;
    private double _spareNormal = double.NaN;

    public SeededRandom(ulong seed)
    {
        _a = Mix(ref seed);
        _b = Mix(ref seed);
        _c = Mix(ref seed);
        _d = Mix(ref seed);
    }

    /// <summary>A generator of its own for every name, so that a further device or fault changes nobody else's numbers.</summary>
    public static SeededRandom For(long seed, string name) => new(Hash(seed, name));

    /// <summary>A number that depends on nothing but the seed and the name (FNV-1a, then mixed).</summary>
    public static ulong Hash(long seed, string name)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in name)
            hash = (hash ^ c) * 1099511628211UL;
        hash ^= (ulong)seed * 0x9E3779B97F4A7C15UL;
        return Mix(ref hash);
    }

    /// <summary>Another one that will give the same numbers.</summary>
    public SeededRandom Copy() => (SeededRandom)MemberwiseClone();

    public ulong NextBits()
    {
        var result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        var t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double Uniform() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [low, high).</summary>
    public double Uniform(double low, double high) => low + (high - low) * Uniform();

    /// <summary>Uniform in 0 .. count − 1.</summary>
    public int Below(int count) => (int)(Uniform() * count);

    public bool Chance(double probability) => Uniform() < probability;

    /// <summary>Exponential with the given mean.</summary>
    public double Exponential(double mean) => -mean * Math.Log(1 - Uniform());

    /// <summary>Normal with mean 0 and standard deviation 1 (polar method).</summary>
    public double Normal()
    {
        if (!double.IsNaN(_spareNormal))
        {
            var spare = _spareNormal;
            _spareNormal = double.NaN;
            return spare;
        }

        while (true)
        {
            var x = 2 * Uniform() - 1;
            var y = 2 * Uniform() - 1;
            var s = x * x + y * y;
            if (s is >= 1 or 0)
                continue;
            var factor = Math.Sqrt(-2 * Math.Log(s) / s);
            _spareNormal = y * factor;
            return x * factor;
        }
    }

    public double Normal(double mean, double deviation) => mean + deviation * Normal();

    /// <summary>Log-normal with the given median; <paramref name="deviation"/> is that of the logarithm.</summary>
    public double LogNormal(double median, double deviation) => median * Math.Exp(deviation * Normal());

    private static ulong Mix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
