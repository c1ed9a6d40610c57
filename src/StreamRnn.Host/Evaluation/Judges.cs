using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Host.Replay;
using StreamRnn.Nets;
using StreamRnn.Pipeline;

namespace StreamRnn.Host.Evaluation;

/// <summary>What a detector said of a series.</summary>
/// <param name="Scores">(R), 0..1: higher is more anomalous.</param>
/// <param name="Onsets">(R): the score where something begins, else 0: what an alarm is made of (<see cref="Fading"/>).</param>
/// <param name="Alerts">Rows at which an alert opened; null for a detector that only scores.</param>
/// <param name="NormalWeeks">Weeks of the device's own time that are judged and outside labelled anomalies; 0 for a detector that only scores.</param>
/// <param name="Skill">How well each channel was forecast; empty for a detector that does not tell forecasts.</param>
internal sealed record Judgement(double[] Scores, double[] Onsets, IReadOnlyList<int>? Alerts, Recording? Recording, double NormalWeeks, IReadOnlyList<SeriesSkill> Skill);

/// <summary>A detector that reads a series once, row by row, and scores each row before it learns from it.</summary>
internal interface IJudge
{
    string Name { get; }

    Judgement Judge(LabelledSeries series, CancellationToken cancel);
}

/// <summary>The product: the same pipeline as the service's, fed by <see cref="Replayer"/>.</summary>
/// <param name="draws">Keep what a picture needs.</param>
/// <param name="tellsForecasts">Measure forecast skill too.</param>
internal sealed class ProductJudge(DetectionOptions detection, AlertOptions alerts, BaseModel model, bool draws = false, bool tellsForecasts = true, string name = ProductJudge.ProductName) : IJudge
{
    public const string ProductName = "streamrnn";

    public string Name => name;

    public bool TellsForecasts => tellsForecasts;

    public Judgement Judge(LabelledSeries series, CancellationToken cancel)
    {
        using var file = SeriesFile.Open(series.Path);
        var (scores, onsets) = (new double[series.Rows], new double[series.Rows]);
        List<int> opened = [];
        var recording = draws ? new Recording(file.Device) : null;
        var forecasts = new ForecastTracks();
        var clock = new NormalClock(series);
        var row = 0;
        var replayer = new Replayer(detection with { KeepScores = true, KeepForecasts = tellsForecasts }, alerts, model);
        replayer.Play(file, outcome =>
        {
            forecasts.Add(outcome.Forecasts);
            foreach (var sample in outcome.Scores)
            {
                scores[row] = Math.Max(scores[row], sample.Score);
                onsets[row] = Math.Max(onsets[row], sample.Onset);
                recording?.Add(sample);
            }

            foreach (var e in outcome.Alerts)
            {
                recording?.Add(e);
                // Silence is told between rows, and no corpus labels it.
                if (e.Status == AlertStatus.Opened && e.Kind != AlertKind.Silence)
                    opened.Add(Math.Min(row, series.Rows - 1));
            }
        }, cancel, time => clock.Pass(row++, time));
        return new Judgement(scores, onsets, opened, recording, clock.Weeks, forecasts.Skill());
    }
}

/// <summary>
/// A simple detector through the product's own scoring stage: one kind of evidence per channel, calibrated by the channel's past (<see cref="Calibrator"/>), root mean square over the channels,
/// calibrated again. What the product has to beat.
/// </summary>
internal sealed class BaselineJudge(string name, Func<int, IEvidence> create) : IJudge
{
    public string Name => name;

    public static IReadOnlyList<IJudge> All { get; } =
    [
        new BaselineJudge("level", _ => new LevelEvidence()),
        new BaselineJudge("seasonal", _ => new SeasonalEvidence()),
        new BaselineJudge("ar", _ => new AutoregressiveEvidence()),
        new BaselineJudge("random", channel => new RandomEvidence(channel)),
    ];

