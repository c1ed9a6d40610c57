namespace StreamRnn.Detection;

/// <summary>What is learned of a device beyond its series: how its combined score is distributed, and the state of its alarm budget.</summary>
public struct DeviceRow
{
    public const double WeekSeconds = 604_800;

    /// <summary>Readings before a device may raise an alert.</summary>
    public const int WarmUp = 50;

    /// <summary>Readings after an alert opened during which no other opens: one incident, one alert.</summary>
    public const int Refractory = 100;

    /// <summary>Readings that a level must have lasted before it is taken for the new one: half of what ends any alert, for a level that is left again sooner was an anomaly and not a new level.</summary>
    public const int SettledReadings = 50;

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
    public Fading Fading;
    public Burst Burst;
    public Departure Departure;
    public byte Settling;            // readings in a row that are odd in their level alone, while an alert is open
    public float Peak;               // highest combination of the present burst
    public Calibrator Tail;

    /// <summary>Root mean square over the channels of their rarity, each at most 8, doubled; the same formula as within a channel.</summary>
    public static double Combine(double sumOfSquares, int channels) => 2 * Math.Sqrt(sumOfSquares / channels);

    /// <summary>
    /// The device's rarity, decades. With one channel its own: it is calibrated already. With several, all channels together, calibrated
    /// by the device's past. What a channel is beyond <see cref="Cap"/> the combination cannot tell; there the channel by itself counts, if that is rarer (Bonferroni: it pays for being one of many),
    /// or a gross fault of one channel of many would not be rare enough for a device that reports every second.
    /// </summary>
    public readonly double Rarity(double combined, double rarest, int channels) =>
        channels <= 1 ? rarest : Math.Max(Tail.Rarity(combined), rarest > Cap ? rarest - Math.Log10(channels) : 0);

    /// <summary>Readings a week at the present cadence.</summary>
    public readonly double ReadingsPerWeek => WeekSeconds / Math.Max(Interval, 1e-3);

    /// <summary>The budget as a chance per reading, b.</summary>
    public readonly double Budget(double falseAlarmsPerWeek) => Math.Min(0.05, falseAlarmsPerWeek / ReadingsPerWeek);

    /// <summary>The rarity from which an alert opens: −log10 b, raised by one with each alert and sinking back by b with each reading, so that over time no more than one alert is spent per 1/b readings.</summary>
    public readonly double Threshold(double falseAlarmsPerWeek) => Asked(falseAlarmsPerWeek) + Raise;

    /// <summary>How rare a thing must be for the budget, decades: −log10 b.</summary>
    public readonly double Asked(double falseAlarmsPerWeek) => -Math.Log10(Budget(falseAlarmsPerWeek));

    /// <summary>Warmed up: its rarity means something.</summary>
    public readonly bool MayJudge => Count >= WarmUp;

    public readonly bool MayOpen => MayJudge && SinceAlert >= Refractory;

    /// <summary>Folds one reading of the device; its rarity has moved the burst already.</summary>
    /// <param name="interrupted">It ends an outage, which is no cadence.</param>
    public void Learn(long time, double combined, double falseAlarmsPerWeek, bool interrupted = false)
    {
        if (Count > 0 && !interrupted)
            Interval += (float)(Math.Max(1.0 / Count, 0.05) * (Math.Max(0, (time - LastTime) / 1e6) - Interval));
        if (Count == 0)
            SinceAlert = Refractory;
        LastTime = time;
        Count++;
        SinceAlert++;
        Raise = (float)Math.Max(LeastRaise, Raise - Budget(falseAlarmsPerWeek));
        // Before the channels' own tails have settled their combination is zero, which would make the first that is not a wonder.
        if (!MayJudge)
            return;
        if (Burst.Lasts)
        {
            Peak = Math.Max(Peak, (float)combined);
            return;
        }

        if (Peak > 0)
            Tail.Learn(Peak);
        Peak = 0;
        Tail.Learn(combined);
    }

    /// <summary>
    /// Looks whether an open alert is a new level: for <see cref="SettledReadings"/> readings in a row nothing is odd but where the values are. Levels and short forecasts follow at once (the
    /// adapting branch), the slow mean and the spread do not (the frozen one): so the values move as they always did, elsewhere.
    /// </summary>
    /// <param name="rarity">Of the device.</param>
    /// <param name="oddest">The highest calibrated range or near evidence of a channel.</param>
    public void Settle(double rarity, double oddest, bool isOpen) =>
        Settling = (byte)(isOpen && rarity >= Burst.Calm && oddest < Burst.Calm ? Math.Min(Settling + 1, SettledReadings) : 0);

    public readonly bool IsNewLevel => Settling >= SettledReadings;

    /// <summary>The new level is the normal one: what comes next is another incident, so it need not wait.</summary>
    public void LevelAdopted()
    {
        Settling = 0;
        Burst = default;
        SinceAlert = Refractory;
    }

    public void AlertOpened()
    {
        SinceAlert = 0;
        Raise += 1;
    }
}
