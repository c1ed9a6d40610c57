using System.Globalization;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Host.Watch;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Host.Explaining;

/// <summary>An explanation for a terminal of 100 columns: the sentence, the life, whether it came again, and a table of readings for each channel that had a part in it.</summary>
internal static class ExplainText
{
    private const int Width = 100;
    private const int MostChannels = 3;
    private const int FromStart = 8, FromEnd = 4, AtPeak = 2;     // rows of a long alert
    private static readonly string[] Head = ["", "time", "value", "expected", "from", "to", "error", "evidence, decades", "rarity", "score"];

    /// <param name="context">Readings shown before and after the alert.</param>
    public static void Write(Explanation about, int context, TextWriter output)
    {
        var (opening, last) = (about.Opening, about.Last);
        output.WriteLine($"{opening.AlertId}  {opening.Device}{(opening.Channel is { } of ? " " + of : "")}  {AlertWords.Of(opening.Kind)}, {AlertWords.Of(about.Told.Max(e => e.Severity))}{(about.IsOver ? "" : ", still open")}");
        Wrapped(output, opening.Summary);
        if (about.Told.Count > 1)
            Wrapped(output, last.Summary);
        output.WriteLine();
        WriteTable(output, [["", "event", "severity", "value", "expected", "score", "count", ""], .. about.Told.Select(Life)], leftFrom: 7, 0, 1, 2);
        output.WriteLine();
        Wrapped(output, Came(about));
        var shares = about.Channels;
        foreach (var channel in shares.Take(MostChannels))
        {
            output.WriteLine();
            output.WriteLine($"{channel.Name}{(shares.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $", {100 * channel.Share:0} % of it") : "")}");
            WriteReadings(output, about, [.. about.Samples.Where(s => s.Channel.Name == channel.Name)], context);
        }

        if (shares.Count > MostChannels)
            Wrapped(output, $"\nAnd less of {string.Join(", ", shares.Skip(MostChannels).Select(s => s.Name))}; --json shows all.");
        if (shares.Count == 0)
            output.WriteLine("\nNo reading of it is in the journal around that time.");
    }

    private static string Came(Explanation about)
    {
        var lived = string.Create(CultureInfo.InvariantCulture, $"Lived again: {about.Readings} readings of {about.Opening.Device} in {about.Entries} entries, ");
        if (about.Came is { } import && about.Again.Count > 0)
            lived = $"{import} and is lived from there. {lived}";
        return about.IsSame
            ? lived + (about.Told.Count == 1 ? "and the same event came again, byte for byte." : $"and the same {about.Told.Count} events came again, byte for byte.")
            : $"{lived}but {about.Difference}: {about.Why}. What is shown below is what came now.";
    }

