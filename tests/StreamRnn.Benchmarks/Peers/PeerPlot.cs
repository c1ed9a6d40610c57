using System.Globalization;
using ScottPlot;

namespace StreamRnn.Benchmarks.Peers;

/// <summary>A picture of the table: a line per net and batch, a dot per library on a logarithmic scale of time, and how often ONNX Runtime's dot contains ours.</summary>
internal static class PeerPlot
{
    private const int Width = 1400, Height = 800;

    private static readonly string s_font = new[] { "Segoe UI", "Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans", "Noto Sans" }
        .FirstOrDefault(SkiaSharp.SKFontManager.Default.FontFamilies.Contains, Fonts.Default);

    private static readonly Color s_ours = Color.FromHex("#1f4e79"), s_onnx = Color.FromHex("#e08214"), s_torch = Color.FromHex("#5e3c99");

    public static void Save(IReadOnlyList<PeerTiming> timings, string path)
    {
        var plot = new Plot();
        var ticks = new List<Tick>();
        var y = 0.0;
        foreach (var batch in timings.GroupBy(timing => timing.Batch))
        {
            foreach (var timing in batch)
            {
                y--;
                ticks.Add(new Tick(y, $"({timing.Shape})  batch {timing.Batch:N0}"));
                var reach = plot.Add.Line(Math.Log10(timing.Ours), y, Math.Log10(timing.Torch ?? timing.OnnxRuntime), y);
                (reach.LineColor, reach.LineWidth) = (Colors.LightGray, 3);
                Dot(timing.Ours, s_ours);
                Dot(timing.OnnxRuntime, s_onnx);
                if (timing.Torch is { } torch)
                    Dot(torch, s_torch);
                var text = plot.Add.Text(string.Create(CultureInfo.InvariantCulture, $"{timing.OnnxRuntime / timing.Ours:F1} ×"), Math.Log10(timing.OnnxRuntime), y);
                (text.LabelFontSize, text.LabelFontColor, text.LabelAlignment, text.OffsetY, text.LabelBold) = (14, s_onnx.Darken(.25), Alignment.LowerCenter, -8, true);
                text.LabelFontName = s_font;
            }

            y -= .7; // a gap between batches
        }

        plot.Title("One LSTM step, state outside: ns per sequence on one core (left is faster)", 20);
        plot.XLabel("ns per sequence and step, logarithmic; the numbers are ONNX Runtime's time divided by ours", 15);
        plot.Axes.Left.SetTicks([.. ticks.Select(tick => tick.Position)], [.. ticks.Select(tick => tick.Label)]);
        plot.Axes.Left.TickLabelStyle.FontSize = 15;
        plot.Axes.Left.MajorTickStyle.Length = 0;
        var (least, greatest) = (timings.Min(timing => timing.Ours), timings.Max(timing => timing.Torch ?? timing.OnnxRuntime));
        var (from, to) = (Math.Floor(Math.Log10(least)), Math.Log10(greatest) + .15);
        var decades = Enumerable.Range((int)from, (int)(to - from) + 1).ToList();
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(
            [.. decades.Select(decade => (double)decade)], [.. decades.Select(decade => Math.Pow(10, decade).ToString("N0", CultureInfo.InvariantCulture))]);
        plot.Axes.Bottom.TickLabelStyle.FontSize = 15;
        plot.Axes.SetLimits(from, to, y, 0);
        plot.Grid.YAxisStyle.IsVisible = false;
        LegendItem[] legend =
        [
            Entry("StreamRnn", s_ours), Entry("ONNX Runtime", s_onnx), .. timings.Any(timing => timing.Torch is not null) ? new[] { Entry("PyTorch", s_torch) } : [],
        ];
        plot.ShowLegend(legend, Alignment.UpperLeft);
        plot.Legend.FontName = s_font;
        plot.Legend.FontSize = 16;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.OutlineColor = Colors.LightGray;
        plot.Font.Set(s_font);
        plot.SavePng(path, Width, Height);

        void Dot(double ns, Color color)
        {
            var marker = plot.Add.Marker(Math.Log10(ns), y);
            (marker.Shape, marker.Size, marker.Color) = (MarkerShape.FilledCircle, 14, color);
        }
    }

    private static LegendItem Entry(string text, Color color) => new() { LabelText = text, MarkerShape = MarkerShape.FilledCircle, MarkerSize = 12, MarkerFillColor = color, MarkerLineColor = color };
}
