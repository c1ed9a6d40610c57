using System.Runtime.CompilerServices;

namespace StreamRnn.Detection;

/// <summary>
/// What a series is usually like at this time of day: 48 half-hours (UTC). The mean of a visit is folded into its half-hour at a rate of max(1/visits, ¼);
/// read by linear interpolation between the middles. Values are counted from the row's origin.
/// <para>
/// People's days are not UTC's: twice a year many clocks are put on or back by an hour. Then what comes is what was usual an hour later or earlier, and
/// <see cref="TryPutClock"/> moves the profile's own clock.
/// </para>
/// </summary>
public struct DayProfile
{
    private const int Bins = 48;
    private const long BinLength = 86_400L * 1_000_000 / Bins;

    /// <summary>Days on which a half-hour was seen before it is known enough to tell the time by.</summary>
    public const int KnownVisits = 5;

    private const long Hour = 3_600_000_000, LeastBetween = 28 * 24 * Hour;      // law changes clocks twice a year, and not oftener than that
    private const double Explained = 3;      // mean errors: what is further off is not explained
    private const double Largest = 1e38;     // a float's own limit is near; beyond it the half-hour's mean is only known to be huge
    private Means _means;
    private Visits _visits;
    private double _sum;
    private int _inBin;
    private long _bin;               // number of the half-hour since 1970 that is being visited
    private long _ahead;             // of the profile's clock before UTC, µs: whole hours
    private long _putAt;             // when that was changed last, µs

    /// <summary>The profile at a time (µs since 1970); <paramref name="otherwise"/> stands in for half-hours never seen.</summary>
    /// <returns>Whether the nearer half-hour was seen.</returns>
    public readonly bool TryRead(long time, double otherwise, out double value)
    {
        var shifted = time + _ahead - (BinLength / 2);
        var left = FloorDiv(shifted, BinLength);
        var share = (shifted - (left * BinLength)) / (double)BinLength;
        var a = Mod(left, Bins);
        var b = (a + 1) % Bins;
        var (seenA, seenB) = (_visits[a] > 0, _visits[b] > 0);
        value = ((1 - share) * (seenA ? _means[a] : otherwise)) + (share * (seenB ? _means[b] : otherwise));
        return share < 0.5 ? seenA : seenB;
    }

    /// <summary>
    /// Puts the profile's clock on or back by an hour if that explains a value that is odd, and the values before it no worse. Once in four weeks at most, and only where the
    /// half-hours in question were seen on <see cref="KnownVisits"/> days.
    /// </summary>
    /// <param name="times">Of the recent readings, the odd one last, µs. (n)</param>
    /// <param name="values">Their values. (n)</param>
    /// <param name="usual">The profile's mean |error|.</param>
    /// <returns>Whether the clock was put.</returns>
    public bool TryPutClock(ReadOnlySpan<long> times, ReadOnlySpan<double> values, double usual)
    {
        if (_putAt != 0 && times[^1] - _putAt < LeastBetween)
            return false;
        var (best, least) = (0L, double.PositiveInfinity);
        foreach (var by in (ReadOnlySpan<long>)[Hour, -Hour])
        {
            double before = 0, after = 0;
            for (var i = 0; i < times.Length; i++)
            {
                before += Distance(times[i], values[i]);
                after += Distance(times[i] + by, values[i]);
            }

            var (now, then) = (Distance(times[^1], values[^1]), Distance(times[^1] + by, values[^1]));
            if (then <= Explained * usual && then < now / 2 && after <= before && after < least)
                (best, least) = (by, after);
        }

        if (best == 0)
            return false;
        (_ahead, _putAt) = (_ahead + best, times[^1]);
        (_sum, _inBin) = (0, 0);                                 // a visit that began by the old clock belongs nowhere
        return true;
    }

    /// <summary>From a value to the nearest of what the two half-hours around a time are like; infinite where they are hardly known.</summary>
    private readonly double Distance(long time, double value)
    {
        var a = Mod(FloorDiv(time + _ahead - (BinLength / 2), BinLength), Bins);
        var b = (a + 1) % Bins;
        if (_visits[a] < KnownVisits || _visits[b] < KnownVisits)
            return double.PositiveInfinity;
        double low = Math.Min(_means[a], _means[b]), high = Math.Max(_means[a], _means[b]);
        return Math.Max(0, Math.Max(low - value, value - high));
    }

    public void Learn(long time, double value)
    {
        var bin = FloorDiv(time + _ahead, BinLength);
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
