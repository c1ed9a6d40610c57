using System.Globalization;
using StreamRnn.Nets;

namespace StreamRnn.Host.Forecasting;

/// <summary>How forecasts from several places in rows that were held out compare with what came.</summary>
/// <param name="Places">From how many places.</param>
/// <param name="Steps">How far.</param>
/// <param name="Within">Share of the values that lay within the 90 % interval, 0..1.</param>
/// <param name="Error">Mean absolute error of the median, in spreads of the column.</param>
/// <param name="Persistence">The same of 'nothing changes'.</param>
/// <param name="Score">Mean pinball loss of the quantiles 5, 25, 50, 75 and 95 %, in spreads: lower is better, for centre and width alike. NaN if there was nothing to judge.</param>
internal readonly record struct ForecastTrial(int Places, int Steps, double Within, double Error, double Persistence, double Score)
{
    private static readonly double[] s_levels = [SeriesForecast.Low, 0.25, 0.5, 0.75, SeriesForecast.High];

    /// <summary>Forecasts from up to 20 places after <paramref name="cut"/>, as far as asked or as half the rows there reach.</summary>
    public static ForecastTrial Of(NetModel model, SequenceMatrix rows, int cut, ForecastRequest request)
    {
        var steps = Math.Min(request.Steps, (rows.Rows - cut) / 2);
        if (steps < 1)
            return new ForecastTrial(0, 0, double.NaN, double.NaN, double.NaN, double.NaN);
        var last = rows.Rows - steps;
        int[] places = [.. Enumerable.Range(0, 20).Select(n => cut + ((last - cut) * n / 19)).Distinct()];
        var (within, count, error, persistence, score) = (0, 0, 0.0, 0.0, 0.0);
        foreach (var (place, state, y) in SeriesForecast.States(model, rows, places))
        {
            var forecast = Forecast.Draw(model.Net, state, y, steps, Math.Min(request.Paths, 200), request.Seed);
            for (var n = 0; n < steps; n++)
                for (var c = 0; c < rows.Width; c++)
                {
                    var (came, before) = (model.Normaliser.Apply(c, rows[place + n][c]), model.Normaliser.Apply(c, rows[place - 1][c]));
                    count++;
                    within += came >= forecast.Quantile(n, c, SeriesForecast.Low) && came <= forecast.Quantile(n, c, SeriesForecast.High) ? 1 : 0;
                    error += Math.Abs(came - forecast.Quantile(n, c, 0.5));
                    persistence += Math.Abs(came - before);
                    foreach (var p in s_levels)
                        score += Math.Max(p * (came - forecast.Quantile(n, c, p)), (p - 1) * (came - forecast.Quantile(n, c, p))) / s_levels.Length;
                }
        }

        return new ForecastTrial(places.Length, steps, within / (double)count, error / count, persistence / count, score / count);
    }

    public string Say(int heldOut)
    {
        if (Places == 0)
            return "Too few rows were held out to judge the forecast by.";
        var compared = Persistence == 0 ? "'nothing changes' was exactly right, and the median nearly"
            : Error <= Persistence ? string.Create(CultureInfo.InvariantCulture, $"the median was {1 - (Error / Persistence):P0} nearer than 'nothing changes'")
            : string.Create(CultureInfo.InvariantCulture, $"the median was {(Error / Persistence) - 1:P0} farther off than 'nothing changes': do not rely on it");
        return string.Create(CultureInfo.InvariantCulture, $"On the {heldOut} rows held out, {Places} forecasts of {Steps} steps: {Within:P0} of the values lay within the 90 % interval; {compared}.");
    }
}
