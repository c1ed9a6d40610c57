namespace StreamRnn.Detection;

/// <summary>
/// A stretch of a device's readings in which something is going on. It begins with a reading rarer than <see cref="Opens"/> and ends after <see cref="Hold"/> calm readings in a row, or after
/// <see cref="Longest"/> readings.
/// <para>
/// Rare readings come in clusters, and what a budget of alarms counts is clusters. So while a burst lasts nothing is learned by the tails; when it is over, its peak is learned once
/// (runs declustering of peaks over a threshold: Davison and Smith 1990). Otherwise an anomaly of a hundred readings would make itself a hundred times more usual, and the next of its kind would not
/// be found.
/// </para>
/// </summary>
public struct Burst
{
    /// <summary>One reading in a hundred opens a burst; the tails beyond it are what has to be kept clean.</summary>
    public const double Opens = 2;

    /// <summary>Readings of a device before there are bursts: the tails' 95 % quantile then rests on 25 readings. Before, what looks rare is mostly not known yet, and to be learned.</summary>
    public const int Settled = 500;

    /// <summary>Rarity below which a reading is calm: what one normal reading in twenty exceeds.</summary>
    public const double Calm = 1.301;

    /// <summary>Calm readings that end it: as many as resolve an alert.</summary>
    public const int Hold = 10;

    /// <summary>Readings after which it is over in any case: what goes on so long is what is usual now.</summary>
    public const int Longest = 100;

    private byte _length, _calm;

    public readonly bool Lasts => _length > 0;

    /// <summary>Folds one reading's rarity, before anything of it is learned.</summary>
    public void Step(double rarity)
    {
        if (_length == 0)
        {
            if (rarity > Opens)
                (_length, _calm) = (1, 0);
            return;
        }

        _length++;
        _calm = (byte)(rarity < Calm ? _calm + 1 : 0);
        if (_calm >= Hold || _length >= Longest)
            this = default;
    }
}

/// <summary>The highest raw evidence of each kind in the present <see cref="Burst"/>; 0 where there is none.</summary>
public struct Peak
{
    public float Level, Near, Far, Window, Combined;

    public readonly bool IsAny => Level > 0 || Near > 0 || Far > 0 || Window > 0 || Combined > 0;

    public void Raise(in Evidence raw, double combined)
    {
        Level = Math.Max(Level, (float)raw.Level);
        Near = Math.Max(Near, (float)raw.Near);
        Far = Math.Max(Far, (float)raw.Far);
        Window = Math.Max(Window, (float)raw.Window);
        Combined = Math.Max(Combined, (float)combined);
    }

    public readonly Evidence Evidence => new(0, Level, Near, Far, Window);
}
