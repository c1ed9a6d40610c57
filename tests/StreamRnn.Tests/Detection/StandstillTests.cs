using StreamRnn.Detection;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Detection;

public sealed class StandstillTests
{
    private const long Second = 1_000_000;
    private const long Week = 604_800 * Second;

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.7)]
    [InlineData(0.9)]
    public void OfRunsOfChanceNoMoreAreFoundThanTheirRaritySays(double chanceOfTheSame)
    {
        // Runs of chance are geometric. Of the runs long enough to be judged, a share of 10^−L may reach a rarity of L, and with a factor for what is estimated.
        var random = new Seeded(5);
        var (found2, found4, runs) = (0, 0, 0);
        var still = default(Standstill);
        long time = 0;
        var (most, last, value) = (0.0, 0.0, 0.0);
        for (var i = 0; i < 1_000_000; i++)
        {
            time += Second;
            var equal = random.Chance(chanceOfTheSame);
            if (equal)
                most = Math.Max(most, time > Week ? still.Rarity(time) : 0);
            else
            {
                found2 += most > 2 ? 1 : 0;
                found4 += most > 4 ? 1 : 0;
                runs += time > Week ? 1 : 0;
                most = 0;
            }

            value += equal ? 0 : 1;
            still.Learn(last, value, time, 1);
            last = value;
        }

        Assert.InRange(found2, 0, 0.02 * runs);
        Assert.InRange(found4, 0, 2 + (0.0002 * runs));
    }

    [Fact]
    public void ALongerRunIsRarerAndAskingTwiceAnswersTheSame()
    {
        var still = Usual(chanceOfTheSame: 0.5, out var time);
        var before = -1.0;
        for (var i = 0; i < 200; i++)
        {
            time += Second;
            var rarity = still.Rarity(time);
            Assert.Equal(rarity, still.Rarity(time));
            Assert.True(rarity >= before, $"run {still.Run}: {rarity} after {before}");
            before = rarity;
            still.Learn(1e6, 1e6, time, 1);
        }

        Assert.True(before > 6);
    }

    [Fact]
    public void ARunThatCameInLessThanItsUsualTimeCountsForLess()
    {
        // A device that suddenly speaks ten times as often repeats each value ten times.
        var still = Usual(chanceOfTheSame: 0.5, out var time);
        var fast = still;
        var (t, f) = (time, time);
        for (var i = 0; i < 60; i++)
        {
            still.Learn(1e6, 1e6, t += Second, 1);
            fast.Learn(1e6, 1e6, f += Second / 10, 0.1);
        }

        Assert.True(still.Rarity(t + Second) > 6);
        Assert.Equal(0, fast.Rarity(f + (Second / 10)));
    }

    [Fact]
    public void WhoHasNotChangedTwentyTimesIsNotKnown()
    {
        var still = default(Standstill);
        long time = 0;
        for (var run = 0; run < Standstill.LeastRuns; run++)
            still.Learn(run, run + 1, time += Week / 10, 1);
        for (var i = 0; i < 100; i++)
            still.Learn(0, 0, time += Week / 10, 1);
        Assert.Equal(0, still.Rarity(time + Second));
        still.Learn(0, 1, time += Second, 1);
        for (var i = 0; i < 1000; i++)
            still.Learn(0, 0, time += Week / 10, 1);
        Assert.True(still.Rarity(time + Second) > 0);
    }

    [Fact]
    public void ManyRunsAreForgottenHalfAtATimeAndNothingOverflows()
    {
        var still = Usual(chanceOfTheSame: 0.1, out _, readings: 200_000);
        Assert.InRange(still.Runs, 50_000, 150_000);
    }

    private static Standstill Usual(double chanceOfTheSame, out long time, int readings = 700_000)
    {
        var random = new Seeded(8);
        var still = default(Standstill);
        time = 0;
        for (var (i, last) = (0, 0.0); i < readings; i++)
        {
            var value = random.Chance(chanceOfTheSame) ? last : last + 1;
            still.Learn(last, value, time += Second, 1);
            last = value;
        }

        still.Learn(0, 1e6, time += Second, 1);
        return still;
    }
}
