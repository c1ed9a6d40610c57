namespace StreamRnn.Detection;

/// <summary>The five kinds of evidence that a reading's series gives, in the order of <see cref="Evidence.Strongest"/>.</summary>
public enum EvidenceKind { Range, Level, Near, Far, Window }

/// <summary>
/// How odd a reading is for its series, from five sides; each 0 or more, higher is more anomalous.
/// Raw evidence, before calibration:
/// <list type="bullet">
/// <item>range: min(4, 1 + log10(n/2) − 2 log10(r + 1)) + log10(ex/0.05), 0 or more, where the value lies ex &gt; 0.05 of the whole range so far outside it, else 0: the n-th
/// reading is a record with a chance of 2/n, one by so much is rarer. A series that has set r such records sets them r + 1 times as often and goes r + 1 times as far
/// (rule of succession); needs no other calibration;</item>
/// <item>level: √31 · |EW(1/16) of half the deviation from the slow mean in spreads|: about standard normal for white noise;</item>
/// <item>near, far: 4 log10(1 + |x − μ|/s) of the net's forecast 1 and 12 steps ahead, in the series' own mean error s;</item>
/// <item>window: 8 |log10 v|, v the EW(1/16) of min(|x − μ|/s, 20) of the net's forecast 1 step ahead: together, the last errors are larger than usual, though none of them need be
/// rare, or smaller: the values move otherwise than they do.</item>
/// </list>
/// </summary>
public readonly record struct Evidence(double Range, double Level, double Near, double Far, double Window)
{
    private const double RangeTolerance = 0.05;
    private const double Cap = 8;
    private const double WindowUnit = 8, LeastWindow = 0.01;         // twice the usual error counts 2.4: where the calibrator's bins are fine
    private const int SettledCount = 30;
    internal static readonly double LevelUnit = Math.Sqrt(31);        // a mean over EW(1/16) of unit noise has deviation 1/√31

    /// <summary>Reads the row, writes nothing.</summary>
    /// <param name="nearForecast">μ1, made before <paramref name="x"/> was looked at.</param>
    /// <param name="nearStretch">How many times as long ahead as usual it was made, see <see cref="Cadence"/>.</param>
    /// <param name="farStretch">The same of the far forecast.</param>
    public static Evidence Of(in SeriesRow row, double x, double nearForecast, double nearStretch = 1, double farStretch = 1)
    {
        var floor = Outlook.Floor(row);
        double range = 0;
        if (Excess(row, x, floor) is > RangeTolerance and var excess)
            range = Math.Max(0, Math.Min(4, 1 + Math.Log10(row.Count / 2.0) - (2 * Math.Log10(row.Records + 1))) + Math.Log10(excess / RangeTolerance));

        var level = LevelUnit * Math.Abs(Learning.NextLevel(row, x));
        var near = 4 * Math.Log10(1 + (Math.Abs(x - nearForecast) / Cadence.Scale(Math.Max(row.NearScale, floor), nearStretch, row.Spread)));
        double far = 0;
        if (HasFar(row))
            far = 4 * Math.Log10(1 + (Math.Abs(x - row.Origin - row.Due[row.Count % Outlook.FarSteps][0]) / Cadence.Scale(Math.Max(row.FarScale, floor), farStretch, row.Spread)));
        return new Evidence(range, level, near, far, WindowUnit * Math.Abs(Math.Log10(Math.Max(Learning.NextWindow(row, x, nearForecast, nearStretch), LeastWindow))));
    }

    /// <summary>Whether x is a record that counts: it leaves the range by more than <see cref="RangeTolerance"/> of it, when there is one.</summary>
    internal static bool IsRecord(in SeriesRow row, double x) => Excess(row, x, Outlook.Floor(row)) > RangeTolerance;

    // In ranges, beyond the nearer end of the range; not above 0 within it. Of a young series nothing can be said.
    private static double Excess(in SeriesRow row, double x, double floor) => row.Count < Calibrator.LeastCount ? 0 : Math.Max(row.Least - x, x - row.Most) / Math.Max(row.Most - row.Least, floor);

    /// <summary>The same without the parts that an ablation leaves out: evidence that is always 0 is never rare.</summary>
    internal Evidence Without(ScoreParts parts) => parts == ScoreParts.None ? this : new(
        parts.HasFlag(ScoreParts.Range) ? 0 : Range, parts.HasFlag(ScoreParts.Level) ? 0 : Level, parts.HasFlag(ScoreParts.Near) ? 0 : Near, parts.HasFlag(ScoreParts.Far) ? 0 : Far,
        parts.HasFlag(ScoreParts.Window) ? 0 : Window);

    /// <summary>Each kind as rarity: calibrated by the series' own past, at most 8 so that no single kind decides alone.</summary>
    public Evidence Calibrated(in SeriesRow row) => new(
        Math.Min(Range, Cap),
        Math.Min(row.LevelTail.Rarity(Level), Cap),
        Math.Min(row.NearTail.Rarity(Near), Cap),
        Math.Min(row.FarTail.Rarity(Far), Cap),
        Math.Min(row.WindowTail.Rarity(Window), Cap));

    /// <summary>Root mean square of calibrated evidence, doubled: a mean would drown the one kind that sees it, a maximum would hear every kind's noise.</summary>
    public double Combined => 2 * Math.Sqrt(((Range * Range) + (Level * Level) + (Near * Near) + (Far * Far) + (Window * Window)) / 5);

    public EvidenceKind Strongest
    {
        get
        {
            var (kind, most) = (EvidenceKind.Near, Near);
            if (Far > most)
                (kind, most) = (EvidenceKind.Far, Far);
            if (Level > most)
                (kind, most) = (EvidenceKind.Level, Level);
            if (Window > most)
                (kind, most) = (EvidenceKind.Window, Window);
            return Range >= most ? EvidenceKind.Range : kind;
        }
    }

    /// <summary>Adds raw evidence, and the calibrated evidence's combination, to the series' past.</summary>
    public void Learn(ref SeriesRow row, double combined)
    {
        row.LevelTail.Learn(Level);
        row.NearTail.Learn(Near);
        row.WindowTail.Learn(Window);
        if (HasFar(row))
            row.FarTail.Learn(Far);
        // Until the kinds' own tails have settled their combination is noise; learned, it would hide real alarms for hundreds of readings.
        if (row.Count < SettledCount)
            return;
        row.AllTail.Learn(combined);
        // Young tails call too much rare. Twice the combination forgets half of that time, lest it be the yardstick for hundreds of readings.
        if (row.Count is 2 * SettledCount or 4 * SettledCount)
            row.AllTail.Halve();
    }

    private static bool HasFar(in SeriesRow row) => row.Count >= Outlook.FarSteps;
}
