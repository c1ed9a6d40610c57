namespace StreamRnn.Detection;

/// <summary>
/// What is published of a device's rarity beside the rarity itself.
/// <code>
/// held  = max(L, 0.7 · 0.98^k · L_peak, 0.7 · departed)     k readings since the peak; departed: <see cref="Departure"/>
/// onset = L where no reading of the last 100 was rarer, else 0
/// </code>
/// An incident does not vanish with the reading that showed it: the held rarity says that something was going on a moment ago, or that the device is still elsewhere. The onset says that something begins: what an alert
/// would open at, were its threshold below. Both are as rare as the reading that they stem from, whatever the budget.
/// </summary>
public struct Fading
{
    /// <summary>A peak counts less than a reading that is odd itself, so that of two neighbours the odd one stands out.</summary>
    private const float Share = 0.7f;

    /// <summary>Half is left after 34 readings: a third of <see cref="DeviceRow.Refractory"/>, in which one incident is one alert.</summary>
    private const float Rate = 0.98f;

    private float _now, _glow, _peak;
    private byte _since;

    /// <summary>Decades, the last reading's rarity.</summary>
    public readonly float Now => _now;

    /// <summary>Decades, the last reading's rarity or more.</summary>
    public float Held { get; private set; }

    /// <summary>Decades, the last reading's rarity or 0.</summary>
    public float Onset { get; private set; }

    /// <summary>Folds one reading's rarity, 0 or more, and how far the device has departed.</summary>
    public void Step(double rarity, double departed = 0)
    {
        var now = _now = (float)rarity;
        _glow = Math.Max(Math.Min(now, (float)DeviceRow.MostRarity), Rate * _glow);
        Held = Math.Max(now, Share * Math.Max(_glow, (float)departed));
        Onset = 0;
        if (now > _peak || _since >= DeviceRow.Refractory)
            (_peak, _since, Onset) = (now, 0, now);
        else
            _since++;
    }
}
