using System.Runtime.CompilerServices;

namespace StreamRnn.Detection;

/// <summary>
/// What a series is usually like at this time of day: 48 half-hours (UTC). The mean of a visit is folded into its half-hour at a rate of max(1/visits, ¼);
/// read by linear interpolation between the middles. Values are counted from the row's origin.
/// </summary>
public struct DayProfile
{
    private const int Bins = 48;
    private const long BinLength = 86_400L * 1_000_000 / Bins;

    private const double Largest = 1e38;     // a float's own limit is near; beyond it the half-hour's mean is only known to be huge
    private Means _means;
    private Visits _visits;
    private double _sum;
    private int _inBin;
    private long _bin;               // number of the half-hour since 1970 that is being visited

    /// <summary>The profile at a time (µs since 1970); <paramref name="otherwise"/> stands in for half-hours never seen.</summary>
    /// <returns>Whether the nearer half-hour was seen.</returns>
    public readonly bool TryRead(long time, double otherwise, out double value)
    {
        var shifted = time - (BinLength / 2);
        var left = FloorDiv(shifted, BinLength);
        var share = (shifted - (left * BinLength)) / (double)BinLength;
        var a = Mod(left, Bins);
        var b = (a + 1) % Bins;
        var (seenA, seenB) = (_visits[a] > 0, _visits[b] > 0);
        value = ((1 - share) * (seenA ? _means[a] : otherwise)) + (share * (seenB ? _means[b] : otherwise));
        return share < 0.5 ? seenA : seenB;
    }

    public void Learn(long time, double value)
    {
        var bin = FloorDiv(time, BinLength);
        if (_inBin > 0 && bin != _bin)
        {
            var i = Mod(_bin, Bins);
            if (_visits[i] < byte.MaxValue)
                _visits[i]++;
            var rate = Math.Max(1.0 / _visits[i], 0.25);
            _means[i] = (float)Math.Clamp(_means[i] + (rate * ((_sum / _inBin) - _means[i])), -Largest, Largest);
            (_sum, _inBin) = (0, 0);
        }

        _bin = bin;
        _sum += value;
        _inBin++;
    }

    private static long FloorDiv(long a, long b) => (a / b) - (a % b < 0 ? 1 : 0);

    private static int Mod(long a, int b) => (int)(((a % b) + b) % b);

    [InlineArray(Bins)]
    private struct Means
    {
        private float _first;
    }

    [InlineArray(Bins)]
    private struct Visits
    {
        private byte _first;
    }
}