    public Judgement Judge(LabelledSeries series, CancellationToken cancel)
    {
        using var file = SeriesFile.Open(series.Path);
        var evidence = file.Channels.Select((_, c) => create(c)).ToArray();
        var tails = new Calibrator[evidence.Length];
        var device = new Calibrator();
        var (scores, onsets) = (new double[series.Rows], new double[series.Rows]);
        var fading = new Fading();
        var row = 0;
        foreach (var (time, values) in file.Rows())
        {
            cancel.ThrowIfCancellationRequested();
            var (squares, heard) = (0.0, 0);
            for (var c = 0; c < values.Length; c++)
            {
                if (double.IsNaN(values[c]))
                    continue;
                var e = evidence[c].Of(time.Seconds, values[c]);
                var rarity = Math.Min(tails[c].Rarity(e), DeviceRow.Cap);
                tails[c].Learn(e);
                squares += rarity * rarity;
                heard++;
            }

            if (heard > 0)
            {
                var combined = DeviceRow.Combine(squares, heard);
                fading.Step(evidence.Length == 1 ? combined / 2 : device.Rarity(combined));
                (scores[row], onsets[row]) = (Verdict.ScoreOf(fading.Held), Verdict.ScoreOf(fading.Onset));
                device.Learn(combined);
            }

            row++;
        }

        return new Judgement(scores, onsets, null, null, 0, []);
    }
}

/// <summary>How odd a value is; learns from it after it was judged. 0 or more, higher is more anomalous.</summary>
internal interface IEvidence
{
    double Of(double seconds, double x);
}

/// <summary>4 log10(1 + |x − m|/S): distance from the slow mean in mean distances, both over 500 readings.</summary>
internal sealed class LevelEvidence : IEvidence
{
    private double _mean, _spread;
    private int _count;

    public double Of(double seconds, double x)
    {
        var apart = Math.Abs(x - _mean);
        var evidence = _count < 2 ? 0 : 4 * Math.Log10(1 + (apart / Math.Max(_spread, 1e-9 * Math.Max(1, Math.Abs(_mean)))));
        var rate = Math.Max(1.0 / ++_count, 1.0 / 500);
        if (_count > 1)
            _spread += Math.Max(1.0 / (_count - 1), 1.0 / 500) * (apart - _spread);
        _mean += rate * (x - _mean);
        return evidence;
    }
}

/// <summary>4 log10(1 + |x − p|/a): distance from the profile of the time of day, in its own mean error a over 200 readings.</summary>
internal sealed class SeasonalEvidence : IEvidence
{
    private DayProfile _profile;
    private double _origin, _mean, _error;
    private int _count;

    public double Of(double seconds, double x)
    {
        if (_count == 0)
            _origin = x;
        var time = (long)(seconds * 1e6);
        _profile.TryRead(time, _mean, out var expected);
        var apart = Math.Abs(x - _origin - expected);
        var evidence = _count < 2 ? 0 : 4 * Math.Log10(1 + (apart / Math.Max(_error, 1e-9 * Math.Max(1, Math.Abs(x)))));
        _count++;
        _error += Math.Max(1.0 / _count, 1.0 / 200) * (apart - _error);
        _mean += Math.Max(1.0 / _count, 1.0 / 500) * (x - _origin - _mean);
        _profile.Learn(time, x - _origin);
        return evidence;
    }
}

/// <summary>4 log10(1 + |x − μ|/a), μ from an autoregression of 6 terms and a constant (<see cref="RecursiveLeastSquares"/>), a its mean error over 200 readings.</summary>
internal sealed class AutoregressiveEvidence : IEvidence
{
    private const int Terms = 7;

    private readonly RecursiveLeastSquares _fit = new(Terms);
    private readonly double[] _past = new double[Terms - 1];
    private double _error, _scale, _origin;
    private int _count;

    public double Of(double seconds, double x)
    {
        if (_count == 0)
            _origin = x;
        _scale += Math.Max(1.0 / (_count + 1), 1.0 / 500) * (Math.Abs(x - _origin) - _scale);
        var scale = Math.Max(_scale, 1e-9 * Math.Max(1, Math.Abs(_origin)));
        double[] z = [.. _past.Select(value => value / scale), 1];
        var expected = _fit.Forecast(z);
        var apart = Math.Abs(x - _origin - (expected * scale));
        var evidence = _count < 2 ? 0 : 4 * Math.Log10(1 + (apart / Math.Max(_error, 1e-9 * Math.Max(1, Math.Abs(x)))));
        _count++;
        _error += Math.Max(1.0 / _count, 1.0 / 200) * (apart - _error);
        _fit.Learn(z, Math.Clamp(((x - _origin) / scale) - expected, -10, 10));
        Array.Copy(_past, 0, _past, 1, _past.Length - 1);
        _past[0] = x - _origin;
        return evidence;
    }
}

/// <summary>Exponential noise that knows nothing: what chance alone gets.</summary>
internal sealed class RandomEvidence(int channel) : IEvidence
{
    private readonly Seeded _seeded = Seeded.For(1, (ulong)channel);

    public double Of(double seconds, double x) => _seeded.NextExponential();
}
