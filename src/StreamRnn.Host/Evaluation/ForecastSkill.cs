using StreamRnn.Detection;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Host.Evaluation;

/// <summary>
/// How far forecasts of one series were off, h readings ahead. Each error is mean over the judged readings t of min(|x_t − forecast|/s, 8), s = mean |x_t − x_(t−h)|: the series' own scale at that
/// horizon, taken over the whole file, for this is a figure and not a detector. The cap keeps one outlier from deciding a mean. All are judged on the same readings, from the 51st on, and all
/// learn only from what came before: a forecast h ahead is made from values up to x_(t−h).
/// </summary>
/// <param name="Ahead">h.</param>
/// <param name="Product">The detector's own forecast.</param>
/// <param name="Persistence">The value h readings ago.</param>
/// <param name="DayProfile">What the detector's profile says for the time of day of x_t; the last value where it has not been seen.</param>
/// <param name="PeriodAgo">The value one period before x_t, the period found in what came before; the last value until one is.</param>
/// <param name="Autoregression">Six terms and a constant, fitted online for this h (<see cref="RecursiveLeastSquares"/>).</param>
internal readonly record struct HorizonSkill(int Ahead, double Product, double Persistence, double DayProfile, double PeriodAgo, double Autoregression)
{
    /// <summary>Errors below this share of the scale count as this: no forecast is a thousand times better than another because both are all but exact.</summary>
    private const double LeastError = 1e-3;

    /// <summary>Seasonal persistence: the better of its two forms on this series.</summary>
    public double Seasonal => Math.Min(DayProfile, PeriodAgo);

    /// <summary>Product over the best of persistence, seasonal persistence and autoregression: below 1, the product forecasts better than any of them.</summary>
    public double OfBest => Of(Math.Min(Persistence, Math.Min(Seasonal, Autoregression)));

    /// <summary>The same where the time of day is the only season: what a forecast is held to that knows no other.</summary>
    public double OfBestByDay => Of(Math.Min(Persistence, Math.Min(DayProfile, Autoregression)));

    public double OfPersistence => Of(Persistence);

    public double OfSeasonal => Of(Seasonal);

    public double OfAutoregression => Of(Autoregression);

    private double Of(double other) => Math.Max(Product, LeastError) / Math.Max(other, LeastError);
}

/// <summary>One series' figures: a horizon is missing where nothing changes over it, or too few readings could be judged.</summary>
internal sealed record SeriesSkill(string Name, IReadOnlyList<HorizonSkill> Horizons);

/// <summary>Forecasts of some devices' channels as the detector made them, gathered while it goes.</summary>
internal sealed class ForecastTracks
{
    private readonly Dictionary<Channel, ForecastTrack> _tracks = [];

    public void Add(IReadOnlyList<Foreseen> forecasts)
    {
        foreach (var seen in forecasts)
        {
            if (!_tracks.TryGetValue(seen.Channel, out var track))
                _tracks.Add(seen.Channel, track = new ForecastTrack());
            track.Add(seen.Time.Microseconds, seen.Value, seen.Forecasts);
        }
    }

    public IReadOnlyList<SeriesSkill> Skill() => [.. _tracks.Select(pair => new SeriesSkill(pair.Key.ToString(), pair.Value.Skill(Foreseen.Ahead)))];
}

/// <summary>Values of one series, and the forecasts made before each.</summary>
internal sealed class ForecastTrack
{
    /// <summary>Readings before the first that is judged: as many as a device's warm-up.</summary>
    public const int Skip = DeviceRow.WarmUp;

    private const int Order = 6, LeastJudged = 50;
    private const double Cap = 8;
    private const int FirstLook = 128, PeriodWindow = 4000;

    private readonly List<long> _times = [];
    private readonly List<double> _values = [];
    private readonly List<double> _forecasts = [];          // (R, horizons)

    /// <param name="forecasts">One for each horizon h, of the reading h − 1 after this one; NaN where there is none.</param>
    public void Add(long time, double value, double[] forecasts)
    {
        _times.Add(time);
        _values.Add(value);
        _forecasts.AddRange(forecasts);
    }

