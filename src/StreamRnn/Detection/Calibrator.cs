using System.Runtime.CompilerServices;

namespace StreamRnn.Detection;

/// <summary>
/// Turns evidence of any scale into rarity: L = −log10 of the share of this series' own past evidence that was at least as high. So a score means the same on
/// every series. Evidence e ≥ 0, higher is more anomalous; so is L.
/// <para>
/// A histogram of 64 bins, equal in ln(1 + e) from 0 to 20, with 16-bit counts that are all halved when one is full. Up to the 95 % quantile q the empirical
/// tail is read; beyond it the tail is continued as an exponential: L = 1.301 + 0.434 (e − q)/β, β the mean excess over q (peaks over threshold, the
/// extreme value theory of Pickands 1975 with shape 0), shrunk towards ½ while few excesses were seen. 132 bytes.
/// </para>
/// <see cref="Rarity"/> reads, <see cref="Learn"/> writes: asked twice, it answers the same.
/// </summary>
public struct Calibrator
{
    public const int Bins = 64;

    /// <summary>Before so many observations the answer is 0: nothing is known of the tail.</summary>
    public const int LeastCount = 20;

    private const double Top = 20;
    private const double TailShare = 0.05;
    private const double LeastExcess = 0.05;         // keeps a series of all-equal evidence from calling the first difference a miracle
    private const double PriorExcess = 0.5;          // what β is where nothing is known: evidence is in decades times 1 to 4, whose tails measure so on many corpora
    private const double PriorCount = 3;             // observations that the prior is worth: 20 readings have one excess of their own
    private static readonly double PerBin = Math.Log(1 + Top) / Bins;
    private static readonly double[] Edges = [.. Enumerable.Range(0, Bins + 1).Select(i => Math.Exp(i * PerBin) - 1)];

    private Counts _counts;
    private int _total;

    /// <summary>Observations held (a halving forgets half).</summary>
    public readonly int Count => _total;

    /// <summary>L = −log10 p(evidence ≥ e), 0 or more; 0 until <see cref="LeastCount"/> observations were learned.</summary>
    public readonly double Rarity(double e)
    {
        if (_total < LeastCount)
            return 0;
        var (quantile, excess) = Tail();
        if (e >= quantile)
            return 1.301 + (0.434 * (e - quantile) / excess);
        var bin = BinOf(e);
        double above = 0;
        for (var i = bin + 1; i < Bins; i++)
            above += _counts[i];
        above += _counts[bin] * (Edges[bin + 1] - e) / (Edges[bin + 1] - Edges[bin]);
        return Math.Clamp(-Math.Log10((above + 0.5) / (_total + 1)), 0, 1.301);
    }

    /// <summary>The evidence at which the rarity reaches <paramref name="rarity"/> ≥ 1.301; infinite until enough was learned.</summary>
    public readonly double EvidenceAt(double rarity)
    {
        if (_total < LeastCount)
            return double.PositiveInfinity;
        var (quantile, excess) = Tail();
        return quantile + (Math.Max(0, rarity - 1.301) * excess / 0.434);
    }

    public void Learn(double e)
    {
        ref var count = ref _counts[BinOf(e)];
        count++;
        _total++;
        if (count == ushort.MaxValue)
            Halve();
    }

    /// <summary>The 95 % quantile, read by interpolation within its bin, and the mean excess over it.</summary>
    private readonly (double Quantile, double Excess) Tail()
    {
        var wanted = TailShare * _total;
        double above = 0, weighted = 0;
        for (var i = Bins - 1; ; i--)
        {
            double count = _counts[i];
            if (above + count < wanted && i > 0)
            {
                above += count;
                weighted += count * (Edges[i] + Edges[i + 1]) / 2;
                continue;
            }

            var part = count > 0 ? Math.Min(1, (wanted - above) / count) : 0;      // of this bin, from the top
            var quantile = Edges[i + 1] - (part * (Edges[i + 1] - Edges[i]));
            weighted += part * count * (quantile + Edges[i + 1]) / 2;
            var excess = (weighted - (wanted * quantile) + (PriorCount * PriorExcess)) / (wanted + PriorCount);
            return (quantile, Math.Max(LeastExcess, excess));
        }
    }

    /// <summary>Forgets half: what was learned before counts half from now on.</summary>
    public void Halve()
    {
        _total = 0;
        for (var i = 0; i < Bins; i++)
        {
            _counts[i] /= 2;
            _total += _counts[i];
        }
    }

    private static int BinOf(double e) => e >= Top ? Bins - 1 : e > 0 ? Math.Min(Bins - 1, (int)(Math.Log(1 + e) / PerBin)) : 0;

    [InlineArray(Bins)]
    private struct Counts
    {
        private ushort _first;
    }
}
