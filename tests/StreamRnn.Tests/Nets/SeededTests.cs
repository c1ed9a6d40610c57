using StreamRnn.Nets;
using StreamRnn.Nets.Training;

namespace StreamRnn.Tests.Nets;

public class SeededTests
{
    [Fact]
    public void TheNumbersOfASeedNeverChange()
    {
        // xoshiro256++ from SplitMix64(42), computed independently of this code.
        var seeded = new Seeded(42);
        Assert.Equal([15021278609987233951UL, 5881210131331364753UL, 18149643915985481100UL], [seeded.NextUInt64(), seeded.NextUInt64(), seeded.NextUInt64()]);
    }

    [Fact]
    public void NormalAndExponentialNumbersHaveTheirMoments()
    {
        var seeded = new Seeded(1);
        var normal = Enumerable.Range(0, 200_000).Select(_ => seeded.NextNormal()).ToArray();
        Assert.Equal(0, normal.Average(), 0.01);
        Assert.Equal(1, normal.Average(v => v * v), 0.02);
        Assert.Equal(3, normal.Average(v => v * v * v * v), 0.1);
        Assert.Equal(1, Enumerable.Range(0, 200_000).Average(_ => seeded.NextExponential()), 0.01);
        var counts = new int[3];
        for (var n = 0; n < 30_000; n++)
            counts[seeded.Next(3)]++;
        Assert.All(counts, count => Assert.InRange(count, 9_600, 10_400));
    }

    [Fact]
    public void ElementaryFunctionsAgreeWithTheLibrarys()
    {
        var seeded = new Seeded(2);
        for (var n = 0; n < 20_000; n++)
        {
            var x = seeded.NextDouble(-700, 700) * Math.Pow(10, -seeded.NextDouble(0, 12));
            Close(Math.Exp(x), Elementary.Exp(x));
            Close(Math.Log(Math.Abs(x)), Elementary.Ln(Math.Abs(x)), 1e-15);
            Close(Math.Tanh(x), Elementary.Tanh(x), 1e-15);
            var t = seeded.NextDouble();
            Close(Math.Cos(Math.PI * t), Elementary.CosPi(t), 1e-15);
        }

        Close(1e-20, Elementary.Ln1(1e-20));
        Assert.Equal((0, double.PositiveInfinity), (Elementary.Exp(-1000), Elementary.Exp(1000)));
        Assert.True(double.IsNaN(Elementary.Exp(double.NaN)) && double.IsNaN(Elementary.Ln(-1)) && double.IsNaN(Elementary.Tanh(double.NaN)));

        static void Close(double expected, double found, double absolute = 0) =>
            Assert.True(Math.Abs(expected - found) <= 4e-15 * Math.Abs(expected) + absolute, $"expected {expected:R}, found {found:R}");
    }

    [Fact]
    public void TheCosineScheduleRisesOverTheWarmUpAndFallsToItsLowest()
    {
        var schedule = new CosineSchedule(0.01, 0.001, 110, 10);
        Assert.Equal(0.001, schedule.At(0), 1e-12);
        Assert.Equal(0.01, schedule.At(10), 1e-12);
        Assert.Equal(0.0055, schedule.At(60), 1e-12);
        Assert.Equal(0.001, schedule.At(110), 1e-12);
        Assert.Equal(0.001, schedule.At(5000), 1e-12);
    }
}
