using System.Runtime.CompilerServices;

namespace StreamRnn.Detection;

/// <summary>
/// All that is learned of one series, but for the net's hidden and cell state: one contiguous block, which is also the checkpoint row.
/// Levels are in the series' unit as doubles; the rings and the profile are floats counted from <see cref="Origin"/>, the first value.
/// The letters in brackets are those of docs/detection.md.
/// </summary>
public struct SeriesRow
{
    /// <summary>Bytes of a row in saved states of layout 1: all fields but the last.</summary>
    public const int BytesOfLayout1 = 2640;

    /// <summary>Recent readings kept to be shown in an alert.</summary>
    public const int RecentLength = 16;

    public int Count;                    // readings folded
    public int LateRun;                  // late readings in a row
    public long LastTime;                // event time of the last reading, µs
    public long LastHeard;               // listening clock when it came, µs
    public double Last, LastButOne;      // x1, x2
    public double Fast, Slow;            // e05: EW mean over 20; m: EW mean over 500
    public double Spread;                // S: EW mean of |x − m|
    public double Least, Most;           // range so far
    public int Records;                  // times that it was left by more than a twentieth of itself
    public double Origin;                // first value
    public double NearScale, FarScale;   // s1, s12: EW mean of the net's |error| at 1 and 12 steps
    public PerAnchor NearErrors;         // a1: EW mean of |x − anchor| at one step
    public PerAnchor FarErrors;          // a12
    public float Interval;               // EW mean of the seconds between readings, over 20
    public float Usual;                  // the same over 200
    public float Band;                   // |error| / s1 that one normal reading in a hundred exceeds
    public float Level;                  // EW over 16 of the clipped deviation from m, in S
    public float Window;                 // EW over 16 of the net's |error| in s1, clipped
    public double Expected;              // the last near forecast, made before its value was seen; NaN after the first reading
    public float Rarity;                 // G: the latest calibrated evidence of the series
    public Peak Peak;                    // of the device's present burst
    public Picture Picture;              // of the series when the device's present departure began
    public bool Silent;                  // found overdue and not heard since
    public Surprise LastErrors;          // last error of each anchor, in its scale
    public DueRing Due;                  // far forecasts that wait for their reading
    public DayProfile Profile;           // p
    public Standstill Still;             // runs of equal values
    public RecentRing Recent;
    public Autoregression Regression;
    public Calibrator LevelTail, NearTail, FarTail, WindowTail, AllTail, IntervalTail;
    public long NextSequence;            // the last reading's sequence number + 1; 0: it had none. What comes behind this field is not in saved states of layout 1

    /// <summary>From the forecast to either edge of the expected band, in the series' unit.</summary>
    public readonly double HalfBand => Band * NearScale;

    [InlineArray(Anchors.Count)]
    public struct PerAnchor
    {
        private double _first;
    }

    [InlineArray(Anchors.Count)]
    public struct Surprise
    {
        private float _first;
    }

    /// <summary>A far forecast, then its anchors; from <see cref="Origin"/>.</summary>
    [InlineArray(1 + Anchors.Count)]
    public struct DueForecast
    {
        private float _first;
    }

    [InlineArray(Outlook.FarSteps)]
    public struct DueRing
    {
        private DueForecast _first;
    }

    [InlineArray(RecentLength)]
    public struct RecentRing
    {
        private RecentReading _first;
    }
}

/// <summary>A value as it came, and the seconds since the reading before.</summary>
public struct RecentReading
{
    public double Value;
    public float Gap;
}