    private static string[] Life(AlertEvent e) =>
    [
        e.EventTime.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), AlertWords.Of(e.Status), AlertWords.Of(e.Severity), AlertLine.Number(e.Value), AlertLine.Number(Math.Abs(e.Expected ?? double.NaN) < 1e-9 ? 0 : e.Expected), Score(e.Score),
        e.Count.ToString(CultureInfo.InvariantCulture),
        e.Status == AlertStatus.Resolved ? $"{(e.Resolution is { } how ? AlertWords.Of(how) : "")} after {Wording.Duration(e.OpenedAt, e.ResolvedAt ?? e.EventTime)}" : e.Flapping ? "again" : "",
    ];

    // What opened or closed it may be no reading: a deadline, a person's word, a reading of other channels. Then it has a line of its own.
    private static void WriteReadings(TextWriter output, Explanation about, List<ScoredSample> samples, int context)
    {
        var (openedAt, closedAt) = (about.Opening.OpenedAt, about.ClosedAt);
        var opened = samples.TakeWhile(s => s.Time < openedAt).Count();
        var closed = samples.TakeWhile(s => closedAt is not { } end || s.Time <= end).Count();        // the first behind it
        var peak = samples.FindIndex(s => s.Time == about.PeakAt);
        var format = Format.Of(samples);
        var rows = new List<string[]> { Head };
        var skipped = 0;
        for (var i = Math.Max(0, opened - context); i <= samples.Count; i++)
        {
            if (i == opened && (i == samples.Count || samples[i].Time != openedAt))
                rows.Add(Line("opened", format.Time(openedAt)));
            if (i >= opened + FromStart && i < closed - FromEnd && Math.Abs(i - peak) > AtPeak)
            {
                skipped++;
                continue;
            }

            if (skipped > 0)
                rows.Add(Line("|", string.Create(CultureInfo.InvariantCulture, $"… {skipped} more")));
            skipped = 0;
            if (i == closed && closedAt is { } end && (i == 0 || samples[i - 1].Time != end))
                rows.Add(Line("closed", format.Time(end)));
            if (i == samples.Count || i - closed >= context)
                break;
            var mark = samples[i].Time == openedAt ? "opened" : samples[i].Time == closedAt ? "closed" : i == peak ? "peak" : i >= opened && i < closed ? "|" : "";
            rows.Add(Row(samples[i], mark, format));
        }

        output.WriteLine($"  {format.Date}, UTC; score of the reading itself, * where it is above the threshold");
        WriteTable(output, rows, leftFrom: 99, 0, 1, 7);
    }

    private static string[] Line(string mark, string text) => [mark, text, .. Enumerable.Repeat("", Head.Length - 2)];

    private static string[] Row(in ScoredSample s, string mark, Format format) =>
    [
        mark, format.Time(s.Time), format.Number(s.Value), format.Number(s.Expected), format.Number(s.Lower), format.Number(s.Upper),
        format.Difference(s.Value - s.Expected), Spoke(s.Evidence), s.Rarity.ToString("0.0", CultureInfo.InvariantCulture), Score(s.Now) + (s.Now > s.Threshold ? "*" : " "),
    ];

    /// <summary>The kinds of evidence that normal readings reach less than once in twenty, strongest first, two at most.</summary>
    internal static string Spoke(in Evidence evidence) => string.Join(", ", Kinds(evidence).Where(k => k.Rarity >= AlertLife.AlwaysCalm).OrderByDescending(k => k.Rarity).Take(2)
        .Select(k => string.Create(CultureInfo.InvariantCulture, $"{k.Name} {k.Rarity:0.0}")));

    internal static (string Name, double Rarity)[] Kinds(in Evidence evidence) =>
        [("range", evidence.Range), ("level", evidence.Level), ("near", evidence.Near), ("far", evidence.Far), ("window", evidence.Window)];

    private static string Score(double score) => score.ToString("0.00", CultureInfo.InvariantCulture);

    private static void Wrapped(TextWriter output, string text)
    {
        foreach (var line in Help.Wrapped(text, Width))
            output.WriteLine(line);
    }

    /// <param name="left">Columns that begin at the left; the others end at the right, but for those from <paramref name="leftFrom"/> on.</param>
    private static void WriteTable(TextWriter output, List<string[]> rows, int leftFrom, params int[] left)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(c => rows.Max(r => r[c].Length)).ToArray();
        var gap = widths.Sum() + (2 * widths.Length) > Width ? " " : "  ";
        foreach (var row in rows)
            output.WriteLine(("  " + string.Join(gap, row.Select((cell, c) => c >= leftFrom || left.Contains(c) ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c])))).TrimEnd());
    }

    /// <summary>How the numbers and times of one table are written: as many decimals as tell the usual band to two digits; the date once, where it is one.</summary>
    private sealed record Format(int Decimals, string Date, string Clock)
    {
        public static Format Of(List<ScoredSample> samples)
        {
            var widths = samples.Select(s => s.Upper - s.Lower).Where(w => w > 0 && double.IsFinite(w)).Order().ToList();
            var width = widths.Count > 0 ? widths[widths.Count / 2] : 1;
            var largest = samples.Select(s => Math.Abs(s.Value)).DefaultIfEmpty(1).Max();
            var decimals = Math.Clamp(Math.Min(1 - (int)Math.Floor(Math.Log10(width)), 5 - (int)Math.Floor(Math.Log10(Math.Max(largest, 1e-9)))), 0, 9);
            var (first, last) = (Day(samples[0].Time), Day(samples[^1].Time));
            var clock = (first == last ? "" : "MM-dd ") + "HH:mm:ss" + (Pace(samples) < 2 && samples.Exists(s => s.Time.Microseconds % Instant.PerSecond != 0) ? ".fff" : "");
            return new Format(decimals, first == last ? first : $"{first} to {last}", clock);
        }

        public string Number(double value) => !double.IsFinite(value) ? "–"
            : Math.Abs(value) >= 1e9 ? value.ToString("G5", CultureInfo.InvariantCulture)
            : (Math.Round(value, Decimals) is var rounded && rounded == 0 ? 0 : rounded).ToString("F" + Decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

        public string Difference(double value) => Math.Round(value, Decimals) > 0 ? "+" + Number(value) : Number(value);

        public string Time(Instant time) => time.ToDateTimeOffset().ToString(Clock, CultureInfo.InvariantCulture);

        // The usual seconds between two readings: where they are many, milliseconds tell nothing.
        private static double Pace(List<ScoredSample> samples) =>
            samples.Count < 2 ? double.PositiveInfinity : (samples[^1].Time - samples[0].Time).TotalSeconds / (samples.Count - 1);

        private static string Day(Instant time) => time.ToDateTimeOffset().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }
}
