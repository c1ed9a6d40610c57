using StreamRnn.Host;
using StreamRnn.Host.Evaluation;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Host;

/// <summary>Series whose best forecast is known.</summary>
public sealed class ForecastSkillTests
{
    private const long Minute = 60_000_000;
    private static readonly int[] s_ahead = [1, 12];

    [Fact]
    public void OfAForecastThatIsPersistenceTheErrorIsExactlyThatOfPersistence()
    {
        var x = RandomWalk(2000);
        foreach (var h in Skill(x, (t, ahead) => x[t - ahead]))
        {
            Assert.Equal(1, h.OfPersistence);
            Assert.InRange(h.Persistence, 0.99, 1);                 // its own scale, but for the cap
        }
    }

    [Fact]
    public void AForecastThatKnowsTheFutureIsBetterThanAnyAndOneTwiceAsFarOffIsTwiceAsBad()
    {
        var x = RandomWalk(2000);
        Assert.All(Skill(x, (t, _) => x[t]), h => Assert.Equal((0, true), (h.Product, h.OfBest < 0.01)));
        // Errors beyond eight scales count as eight: one spike does not decide a mean.
        Assert.All(Skill(x, (t, ahead) => x[t] + (2 * (x[t - ahead] - x[t]))), h => Assert.InRange(h.OfPersistence, 1.98, 2));
        Assert.All(Skill(x, (t, _) => x[t] + 1e6), h => Assert.Equal(8, h.Product));
    }

    [Fact]
    public void AWaveIsForecastByTheValueOnePeriodAgoAndByAnAutoregression()
    {
        var seeded = new Seeded(3);
        double[] x = [.. Enumerable.Range(0, 3000).Select(t => Math.Sin(2 * Math.PI * t / 24) + (0.01 * seeded.NextNormal()))];
        foreach (var h in Skill(x, (t, ahead) => x[t - ahead]))
        {
            Assert.InRange(h.PeriodAgo, 0.003, 0.15);
            Assert.InRange(h.Autoregression, 0.003, 0.15);
            Assert.True(h.OfBest > 6);
            Assert.Equal(h.OfBest, Math.Max(h.OfSeasonal, h.OfAutoregression));
        }
    }

    [Fact]
    public void ADayIsForecastByTheTimeOfDay()
    {
        var seeded = new Seeded(3);
        // 1,440 readings a day: further back than a period is looked for.
        double[] x = [.. Enumerable.Range(0, 10_000).Select(t => Math.Sin(2 * Math.PI * t / 1440) + (0.5 * seeded.NextNormal()))];
        var far = Skill(x, (t, ahead) => x[t - ahead])[1];
        Assert.InRange(far.DayProfile, 0.6, 0.85);                  // noise against the difference of two: 1/√2, and the first day cannot be known
        Assert.InRange(far.Autoregression, 0.6, 0.9);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void OfWhiteNoiseNothingIsKnownButItsMean(ulong seed)
    {
        var seeded = new Seeded(seed);
        double[] x = [.. Enumerable.Range(0, 4000).Select(_ => seeded.NextNormal())];
        // E|x| / E|x − x'| = 1/√2: whatever came lower would have looked ahead.
        Assert.All(Skill(x, (_, _) => 0), h => Assert.InRange(h.Product, 0.69, 0.73));
        Assert.All(Skill(x, (_, _) => 0), h => Assert.InRange(h.Autoregression, 0.70, 0.75));
        Assert.All(Skill(x, (_, _) => 0), h => Assert.InRange(h.PeriodAgo, 0.95, 1.05));
    }

    [Fact]
    public void ASeriesThatStandsStillOrIsShortHasNoSkill()
    {
        Assert.Empty(Skill(new double[1000], (_, _) => 0));
        Assert.Empty(Skill(RandomWalk(100), (_, _) => 0));
        Assert.Equal([1], Skill(RandomWalk(105), (_, _) => 0).Select(h => h.Ahead));
    }

    [Fact]
    public void TheTableSaysTheMedianPerCorpusAndWhatTheProductDoesNotForecast()
    {
        static SeriesSkill Of(double product) => new("s", [new HorizonSkill(12, product, 1, 2, 3, 4)]);
        var table = new SkillTable([("one", [Of(0.5), Of(0.7), Of(5)]), ("two", [Of(0.9)])]);
        var text = new StringWriter();
        table.Write(text);
        Assert.Contains("| one | 3 | n/a | n/a | 0.700 ± ", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("| two | 1 | n/a | n/a | 0.900 | n/a |", text.ToString(), StringComparison.Ordinal);
        Assert.Equal(0.8, table.Macro(12, s => s.OfBest).Value, 12);
        Assert.Equal(0.8, table.OverAll(12, s => s.OfBest).Value, 12);
        Assert.Equal(0.4, table.OverAll(12, s => s.OfSeasonal).Value, 12);
        Assert.Contains("where the product is the best | | n/a | n/a | 75 % | n/a |", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFolderWithoutLabelsIsGoodForForecastSkill()
    {
        using var folder = new Folder();
        folder.Write("a.csv", "timestamp,value\n" + string.Join('\n', RandomWalk(300).Select((x, t) => FormattableString.Invariant($"{60 * t},{x}"))) + "\n");
        var (output, error) = (new StringWriter(), new StringWriter());
        Assert.Equal(0, await CommandLine.RunAsync(["evaluate", folder.Path], output, error));
        Assert.Contains("| 1 step | 3 steps | 12 steps | 48 steps |", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("VUS", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, await CommandLine.RunAsync(["evaluate", folder.Path, "--detector", "level"], new StringWriter(), error));
        Assert.Contains("has no labels", error.ToString(), StringComparison.Ordinal);
    }

    private static double[] RandomWalk(int length)
    {
        var seeded = new Seeded(1);
        var x = new double[length];
        for (var t = 1; t < length; t++)
            x[t] = x[t - 1] + seeded.NextNormal();
        return x;
    }

    /// <param name="forecast">Of x[t], so far ahead.</param>
    private static IReadOnlyList<HorizonSkill> Skill(double[] x, Func<int, int, double> forecast)
    {
        var track = new ForecastTrack();
        for (var t = 0; t < x.Length; t++)
            track.Add(t * Minute, x[t], [.. s_ahead.Select(ahead => t == 0 || t + ahead - 1 >= x.Length ? double.NaN : forecast(t + ahead - 1, ahead))]);
        return track.Skill(s_ahead);
    }
}
