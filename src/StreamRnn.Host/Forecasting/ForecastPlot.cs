using System.Globalization;
using ScottPlot;
using StreamRnn.Readings;
using Picture = StreamRnn.Host.Replay.Plot;

namespace StreamRnn.Host.Forecasting;

/// <summary>A picture of a forecast: a panel a channel with the last values, the median of what comes, and the intervals of 50 % and 90 %; at most four channels are shown.</summary>
internal static class ForecastPlot
{
    private const int MostPanels = 4;

    private static readonly Color ValueColor = Color.FromHex("#1f4e79");
    private static readonly Color MedianColor = Color.FromHex("#b35806");
    private static readonly Color WideColor = Color.FromHex("#e08214").WithAlpha(.20);
    private static readonly Color NarrowColor = Color.FromHex("#e08214").WithAlpha(.38);

    /// <exception cref="UsageException">The file cannot be written.</exception>
    public static void Save(SeriesForecast forecast, string name, string path)
    {
        var panels = Math.Min(MostPanels, forecast.Rows.Width);
        var picture = new Multiplot();
        picture.AddPlots(panels);
        var shown = Math.Min(forecast.Rows.Rows, Math.Max(3 * forecast.Steps, 120));
        for (var c = 0; c < panels; c++)
            Draw(picture.GetPlot(c), forecast, c, shown);
        var channels = forecast.Rows.Width > panels ? string.Create(CultureInfo.InvariantCulture, $", {panels} of {forecast.Rows.Width} channels") : "";
        picture.GetPlot(0).Title(string.Create(CultureInfo.InvariantCulture, $"{name}: {forecast.Steps} steps ahead{channels}"), 18);
        picture.CollapseVertically();
        Dated(picture.GetPlot(panels - 1), forecast, shown);
        foreach (var plot in picture.GetPlots())
        {
            plot.Font.Set(Picture.Font);
            plot.Axes.Bottom.TickLabelStyle.FontSize = 13;
            plot.Axes.Right.MinimumSize = 40;
            plot.Axes.SetLimitsX(X(forecast, forecast.Times[^shown]), X(forecast, forecast.TimeOf(forecast.Steps - 1)));
        }

        Legend(picture.GetPlot(0), forecast.HasIntervals);
        Picture.Write("--out", path, () => picture.SavePng(path, Picture.Width, Picture.Height));
    }

    private static void Draw(ScottPlot.Plot plot, SeriesForecast forecast, int channel, int shown)
    {
        var first = forecast.Rows.Rows - shown;
        double[] past = [.. Enumerable.Range(first, shown).Select(r => X(forecast, forecast.Times[r]))];
        double[] values = [.. Enumerable.Range(first, shown).Select(r => (double)forecast.Rows[r][channel])];
        double[] ahead = [past[^1], .. Enumerable.Range(0, forecast.Steps).Select(n => X(forecast, forecast.TimeOf(n)))]; // from the last known value on
        if (forecast.HasIntervals)
        {
            Band(SeriesForecast.Low, SeriesForecast.High, WideColor);
            Band(0.25, 0.75, NarrowColor);
        }

        plot.Add.ScatterLine(past, values, ValueColor).LineWidth = 1.6f;
        plot.Add.ScatterLine(ahead, At(0.5), MedianColor).LineWidth = 2;
        var now = plot.Add.VerticalLine(past[^1], 1, Colors.Gray, LinePattern.Dotted);
        now.EnableAutoscale = false;
        var (least, greatest) = (Math.Min(values.Min(), At(SeriesForecast.Low).Min()), Math.Max(values.Max(), At(SeriesForecast.High).Max()));
        var margin = greatest > least ? (greatest - least) * .1 : Math.Max(1e-9, Math.Abs(least) * .1);
        plot.Axes.SetLimitsY(least - margin, greatest + (1.8 * margin)); // room for the legend
        plot.YLabel(forecast.Rows.Columns[channel], 15);
        plot.Axes.Left.TickLabelStyle.FontSize = 13;
        plot.Axes.Left.MinimumSize = plot.Axes.Left.MaximumSize = 90;

        double[] At(double p) => [values[^1], .. Enumerable.Range(0, forecast.Steps).Select(n => forecast.Quantile(n, channel, p))];

        void Band(double low, double high, Color color)
        {
            var fill = plot.Add.FillY(ahead, At(low), At(high));
            fill.FillColor = color;
            fill.LineWidth = 0;
        }
    }

    private static void Legend(ScottPlot.Plot plot, bool hasIntervals)
    {
        List<LegendItem> items = [new() { LabelText = "value", LineColor = ValueColor, LineWidth = 2 }, new() { LabelText = hasIntervals ? "median" : "forecast", LineColor = MedianColor, LineWidth = 2 }];
        if (hasIntervals)
            items.AddRange([new() { LabelText = "50 %", FillColor = MedianColor.WithAlpha(.45) }, new() { LabelText = "90 %", FillColor = WideColor }]);
        plot.ShowLegend(items, Alignment.UpperLeft);
        plot.Legend.Orientation = Orientation.Horizontal;
        plot.Legend.FontSize = 13;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.OutlineColor = Colors.LightGray;
    }

    // Only the lowest panel has ticks; new axes, so its limits of y are set again.
    private static void Dated(ScottPlot.Plot lowest, SeriesForecast forecast, int shown)
    {
        if (!ForecastText.IsCalendar(forecast.Times[0]))
            return;
        var range = forecast.TimeOf(forecast.Steps - 1).Seconds - forecast.Times[^shown].Seconds;
        var format = range switch { < 600 => "HH:mm:ss\nyyyy-MM-dd", < 15 * 86_400 => "HH:mm\nyyyy-MM-dd", _ => "yyyy-MM-dd" };
        var limits = lowest.Axes.GetLimits();
        lowest.Axes.DateTimeTicksBottom().TickGenerator = new ScottPlot.TickGenerators.DateTimeAutomatic { LabelFormatter = time => time.ToString(format, CultureInfo.InvariantCulture) };
        lowest.Axes.SetLimitsY(limits.Bottom, limits.Top);
    }

    private static double X(SeriesForecast forecast, Instant time) => ForecastText.IsCalendar(forecast.Times[0]) ? time.ToDateTimeOffset().UtcDateTime.ToOADate() : time.Seconds;
}
