using StreamRnn.Detection;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Detection;

public sealed class AutoregressionTests
{
    [Fact]
    public void ItBeginsAsTheLastValueAgain()
    {
        double[] z = [.. Enumerable.Range(0, Autoregression.Order).Select(i => (double)i), 0, 0, 0];
        default(Autoregression).Forecast(z);
        Assert.All(z[Autoregression.Order..], y => Assert.Equal(Autoregression.Order - 1, y));
    }

    /// <summary>Two incommensurable waves are a recurrence of order four: twelve steps ahead they are known.</summary>
    [Fact]
    public void ItLearnsARecurrenceFromTheSeriesAloneAndForecastsTwelveSteps()
    {
        double[] x = [.. Enumerable.Range(0, 600).Select(t => Math.Sin(t / 3.0) + (0.5 * Math.Sin(t / 1.7)))];
        var ar = Fitted(x[..580]);
        double[] z = [.. x[564..580], .. new double[12]];
        ar.Forecast(z);
        for (var i = 0; i < 12; i++)
            Assert.InRange(z[Autoregression.Order + i] - x[580 + i], -0.05, 0.05);
    }

    /// <summary>Close to ordinary least squares with the same forgetting, solved by itself: not only finite, but right.</summary>
    [Fact]
    public void OnAnAutoregressionOfTwoTermsItFindsThem()
    {
        var random = new Seeded(5);
        var x = new double[20_000];
        for (var t = 2; t < x.Length; t++)
            x[t] = (1.2 * x[t - 1]) - (0.5 * x[t - 2]) + random.NextNormal();
        var ar = Fitted(x);
        Assert.Equal(1.2, Answer(15), 0.12);
        Assert.Equal(-0.5, Answer(14), 0.12);
        Assert.Equal(0, Answer(13), 0.12);

        // The forecast of a single past value of one is its weight.
        double Answer(int place)
        {
            var z = new double[Autoregression.Order + 1];
            z[place] = 1;
            ar.Forecast(z);
            return z[^1];
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e300)]
    [InlineData(1e-300)]
    public void WhateverItIsFedItStaysFinite(double size)
    {
        var random = new Seeded(2);
        var ar = Fitted([.. Enumerable.Range(0, 5000).Select(t => t % 700 < 300 ? size : size * random.NextNormal())]);
        double[] z = [.. Enumerable.Repeat(size, Autoregression.Order), 0, 0];
        ar.Forecast(z);
        Assert.All(z, y => Assert.True(double.IsFinite(y)));
    }

    private static Autoregression Fitted(double[] x)
    {
        var ar = default(Autoregression);
        for (var t = Autoregression.Order; t < x.Length; t++)
            ar.Learn(x.AsSpan(t - Autoregression.Order, Autoregression.Order), x[t]);
        return ar;
    }
}
