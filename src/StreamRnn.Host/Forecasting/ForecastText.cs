using System.Globalization;
using System.Text.Json;
using StreamRnn.Readings;

namespace StreamRnn.Host.Forecasting;

/// <summary>A forecast for people, as a table a channel, and for programs, as JSON lines.</summary>
internal static class ForecastText
{

    public static void WriteTable(SeriesForecast forecast, TextWriter output)
    {
        var culture = CultureInfo.InvariantCulture;
        var most = forecast.Rows.Width > 2 ? 8 : 24;
        var every = (forecast.Steps + most - 1) / most;
        int[] steps = [.. Enumerable.Range(0, forecast.Steps).Where(n => (n + 1) % every == 0 || n == 0 || n == forecast.Steps - 1)];
        for (var c = 0; c < forecast.Rows.Width; c++)
        {
            var decimals = Decimals(forecast, c);
            output.WriteLine(string.Create(culture, $"{forecast.Rows.Columns[c]}, last value {Number(forecast.Rows[forecast.Rows.Rows - 1][c], decimals)}{(every > 1 ? $"; every {every} steps" : "")}"));
            output.WriteLine(forecast.HasIntervals ? "  step  time                         5 %      median        95 %" : "  step  time                       value");
            foreach (var n in steps)
            {
                var line = string.Create(culture, $"{n + 1,6}  {Time(forecast.TimeOf(n)),-20}");
                double[] values = forecast.HasIntervals ? [SeriesForecast.Low, 0.5, SeriesForecast.High] : [0.5];
                output.WriteLine(line + string.Concat(values.Select(p => Number(forecast.Quantile(n, c, p), decimals).PadLeft(12))));
            }
        }
    }

    public static void WriteJson(SeriesForecast forecast, TextWriter output)
    {
        for (var n = 0; n < forecast.Steps; n++)
        {
            using var line = new MemoryStream();
            using (var writer = new Utf8JsonWriter(line))
            {
                writer.WriteStartObject();
                writer.WriteNumber("step", n + 1);
                if (IsCalendar(forecast.TimeOf(n)))
                    writer.WriteString("time", forecast.TimeOf(n).ToString());
                else
                    writer.WriteNumber("time", forecast.TimeOf(n).Seconds);
                writer.WriteStartObject("channels");
                for (var c = 0; c < forecast.Rows.Width; c++)
                {
                    writer.WriteStartObject(forecast.Rows.Columns[c]);
                    writer.WriteNumber("median", (float)forecast.Quantile(n, c, 0.5));
                    if (forecast.HasIntervals)
                    {
                        writer.WriteNumber("low", (float)forecast.Quantile(n, c, SeriesForecast.Low));
                        writer.WriteNumber("high", (float)forecast.Quantile(n, c, SeriesForecast.High));
                    }

                    writer.WriteEndObject();
                }

                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            output.WriteLine(System.Text.Encoding.UTF8.GetString(line.ToArray()));
        }
    }

    /// <summary>A series that has an index instead of a time counts seconds from 0.</summary>
    internal static bool IsCalendar(Instant time) => time.Seconds > 86_400d * 365;

    private static string Time(Instant time) => IsCalendar(time) ? time.ToString() : time.Seconds.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Number(double value, int decimals) =>
        (Math.Round(value, decimals) + 0.0).ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture); // + 0: no "-0.00"

    /// <summary>As many decimals as tell a hundredth of what the forecast spans.</summary>
    private static int Decimals(SeriesForecast forecast, int channel)
    {
        var (least, greatest) = (double.PositiveInfinity, double.NegativeInfinity);
        for (var n = 0; n < forecast.Steps; n++)
            (least, greatest) = (Math.Min(least, forecast.Quantile(n, channel, SeriesForecast.Low)), Math.Max(greatest, forecast.Quantile(n, channel, SeriesForecast.High)));
        var span = Math.Max(greatest - least, 1e-9);
        return Math.Clamp((int)Math.Ceiling(2 - Math.Log10(span)), 0, 9);
    }
}
