using System.Globalization;
using ScottPlot;
using StreamRnn.Alerts;

namespace StreamRnn.Host.Replay;

/// <summary>
/// A picture of one device: a panel per channel (value, what was expected, the expected band), the score and its threshold below, alerts shaded through
/// all panels. Channels with alerts come first; at most four are shown.
/// </summary>
internal static class Plot
{
    public const int Width = 1600;
    public const int Height = 900;
    private const int MostPanels = 4;

    // A line of more points than the picture has columns is drawn as the least and greatest value of each column: every spike stays to be seen.
    private const int Columns = 1_200;

    // The library's own choice is a serif font on some machines.
    internal static readonly string Font = new[] { "Segoe UI", "Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans", "Noto Sans" }
        .FirstOrDefault(SkiaSharp.SKFontManager.Default.FontFamilies.Contains, Fonts.Default);

    private static readonly Color ValueColor = Color.FromHex("#1f4e79");
    private static readonly Color ExpectedColor = Color.FromHex("#e08214");
    private static readonly Color BandColor = Color.FromHex("#e08214").WithAlpha(.22);
    private static readonly Color AlertColor = Color.FromHex("#d7191c").WithAlpha(.18);
    private static readonly Color WindowColor = Color.FromHex("#808080").WithAlpha(.25);
    private static readonly Color ScoreColor = Color.FromHex("#5e3c99");
    private static readonly Color ThresholdColor = Color.FromHex("#d7191c");

    /// <exception cref="UsageException">There is nothing to draw, or the file cannot be written.</exception>
    public static void Save(Recording recording, string path)
    {
        var panels = Shown(recording);
        if (panels.Count == 0)
            throw new UsageException($"--plot {path}: device '{recording.Device}' has no readings to draw.");
        var picture = new Multiplot();
        picture.AddPlots(panels.Count + 1);
        var range = (From: recording.Score.Times[0], To: recording.Score.Times[^1]);
        for (var i = 0; i < panels.Count; i++)
            DrawChannel(picture.GetPlot(i), panels[i], recording, range, underLegend: i == 0);
        DrawScore(picture.GetPlot(panels.Count), recording, range);
        picture.GetPlot(0).Title(Title(recording, panels.Count), 18);
        picture.CollapseVertically();
        Dated(picture.GetPlot(panels.Count), range);
        foreach (var plot in picture.GetPlots())
        {
            plot.Font.Set(Font);
            plot.Axes.Bottom.TickLabelStyle.FontSize = 13;
            plot.Axes.SetLimitsX(XOf(range.From, range.From), XOf(range.To, range.From));
        }

        LegendItem[] legend = [Entry("value", ValueColor), Entry("expected", ExpectedColor), Area("expected band", BandColor), Area("alert", AlertColor)];
        Legend(picture.GetPlot(0), recording.Windows.Count > 0 ? [.. legend, Area("labelled anomaly", WindowColor)] : legend);
        Legend(picture.GetPlot(panels.Count), Entry("score", ScoreColor), Entry("threshold", ThresholdColor));
        Write("--plot", path, () => picture.SavePng(path, Width, Height));
    }

