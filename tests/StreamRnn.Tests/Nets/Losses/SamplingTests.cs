using StreamRnn.Nets;

namespace StreamRnn.Tests.Nets.Losses;

public sealed class SamplingTests
{
    private const int Draws = 20_000;

    [Fact]
    public void ClassesAreDrawnAsOftenAsTheirProbabilitiesSay()
    {
        var loss = new CategoricalLoss(4);
        float[] y = [0.5f, 0.3f, 0.2f, 0];
        var counts = Count(loss, y, 1);
        Assert.InRange(counts[0], 0.485, 0.515);
        Assert.InRange(counts[1], 0.285, 0.315);
        Assert.Equal(0, counts[3]);
        var cold = Count(loss, y, 0.5); // squares: 25, 9, 4 of 38
        Assert.InRange(cold[0], 25 / 38.0 - 0.015, 25 / 38.0 + 0.015);
        Assert.InRange(cold[2], 4 / 38.0 - 0.015, 4 / 38.0 + 0.015);
        Assert.Equal(1, Count(loss, y, 0)[0]);
        Assert.Equal(1, Count(loss, y, 1e-300)[0]);
        Assert.InRange(Count(loss, y, 1e9)[2], 1 / 3.0 - 0.015, 1 / 3.0 + 0.015);
        Assert.Equal(0, Count(loss, y, 1e9)[3]);
    }

    [Fact]
    public void AnswersAreDrawnEachOnItsOwn()
    {
        var loss = new BinaryLoss(2);
        var counts = Count(loss, [0.9f, 0.2f], 1);
        Assert.InRange(counts[0], 0.885, 0.915);
        Assert.InRange(counts[1], 0.185, 0.215);
        Assert.Equal([1, 0], Count(loss, [0.9f, 0.2f], 0));
        Assert.InRange(Count(loss, [0.9f, 0.2f], 0.5)[0], 81 / 82.0 - 0.01, 81 / 82.0 + 0.01); // odds squared
        Assert.Equal([1, 0], Count(loss, [1, 0], 0.5));
    }

    [Fact]
    public void QuantilesThatCrossAreReadInOrder()
    {
        var loss = new QuantileLoss(1, 0.1, 0.5, 0.9);
        float[] crossed = [3, 1, 2];
        Assert.Equal(1, loss.Quantile(crossed, 0, 0.1));
        Assert.Equal(2, loss.Quantile(crossed, 0, 0.5));
        Assert.Equal(3, loss.Quantile(crossed, 0, 0.9));
        var before = double.NegativeInfinity;
        for (var p = 0.0; p <= 1; p += 1 / 1024.0)
        {
            var value = loss.Quantile(crossed, 0, p);
            Assert.True(value >= before && double.IsFinite(value), $"at {p}: {value} after {before}");
            before = value;
        }
    }

    [Fact]
    public void DrawsOfQuantilesFallBelowEachLevelAsOftenAsItSays()
    {
        var loss = new QuantileLoss(2, 0.05, 0.5, 0.95);
        float[] y = [-2, 0, 5, 10, 11, 12];
        var draws = Draw(loss, y, 1);
        foreach (var (d, q, p) in new[] { (0, 0, 0.05), (0, 1, 0.5), (0, 2, 0.95), (1, 0, 0.05), (1, 2, 0.95) })
            Assert.InRange(draws.Count(draw => draw[d] < y[3 * d + q]) / (double)Draws, p - 0.012, p + 0.012);
        Assert.All(Draw(loss, y, 0), draw => Assert.Equal([0, 11], draw));
        var (calm, bold) = (Spread(Draw(loss, y, 0.5)), Spread(Draw(loss, y, 2)));
        Assert.True(bold > 3.5 * calm, $"at T = 2 {bold}, at T = 0.5 {calm}");
        var point = new float[2];
        loss.Point(y, point);
        Assert.Equal([0, 11], point);
        Assert.All(Draw(new QuantileLoss(1, 0.9), [4], 1), draw => Assert.Equal(4, draw[0]));
    }

    [Fact]
    public void DrawsOfAMixtureFollowItsDensity()
    {
        var loss = new StudentTMixtureLoss(1, 2);
        float[] y = [1, 0, -3, 2, -0.5f, 0.3f];
        var (below, at) = (0.0, -60.0);
        var draws = Draw(loss, y, 1).Select(draw => (double)draw[0]).Order().ToArray();
        var exact = Array.ConvertAll(y, value => (double)value);
        foreach (var edge in new[] { -4, -3, -2, 0, 1.5, 2, 3, 5 })
        {
            for (; at < edge; at += 1 / 256.0)
                below += DoubleLoss.Density(exact, at + 1 / 512.0) / 256;
            Assert.InRange(draws.Count(draw => draw < edge) / (double)Draws, below - 0.012, below + 0.012);
        }

        Assert.All(Draw(loss, y, 0), draw => Assert.Equal(-3, draw[0]));
        var point = new float[1];
        loss.Point(y, point);
        var w = Math.E / (Math.E + 1);
        Assert.Equal(w * -3 + (1 - w) * 2, point[0], 1e-6);
    }

    [Fact]
    public void TheMixturesDensityIntegratesToOne()
    {
        var loss = new StudentTMixtureLoss(1, 3);
        var seeded = new Seeded(3);
        var y = StreamRnn.Tests.Nets.Draw.Normal(seeded, loss.Width);
        var sum = 0.0;
        for (var t = -300.0; t <= 300; t += 1 / 64.0)
            sum += Math.Exp(-loss.Evaluate(y, [(float)t], [1], new float[y.Length])) / 64;
        Assert.Equal(1, sum, 1e-4);
    }

    [Fact]
    public void EqualSeedsDrawEqualBitsAndAWrongTemperatureIsRefused()
    {
        foreach (var loss in new OutputLoss[] { new CategoricalLoss(3), new BinaryLoss(3), new QuantileLoss(1), new StudentTMixtureLoss(1, 1) })
        {
            float[] y = [0.2f, 0.3f, 0.5f];
            Assert.Equal(Draw(loss, y, 0.8).SelectMany(draw => draw), Draw(loss, y, 0.8).SelectMany(draw => draw));
            foreach (var wrong in new[] { -0.1, double.NaN, double.PositiveInfinity })
                Assert.Throws<ArgumentOutOfRangeException>(() => loss.Sample(y, new Seeded(1), wrong, new float[loss.Targets]));
            Assert.Throws<ArgumentException>(() => loss.Sample(y, new Seeded(1), 1, new float[4]));
            Assert.Throws<ArgumentException>(() => loss.Point(y.AsSpan(1), new float[loss.Targets]));
        }
    }

    private static double Spread(float[][] draws) => Math.Sqrt(draws.Average(draw => draw[0] * draw[0]));

    private static double[] Count(OutputLoss loss, float[] y, double temperature)
    {
        var draws = Draw(loss, y, temperature);
        return [.. Enumerable.Range(0, loss.Targets).Select(d => draws.Sum(draw => draw[d]) / (double)Draws)];
    }

    private static float[][] Draw(OutputLoss loss, float[] y, double temperature)
    {
        var seeded = new Seeded(17);
        var draws = new float[Draws][];
        for (var n = 0; n < Draws; n++)
            loss.Sample(y, seeded, temperature, draws[n] = new float[loss.Targets]);
        return draws;
    }
}
