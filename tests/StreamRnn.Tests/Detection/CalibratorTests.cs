using CsCheck;
using StreamRnn.Detection;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Detection;

public sealed class CalibratorTests
{
    [Fact]
    public void NothingIsRareBeforeTwentyObservations()
    {
        var calibrator = default(Calibrator);
        for (var i = 0; i < Calibrator.LeastCount; i++)
        {
            Assert.Equal(0, calibrator.Rarity(1e9));
            calibrator.Learn(1);
        }

        Assert.True(calibrator.Rarity(1e9) > 5);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.1)]
    [InlineData(0.06)]
    [InlineData(0.01)]
    [InlineData(0.001)]
    public void TheRarityOfExponentialEvidenceIsTheLogarithmOfItsTail(double tail)
    {
        var calibrator = default(Calibrator);
        var random = new Seeded(1);
        for (var i = 0; i < 20_000; i++)
            calibrator.Learn(random.NextExponential());
        Assert.Equal(-Math.Log10(tail), calibrator.Rarity(-Math.Log(tail)), 0.15);
    }

    [Fact]
    public void HigherEvidenceIsNeverLessRareAndAskingTwiceAnswersTheSame() =>
        Gen.Select(Gen.Double[0, 30].Array[0, 200], Gen.Double[0, 40], Gen.Double[0, 40]).Sample((past, a, b) =>
        {
            var calibrator = default(Calibrator);
            foreach (var e in past)
                calibrator.Learn(e);
            var (low, high) = (calibrator.Rarity(Math.Min(a, b)), calibrator.Rarity(Math.Max(a, b)));
            Assert.True(low <= high + 1e-12, $"rarity {low} of {Math.Min(a, b)} exceeds {high} of {Math.Max(a, b)}");
            Assert.Equal(high, calibrator.Rarity(Math.Max(a, b)));
            Assert.True(double.IsFinite(high) && low >= 0);
        });

    [Fact]
    public void EvidenceAtIsTheInverseOfRarity()
    {
        var calibrator = default(Calibrator);
        var random = new Seeded(2);
        for (var i = 0; i < 500; i++)
            calibrator.Learn(3 * random.NextDouble());
        for (var rarity = 1.5; rarity < 9; rarity += 0.5)
            Assert.Equal(rarity, calibrator.Rarity(calibrator.EvidenceAt(rarity)), 9);
    }

    [Fact]
    public void AFullBinHalvesAllCountsAndTheTailKeepsItsShape()
    {
        var calibrator = default(Calibrator);
        var learned = 0;
        for (; calibrator.Count == learned; learned++)
            calibrator.Learn(learned % 10 == 0 ? 5 : 1);
        Assert.InRange(calibrator.Count, 0.49 * learned, 0.51 * learned);
        var after = calibrator.Rarity(8);
        Assert.Equal(1, calibrator.Rarity(4.7), 0.1);
        for (var i = 0; i < 10_000; i++)
            calibrator.Learn(i % 10 == 0 ? 5 : 1);
        Assert.Equal(calibrator.Rarity(8), after, 0.1);
    }
}
