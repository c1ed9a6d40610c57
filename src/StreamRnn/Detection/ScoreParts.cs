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
}
