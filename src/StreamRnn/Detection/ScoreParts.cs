namespace StreamRnn.Detection;

/// <summary>Parts of the score that an ablation leaves out, to measure what each is worth. Not a setting: a service always has them all.</summary>
[Flags]
internal enum ScoreParts
{
    None = 0,
    Range = 1,
    Level = 2,
    Near = 4,
    Far = 8,

    /// <summary>The net: the last value takes the place of its forecasts.</summary>
    Net = 16,
    Window = 32,

    /// <summary>Bursts: the tails learn every reading, also those of an anomaly.</summary>
    Bursts = 64,

    /// <summary>Holding: the score of a reading is its own rarity, whatever went before.</summary>
    Holding = 128,

    /// <summary>The lasting state: the score is held for a while only.</summary>
    Departure = 256,
}
