using System.Runtime.CompilerServices;

namespace StreamRnn.Detection;

/// <summary>
/// How long a series is used to send one value over and over, and for how long it does so now. A run is a number of equal values in a row; a completed run is one that
/// another value ended. 112 bytes.
/// <para>
/// Rarity of a run of r readings: L = −log10 P(run ≥ r). Up to the 95 % quantile u of the completed runs the question does not arise (0); beyond it the tail is continued as a
/// generalised Pareto distribution (Pickands 1975), S = (1 + ξ (r − u)/σ)^(−1/ξ), whose shape and scale follow from mean and mean square of the excesses over u (Hosking and
/// Wallis 1987), shrunk towards what runs of chance have: exponential excesses of u/3, for 5 % = e^−3, with a shape of 0.2. So a thermometer whose noise changes every value is
/// suspected after 20 equal ones, and a lamp that is dark for a night is not after a night.
/// </para>
/// <para>
/// Careful: a run counts for no more readings than usually come in the time that it lasted, so that a device that speaks ten times as often is not stuck. What was
/// watched for only a share of a week knows nothing of its other hours: L pays log10(week/watched). Where less than a week was seen before the run, it is not judged
/// if usual runs reach <see cref="LeastRun"/> readings, or if the value is that of the longest run, so the one at which the series rests: its first night or weekend has not come.
/// </para>
/// <see cref="Rarity"/> reads, <see cref="Learn"/> writes; higher is more anomalous.
/// </summary>
public struct Standstill
{
    /// <summary>The shortest run that is judged: fewer equal values are soon said and tell little.</summary>
    public const int LeastRun = 20;

    /// <summary>Completed runs before runs count as known.</summary>
    public const int LeastRuns = 20;

    private const int Bins = 32;                      // two to an octave: 1, 2, 3, 4, 5-6, 7-8 … 65,536 and more
    private const double TailShare = 0.05;
    private const double PriorShape = 0.2, MostShape = 0.45, LeastShape = 0.01;    // at 0.5 a mean square would no longer exist
    private const double PriorCount = 3;              // excesses that the prior is worth: as the calibrator's
    private const double IntervalRate = 1.0 / 500;
    private const double Week = 604_800;
    private static readonly int[] Edges = [1, 2, 3, .. Enumerable.Range(0, Bins - 2).Select(i => i % 2 == 0 ? 4 << (i / 2) : 6 << (i / 2))];

    private Counts _counts;
    private int _runs;                                // in the counts
    private int _longest;                             // of the completed runs
    private double _restValue;                        // its value
    private bool _isRest;                             // the present run is at that value
    private float _logInterval;                       // EW mean of ln(seconds between readings): gaps of hours hardly move it
    private long _since;                              // time of the first reading, µs
    private long _runSince;                           // time of the first reading of the present run, µs

    /// <summary>Equal values up to now, the last one included; 0 before the first.</summary>
    public int Run { get; private set; }

    /// <summary>Found stuck, and no other value has come since.</summary>
    public readonly bool Stuck => _stuckAt > 0;

    private int _stuckAt;                             // the run's length when it was found stuck; 0: it was not

    private bool _adopted;                            // the present run is taken for normal

    /// <summary>When the present run began, µs.</summary>
    public readonly long RunSince => _runSince;

    /// <summary>Completed runs that are remembered.</summary>
    public readonly int Runs => _runs;

