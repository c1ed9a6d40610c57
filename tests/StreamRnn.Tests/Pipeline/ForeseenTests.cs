using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Pipeline;

/// <summary>Forecasts are told as they were made, and an ablation leaves out what it names.</summary>
public sealed class ForeseenTests
{
    private static readonly BaseModel s_model = BaseModel.Load();

    [Fact]
    public void ForecastsAreThoseThatTheDetectorJudgesBy()
    {
        var (forecasts, scores) = Live(new DetectionOptions { KeepScores = true, KeepForecasts = true });
        Assert.Equal(700, forecasts.Count);
        Assert.All(forecasts[0].Forecasts, f => Assert.True(double.IsNaN(f)));
        Assert.Equal(scores.Skip(1).Select(s => (s.Value, s.Expected)), forecasts.Skip(1).Select(f => (f.Value, f.Forecasts[0])));
        Assert.Equal(Foreseen.Ahead.Count, forecasts[^1].Forecasts.Length);
        Assert.Empty(Live(new DetectionOptions()).Forecasts);
    }

    [Fact]
    public void AForecastTwelveAheadIsOfTheReadingElevenOn()
    {
        // A wave of 24 readings: half a period on, it stands at the opposite.
        var forecasts = Live(new DetectionOptions { KeepForecasts = true }, rows: 3000).Forecasts;
        var k = Foreseen.Ahead.ToList().IndexOf(12);
        double Error(int shift) => Enumerable.Range(2000, 900).Average(t => Math.Abs(forecasts[t].Forecasts[k] - forecasts[t + shift].Value));
        Assert.True(Error(11) < 0.7 * Error(0) && Error(11) < Error(5) && Error(11) < Error(17), $"{Error(11)} {Error(0)} {Error(5)} {Error(17)}");
    }

    [Fact]
    public void WithoutTheNetTheLastValueIsForecast()
    {
        var forecasts = Live(new DetectionOptions { KeepForecasts = true, LeftOut = ScoreParts.Net }).Forecasts;
        for (var t = 1; t < forecasts.Count; t++)
            Assert.All(forecasts[t].Forecasts, f => Assert.Equal(forecasts[t - 1].Value, f));
    }

    [Theory]
    [InlineData(ScoreParts.Range)]
    [InlineData(ScoreParts.Level)]
    [InlineData(ScoreParts.Near)]
    [InlineData(ScoreParts.Far)]
    [InlineData(ScoreParts.Net)]
    [InlineData(ScoreParts.Bursts)]
    [InlineData(ScoreParts.Holding)]
    [InlineData(ScoreParts.Departure)]
    [InlineData(ScoreParts.Window)]
    public void EachPartThatIsLeftOutChangesTheScore(object part)
    {
        var all = Live(new DetectionOptions { KeepScores = true }, rows: 1000).Scores.Select(s => s.Score);
        Assert.NotEqual(all, Live(new DetectionOptions { KeepScores = true, LeftOut = (ScoreParts)part }, rows: 1000).Scores.Select(s => s.Score));
    }

    [Fact]
    public void WithoutAnyEvidenceNothingIsRare()
    {
        var none = ScoreParts.Range | ScoreParts.Level | ScoreParts.Near | ScoreParts.Far | ScoreParts.Window;
        Assert.All(Live(new DetectionOptions { KeepScores = true, LeftOut = none }).Scores, s => Assert.InRange(s.Score, 0, 0.1));
    }

    private static (List<Foreseen> Forecasts, List<ScoredSample> Scores) Live(DetectionOptions options, int rows = 700)
    {
        var registry = new DeviceRegistry();
        Assert.True(registry.TryGetDevice("d", out var device, out _));
        Assert.True(registry.TryGetChannel(device, "c", out var channel, out _));
        using var detector = new Detector(options, new AlertOptions(), s_model, registry);
        var entry = new Arrivals();
        var (forecasts, scores) = (new List<Foreseen>(), new List<ScoredSample>());
        for (var t = 0; t < rows; t++)
        {
            entry.Readings.Clear();
            entry.Readings.Begin(device, Instant.FromSeconds(60 * t));
            entry.Readings.Add(channel, Math.Round(10 * Math.Sin(2 * Math.PI * t / 24), 3) + (t % 7 * 0.1) + (t == 550 ? 40 : 0) + (t >= 570 ? 60 : 0));
            entry.Readings.End();
            entry.Now = entry.Heard = Instant.FromSeconds(60 * t);
            var outcome = detector.Fold(entry);
            forecasts.AddRange(outcome.Forecasts);
            scores.AddRange(outcome.Scores);
        }

        return (forecasts, scores);
    }
}
