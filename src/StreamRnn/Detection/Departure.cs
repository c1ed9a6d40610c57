namespace StreamRnn.Detection;

/// <summary>
/// Whether a device is still elsewhere than it was before a burst began: the lasting state beside the onset. When a reading is rarer than <see cref="Burst.Opens"/>, a <see cref="Picture"/> of each
/// of its series is kept, and from then on the level evidence is also measured against that picture, which does not move, until it is calm again.
/// <code>
/// departed = √(mean over channels of min(L_c, 8)²),   L_c the rarity of channel c's level against its picture
/// </code>
/// </summary>
public struct Departure
{
    /// <summary>Readings after which the picture is too old to compare with: twice the memory of the slow mean, which has followed by then.</summary>
    public const int Longest = 1000;

    private ushort _length;
    private byte _calm;

    public readonly bool Lasts => _length > 0;

    public void Begin() => (_length, _calm) = (1, 0);

    /// <summary>Folds one reading; ends after ten at which neither the level nor anything else was odd.</summary>
    /// <param name="departed">See above, decades.</param>
    /// <param name="rarity">Of the device, decades.</param>
    public void Step(double departed, double rarity)
    {
        _length++;
        _calm = (byte)(departed < Burst.Calm && rarity < Burst.Opens ? _calm + 1 : 0);
        if (_calm >= Burst.Hold || _length >= Longest)
            this = default;
    }
}

/// <summary>How a series was when its device's <see cref="Departure"/> began.</summary>
public struct Picture
{
    private double _mean, _spread;
    private float _level;

    /// <summary>Of the level against the picture, decades; at the series' last reading.</summary>
    public float Rarity { get; private set; }

    public static Picture Of(in SeriesRow row) => new() { _mean = row.Slow, _spread = Math.Max(row.Spread, Outlook.Floor(row)), _level = row.Level };

    /// <summary>Folds a value: the same running mean as <see cref="Learning.NextLevel"/>, with the mean and the spread of then.</summary>
    public void Step(double x, in Calibrator levelTail)
    {
        if (_spread == 0)
            return;                                          // the channel was not there when the picture was taken
        _level += (float)(Learning.LevelRate * ((0.5 * Math.Clamp((x - _mean) / _spread, -8, 8)) - _level));
        Rarity = (float)levelTail.Rarity(Evidence.LevelUnit * Math.Abs(_level));
    }
}