    /// <param name="ahead">The horizons h in the order of the forecasts.</param>
    public IReadOnlyList<HorizonSkill> Skill(IReadOnlyList<int> ahead)
    {
        double[] x = [.. _values];
        List<HorizonSkill> skills = [];
        var profile = Profile(x, ahead);
        var periods = Periods(x);
        for (var k = 0; k < ahead.Count; k++)
        {
            var h = ahead[k];
            var place = k;
            double Forecast(int t) => _forecasts[((t - h + 1) * ahead.Count) + place];
            int[] judged = [.. Enumerable.Range(Skip + h, Math.Max(0, x.Length - Skip - h)).Where(t => double.IsFinite(Forecast(t)))];
            var scale = judged.Length < LeastJudged ? 0 : judged.Average(t => Math.Abs(x[t] - x[t - h]));
            if (scale <= 0 || !double.IsFinite(scale))
                continue;
            var autoregression = Autoregression(x, h);
            double Error(Func<int, double> forecast) => judged.Average(t => Math.Min(Math.Abs(x[t] - forecast(t)) / scale, Cap));
            skills.Add(new HorizonSkill(
                h, Error(Forecast), Error(t => x[t - h]),
                Error(t => profile[k][t]), Error(t => OnePeriodAgo(x, t, h, periods[t - h])), Error(t => autoregression[t])));
        }

        return skills;
    }

    private static double OnePeriodAgo(double[] x, int t, int h, int period)
    {
        var back = period == 0 ? h : (h + period - 1) / period * period;
        return x[back <= t ? t - back : t - h];
    }

    /// <summary>Forecast of x[t] by the time of day, for each horizon. The time of the reading to come is taken as known.</summary>
    private double[][] Profile(double[] x, IReadOnlyList<int> ahead)
    {
        double[][] forecasts = [.. ahead.Select(_ => new double[x.Length])];
        var profile = new DayProfile();
        for (var t = 0; t < x.Length; t++)
        {
            profile.Learn(_times[t], x[t] - x[0]);
            for (var k = 0; k < ahead.Count; k++)
            {
                if (t + ahead[k] >= x.Length)
                    continue;
                profile.TryRead(_times[t + ahead[k]], x[t] - x[0], out var value);
                forecasts[k][t + ahead[k]] = x[0] + value;
            }
        }

        return forecasts;
    }

    /// <summary>The period as known at each reading, 0 at first: looked for by autocorrelation whenever the history has doubled.</summary>
    private static int[] Periods(double[] x)
    {
        var periods = new int[x.Length];
        var (period, next) = (0, FirstLook);
        for (var t = 0; t < x.Length; t++)
        {
            if (t + 1 == next)
            {
                period = Vus.Period(x[Math.Max(0, next - PeriodWindow)..next]);
                next *= 2;
            }

            periods[t] = period;
        }

        return periods;
    }

    /// <summary>Forecast of x[t] from x[t−h] … x[t−h−5], for each t; regressors are counted from the first value in mean distances from it.</summary>
    private static double[] Autoregression(double[] x, int h)
    {
        var forecasts = new double[x.Length];
        var fit = new RecursiveLeastSquares(Order + 1);
        var past = new double[h + 1][];                     // regressors of the last h + 1 readings, a ring
        for (var (t, mean) = (0, 0.0); t < x.Length; t++)
        {
            mean += Math.Max(1.0 / (t + 1), 1.0 / 500) * (Math.Abs(x[t] - x[0]) - mean);
            var scale = Math.Max(mean, 1e-9 * Math.Max(1, Math.Abs(x[0])));
            // First what x[t] teaches of the forecast made h ago, then the forecast from here.
            if (t >= h)
            {
                var before = past[(t - h) % past.Length];
                fit.Learn(before, Math.Clamp(((x[t] - x[0]) / scale) - fit.Forecast(before), -10, 10));
            }

            var z = past[t % past.Length] ??= new double[Order + 1];
            for (var i = 0; i < Order; i++)
                z[i] = (x[Math.Max(0, t - i)] - x[0]) / scale;
            z[Order] = 1;
            if (t + h < x.Length)
                forecasts[t + h] = x[0] + (fit.Forecast(z) * scale);
        }

        return forecasts;
    }
}