    /// <summary>How rare the present run would be with one more equal value, at <paramref name="time"/>; 0 or more. 0 while too little is known.</summary>
    public readonly double Rarity(long time)
    {
        if (Run + 1 < LeastRun || _runs < LeastRuns || _adopted)
            return 0;
        var usual = ((time - _runSince) / 1e6 / Math.Exp(_logInterval)) + 1;
        var r = Math.Min(Run + 1, usual);
        var bin = Bins - 1;
        double above = 0;
        for (; bin > 0 && above + _counts[bin] <= TailShare * _runs; bin--)
            above += _counts[bin];
        double u = Edges[bin + 1] - 1;                // no run of this bin is longer
        var watched = Math.Max((_runSince - _since) / 1e6, 1);
        if (r <= u || r < LeastRun || (watched < Week && (u >= LeastRun || _isRest)))
            return 0;

        var scale = u / 3;
        var mean = PriorCount * scale / (1 - PriorShape);
        var square = PriorCount * 2 * scale * scale / ((1 - PriorShape) * (1 - (2 * PriorShape)));
        for (var i = bin + 1; i < Bins; i++)
        {
            var excess = Math.Sqrt(Edges[i] * (Edges[i + 1] - 1.0)) - u;
            mean += _counts[i] * excess;
            square += _counts[i] * excess * excess;
        }

        mean /= PriorCount + above;
        square /= PriorCount + above;
        var shape = Math.Clamp(0.5 * (1 - (mean * mean / Math.Max(square - (mean * mean), 1e-9))), LeastShape, MostShape);
        var beyond = Math.Log10(1 + (shape * (r - u) / (mean * (1 - shape)))) / shape;
        return Math.Max(0, beyond - Math.Log10((above + 0.5) / (_runs + 1)) - Unseen(_runSince));
    }

    /// <summary>Decades that a series pays for the hours of the week that it has not been watched in, up to a time (µs): log10(week/watched), 0 from a week on.</summary>
    public readonly double Unseen(long until) => Math.Max(0, Math.Log10(Week / Math.Max((until - _since) / 1e6, 1)));

    /// <summary>Folds a reading.</summary>
    /// <param name="last">The value before it; at the first reading its own.</param>
    /// <param name="value">Its value.</param>
    /// <param name="time">Its time, µs.</param>
    /// <param name="gap">Seconds since the reading before.</param>
    public void Learn(double last, double value, long time, double gap)
    {
        if (Run == 0)
            (_since, _runSince, Run) = (time, time, 1);
        else
        {
            var log = (float)Math.Log(Math.Clamp(gap, 1e-6, 1e9));
            _logInterval = _since == _runSince && Run == 1 ? log : _logInterval + (float)(IntervalRate * (log - _logInterval));
            if (value == last)
                Run = Math.Min(Run + 1, int.MaxValue - 1);
            else
                End(last, value, time);
        }
    }

    /// <summary>The present run, with one more equal value, is found too long.</summary>
    public void Find() => _stuckAt = Stuck ? _stuckAt : Run + 1;

    /// <summary>Another value has come.</summary>
    public void Free() => (_stuckAt, _adopted) = (0, false);

    /// <summary>
    /// How rare a run is that lasts, decades: as with silence it opens half a decade above what is asked and gains 1¼ with each factor of ten by which it outlasts the length at
    /// which it was found, so that its severity is minor at first, major from six such lengths on and critical from a hundred.
    /// </summary>
    public readonly double Lasting(double asked) => asked + 0.5 + (1.25 * Math.Log10((Run + 1.0) / Math.Max(_stuckAt, 1)));

    /// <summary>The present run is the normal, however long it will last.</summary>
    public void Adopt() => (_stuckAt, _adopted) = (0, _adopted || Stuck);

    private void End(double last, double value, long time)
    {
        if (Run >= _longest)
            (_longest, _restValue) = (Run, last);
        _isRest = value == _restValue;
        var bin = Array.BinarySearch(Edges, 0, Bins, Run);
        bin = bin >= 0 ? bin : ~bin - 1;
        _runs++;
        if (++_counts[bin] == ushort.MaxValue)
        {
            _runs = 0;
            for (var i = 0; i < Bins; i++)
                _runs += _counts[i] /= 2;
        }

        (Run, _runSince) = (1, time);
        Free();
    }

    [InlineArray(Bins)]
    private struct Counts
    {
        private ushort _first;
    }
}