    /// <exception cref="UsageException">The name of a picture to draw does not end in .png.</exception>
    internal static void RequirePng(string option, string? path)
    {
        if (path is not null && !path.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
            throw new UsageException($"{option} {path}: the picture is a PNG, so its name ends in .png.");
    }

    /// <exception cref="UsageException">The file cannot be written.</exception>
    internal static void Write(string option, string path, Action save)
    {
        try
        {
            save();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{option} {path} cannot be written: {e.Message}");
        }
    }

    private static List<Track> Shown(Recording recording)
    {
        var alerting = recording.Alerts.Select(a => a.Channel).Where(c => c is not null).ToHashSet();
        return [.. recording.Tracks.OrderByDescending(t => alerting.Contains(t.Name)).Take(MostPanels)];
    }

    private static string Title(Recording recording, int shown)
    {
        var culture = CultureInfo.InvariantCulture;
        var alerts = recording.Alerts.Count switch { 0 => "no alert", 1 => "1 alert", var n => string.Create(culture, $"{n} alerts") };
        var channels = recording.Tracks.Count > shown ? string.Create(culture, $", {shown} of {recording.Tracks.Count} channels") : "";
        return string.Create(culture, $"{recording.Device}: {recording.Score.Times.Count:#,0} readings, {alerts}{channels}");
    }

    private static void DrawChannel(ScottPlot.Plot plot, Track track, Recording recording, (double From, double To) range, bool underLegend)
    {
        Frame(plot, recording, range, track.Name);
        var band = Thinned(track, t => t.Lower, t => t.Upper);
        foreach (var piece in Pieces(band, Gap(track)))
        {
            var fill = plot.Add.FillY([.. piece.Select(p => p.Time)], [.. piece.Select(p => p.Low)], [.. piece.Select(p => p.High)]);
            fill.FillColor = BandColor;
            fill.LineWidth = 0;
        }

        Line(plot, track, t => t.Expected, ExpectedColor, 1.2f);
        Line(plot, track, t => t.Values, ValueColor, 1.6f);
        Scale(plot, track, underLegend);
    }

    private static void DrawScore(ScottPlot.Plot plot, Recording recording, (double From, double To) range)
    {
        Frame(plot, recording, range, "score");
        Line(plot, recording.Score, t => t.Values, ScoreColor, 1.4f);
        Line(plot, recording.Score, t => t.Expected, ThresholdColor, 1.4f);
    }

    private static void Frame(ScottPlot.Plot plot, Recording recording, (double From, double To) range, string name)
    {
        foreach (var (from, to) in recording.Windows)
            Shade(Day(from), Day(to), WindowColor);
        foreach (var alert in recording.Alerts)
        {
            // An alert still open reaches to the end; one that ended at once is as wide as can be seen.
            var from = Day(alert.OpenedAt.Seconds);
            var to = Day(alert.ResolvedAt?.Seconds ?? (alert.Status == AlertStatus.Resolved ? alert.EventTime.Seconds : range.To));
            Shade(from, to, AlertColor);
        }

        plot.YLabel(name, 15);
        plot.Axes.Left.TickLabelStyle.FontSize = 13;
        plot.Axes.Left.MinimumSize = 90;
        plot.Axes.Left.MaximumSize = 90;

        double Day(double seconds) => XOf(seconds, range.From);

        void Shade(double from, double to, Color color)
        {
            var span = plot.Add.HorizontalSpan(from, Math.Max(to, from + ((Day(range.To) - Day(range.From)) / Columns * 2)));
            span.FillStyle.Color = color;
            span.LineStyle.Width = 0;
        }
    }

    // Only the lowest panel has ticks. A series with an index instead of a time is drawn over that index. New axes, so its limits are set here.
    private static void Dated(ScottPlot.Plot lowest, (double From, double To) range)
    {
        if (IsCalendar(range.From))
        {
            var format = (range.To - range.From) switch { < 600 => "HH:mm:ss\nyyyy-MM-dd", < 3 * 86_400 => "HH:mm\nyyyy-MM-dd", _ => "yyyy-MM-dd" };
            lowest.Axes.DateTimeTicksBottom().TickGenerator =
                new ScottPlot.TickGenerators.DateTimeAutomatic { LabelFormatter = time => time.ToString(format, CultureInfo.InvariantCulture) };
        }

        lowest.Axes.SetLimitsY(0, 1.05);
    }

    private static void Legend(ScottPlot.Plot plot, params LegendItem[] items)
    {
        plot.ShowLegend(items, Alignment.UpperLeft);
        plot.Legend.Orientation = Orientation.Horizontal;
        plot.Legend.FontSize = 13;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.OutlineColor = Colors.LightGray;
    }

    private static LegendItem Entry(string text, Color color) => new() { LabelText = text, LineColor = color, LineWidth = 2 };

    private static LegendItem Area(string text, Color color) => new() { LabelText = text, FillColor = color };

    private static bool IsCalendar(double firstSecond) => firstSecond > 86_400d * 365;

    private static double XOf(double seconds, double first) => IsCalendar(first) ? DateTime.UnixEpoch.AddSeconds(seconds).ToOADate() : seconds;

    private static void Line(ScottPlot.Plot plot, Track track, Func<Track, List<float>> what, Color color, float width)
    {
        foreach (var piece in Pieces(Thinned(track, what, what), Gap(track)))
        {
            var line = plot.Add.ScatterLine(
                piece.SelectMany(p => p.Low == p.High ? new[] { p.Time } : [p.Time, p.Time]).ToArray(),
                piece.SelectMany(p => p.Low == p.High ? new[] { p.Low } : [p.Low, p.High]).ToArray(), color);
            line.LineWidth = width;
        }
    }

    // The band may be far wider than the values while a series is learned; the values are what one wants to see.
    private static void Scale(ScottPlot.Plot plot, Track track, bool underLegend)
    {
        var finite = track.Values.Where(float.IsFinite).Select(v => (double)v).ToList();
        if (finite.Count == 0)
            return;
        var (least, greatest) = (finite.Min(), finite.Max());
        var margin = greatest > least ? (greatest - least) * .15 : Math.Max(1e-9, Math.Abs(least) * .1);
        plot.Axes.SetLimitsY(least - margin, greatest + ((underLegend ? 2.6 : 1) * margin));
    }

    // A longer pause than this breaks the line: nothing was measured there.
    private static double Gap(Track track)
    {
        var steps = track.Times.Zip(track.Times.Skip(1), (a, b) => b - a).Order().ToList();
        var usual = steps.Count == 0 ? 0 : steps[steps.Count / 2];
        return Math.Abs(XOf(track.Times[0] + (usual * (Step(track) + 5)), track.Times[0]) - XOf(track.Times[0], track.Times[0]));
    }

    // Runs without a gap: a missing or unknown value, or a long pause, breaks the line.
    private static IEnumerable<List<(double Time, double Low, double High)>> Pieces(IEnumerable<(double Time, double Low, double High)> points, double gap)
    {
        var piece = new List<(double Time, double Low, double High)>();
        foreach (var point in points)
        {
            var known = double.IsFinite(point.Low) && double.IsFinite(point.High);
            if (piece.Count > 0 && (!known || point.Time - piece[^1].Time > gap))
            {
                yield return piece;
                piece = [];
            }

            if (known)
                piece.Add(point);
        }

        if (piece.Count > 0)
            yield return piece;
    }

    private static int Step(Track track) => Math.Max(1, (int)Math.Ceiling(track.Times.Count / (double)Columns));

    private static IEnumerable<(double Time, double Low, double High)> Thinned(Track track, Func<Track, List<float>> low, Func<Track, List<float>> high)
    {
        var (lows, highs, first) = (low(track), high(track), track.Times[0]);
        var step = Step(track);
        for (var from = 0; from < track.Times.Count; from += step)
        {
            var (least, greatest) = (double.NaN, double.NaN);
            for (var i = from; i < Math.Min(from + step, track.Times.Count); i++)
            {
                if (float.IsFinite(lows[i]) && !(lows[i] >= least))
                    least = lows[i];
                if (float.IsFinite(highs[i]) && !(highs[i] <= greatest))
                    greatest = highs[i];
            }

            yield return (XOf(track.Times[from], first), least, greatest);
        }
    }
}
