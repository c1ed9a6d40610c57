namespace StreamRnn.Detection;

/// <summary>What is learned of a device beyond its series: how its combined score is distributed, and the state of its alarm budget.</summary>
public struct DeviceRow
{
    public const double WeekSeconds = 604_800;

    /// <summary>Readings before a device may raise an alert.</summary>
    public const int WarmUp = 50;

    /// <summary>Readings after an alert opened during which no other opens: one incident, one alert.</summary>
    public const int Refractory = 100;

    /// <summary>The most that one channel adds to the combination, decades.</summary>
    public const double Cap = 8;

    /// <summary>The most that an alert is judged by: a channel of two values, whose every change is a wonder, soon lifts the threshold beyond it and is heard no more.</summary>
    public const double MostRarity = 12;

    /// <summary>However quiet a device was, its threshold does not sink below what the budget says: an unspent alarm is not owed.</summary>
    private const double LeastRaise = 0;

    public int Count;                // readings of the device
    public int Channels;             // channels that have spoken; names alone, which come from outside, must not move a score
    public int SinceAlert;           // readings since the last alert opened
    public float Raise;              // decades that past alerts have put on the threshold
    public float OwnBudget;          // false alarms a week that were asked for this device alone; 0: those of the configuration
    public float Interval;           // EW mean of the seconds between readings
    public long LastTime;            // µs
    public long PhaseSince;          // event time of the last change of phase, µs
    public byte Phase;               // Pipeline.Phase
    public Calibrator Tail;

    /// <summary>Root mean square over the channels of their rarity, each at most 8, doubled; the same formula as within a channel.</summary>
    public static double Combine(double sumOfSquares, int channels) => 2 * Math.Sqrt(sumOfSquares / channels);

    /// <summary>
    /// The device's rarity, decades. With one channel its own: it is calibrated already. With several, the rarer of two tests: all channels together, calibrated
    /// by the device's past, and the rarest channel alone (Bonferroni: as many tries as channels); log10 2 pays for having two tests.
    /// </summary>
    public readonly double Rarity(double combined, double rarest, int channels) =>
        channels <= 1 ? rarest : Math.Max(0, Math.Max(Tail.Rarity(combined), rarest - Math.Log10(channels)) - 0.301);

    /// <summary>Readings a week at the present cadence.</summary>
    public readonly double ReadingsPerWeek => WeekSeconds / Math.Max(Interval, 1e-3);

    /// <summary>The budget as a chance per reading, b.</summary>
    public readonly double Budget(double falseAlarmsPerWeek) => Math.Min(0.05, falseAlarmsPerWeek / ReadingsPerWeek);

    /// <summary>The rarity from which an alert opens: −log10 b, raised by one with each alert and sinking back by b with each reading, so that over time no more than one alert is spent per 1/b readings.</summary>
    public readonly double Threshold(double falseAlarmsPerWeek) => Asked(falseAlarmsPerWeek) + Raise;

    /// <summary>How rare a thing must be for the budget, decades: −log10 b.</summary>
    public readonly double Asked(double falseAlarmsPerWeek) => -Math.Log10(Budget(falseAlarmsPerWeek));

    public readonly bool MayOpen => Count >= WarmUp && SinceAlert >= Refractory;

    /// <summary>Folds one reading of the device.</summary>
    /// <param name="interrupted">It ends an outage, which is no cadence.</param>
    public void Learn(long time, double combined, double falseAlarmsPerWeek, bool learnTail, bool interrupted = false)
    {
        if (Count > 0 && !interrupted)
            Interval += (float)(Math.Max(1.0 / Count, 0.05) * (Math.Max(0, (time - LastTime) / 1e6) - Interval));
        if (Count == 0)
            SinceAlert = Refractory;
        LastTime = time;
        Count++;
        SinceAlert++;
        Raise = (float)Math.Max(LeastRaise, Raise - Budget(falseAlarmsPerWeek));
        if (learnTail)
            Tail.Learn(combined);
    }

    public void AlertOpened()
    {
        SinceAlert = 0;
        Raise += 1;
    }
}
