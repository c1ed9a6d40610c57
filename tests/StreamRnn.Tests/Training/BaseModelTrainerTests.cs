using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Training;

namespace StreamRnn.Tests.Training;

public sealed class BaseModelTrainerTests
{
    private static readonly BaseModelPlan Small = new(Units: 16, Batches: 6, Series: 16, Length: 256, Chunk: 32, Seed: 3);

    [Fact]
    public void EqualSeedsTrainEqualWeightsAndAnotherSeedOthers()
    {
        var (one, two) = (Train(Small).Layers, Train(Small).Layers);
        Assert.Equal(Bits(one), Bits(two));
        Assert.NotEqual(Bits(one), Bits(Train(Small with { Seed = 4 }).Layers));
    }

    [Fact]
    public void TheLossFalls()
    {
        var losses = Train(Small with { Batches = 40 }).Losses;
        Assert.Equal(40, losses.Count);
        var (first, last) = (losses.Take(5).Average(), losses.TakeLast(5).Average());
        Assert.True(last < 0.97 * first, $"from {first} to {last}");
    }

    [Fact]
    public void ALearningRateThatIsFarTooHighIsSaidAndStopsTheTraining()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Train(Small with { LearningRate = 1e30, LastLearningRate = 1e30 }));
        Assert.Contains("diverged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TrainingStopsWhenAsked() =>
        Assert.ThrowsAny<OperationCanceledException>(() => new BaseModelTrainer(Small).Train(cancel: new CancellationToken(true)));

    [Fact]
    public void TheShippedModelForecastsSeriesThatItHasNotSeenBetterThanTheirLastValue()
    {
        // Series far beyond those of its training; the far horizon, where the last value is weakest.
        using var net = new ForecastNet(BaseModel.Load().Layers);
        var ratios = new List<double>();
        for (ulong number = 0; number < 40; number++)
            ratios.Add(FarErrorAgainstPersistence(net, SyntheticSeries.Draw(Seeded.For(99, 1_000_000_000 + number), 600)));
        ratios.Sort();
        Assert.InRange(ratios[ratios.Count / 2], 0, 0.9);
    }

    [Fact]
    public void TheCorpusIsFiniteInOrderAndTheSameForTheSameNumber()
    {
        for (ulong number = 0; number < 200; number++)
        {
            var series = SyntheticSeries.Draw(Seeded.For(1, number), 300);
            Assert.Equal(300, series.Values.Length);
            Assert.All(series.Values.ToArray(), v => Assert.True(double.IsFinite(v)));
            Assert.Equal(series.Times.ToArray().Order(), series.Times.ToArray());
            Assert.Equal(series.Values.ToArray(), SyntheticSeries.Draw(Seeded.For(1, number), 300).Values.ToArray());
        }
    }

    private static double FarErrorAgainstPersistence(ForecastNet net, SyntheticSeries series)
    {
        using var states = StateBank.ForLstm(net.Units, 1);
        var row = default(SeriesRow);
        double[] near = new double[2 * Anchors.Count], far = new double[2 * Anchors.Count];
        float[] f = new float[Outlook.Inputs], g = new float[2 * Outlook.HeadInputs];
        double ours = 1e-12, persistence = 1e-12;
        Learning.First(ref row, series.Values[0], series.Times[0]);
        for (var t = 1; t < series.Values.Length; t++)
        {
            Outlook.Look(row, series.Times[t], near, far, f, g.AsSpan(0, Outlook.HeadInputs), g.AsSpan(Outlook.HeadInputs));
            var raw = net.Step(states, [0], f, g);
            var forecast = net.Forecast(raw[ForecastNet.Outputs..], far);
            var due = t + Outlook.FarSteps - 1;
            if (t > 100 && due < series.Values.Length)
            {
                ours += Math.Abs(series.Values[due] - forecast);
                persistence += Math.Abs(series.Values[due] - row.Last);
            }

            Learning.Errors(ref row, series.Values[t], near, double.NaN);
            Learning.Habits(ref row, series.Values[t], series.Times[t]);
            Learning.Await(ref row, forecast, far);
            Learning.Levels(ref row, series.Values[t], series.Times[t], near);
        }

        return ours / persistence;
    }

    private static (ForecastLayers Layers, List<double> Losses) Train(BaseModelPlan plan)
    {
        var losses = new List<double>();
        return (new BaseModelTrainer(plan).Train(new Collector(losses)), losses);
    }

    private static int[] Bits(ForecastLayers layers) => [.. layers.Parameters.SelectMany(p => p.Values).Select(BitConverter.SingleToInt32Bits)];

    private sealed class Collector(List<double> losses) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => losses.Add(value.Loss);
    }
}
