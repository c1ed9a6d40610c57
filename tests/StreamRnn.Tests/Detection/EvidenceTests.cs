using StreamRnn.Detection;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Detection;

public sealed class EvidenceTests
{
    [Fact]
    public void AValueWithinTheRangeIsNoRecordAndOneFarBeyondItIsRarerTheFartherItLies()
    {
        var row = Learned(count: 200);
        Assert.Equal(0, Evidence.Of(row, 5, 5).Range);
        var (beyond, farBeyond) = (Evidence.Of(row, 12, 5).Range, Evidence.Of(row, 100, 5).Range);
        Assert.InRange(beyond, 1, farBeyond - 0.5);
    }

    [Fact]
    public void ARecordMeansLittleWhileTheSeriesIsYoung() =>
        Assert.True(Evidence.Of(Learned(count: 30), 20, 5).Range < Evidence.Of(Learned(count: 2000), 20, 5).Range);

    [Fact]
    public void TheLargerTheForecastErrorTheMoreEvidenceAndTheSameInAnyUnit()
    {
        var row = Learned(count: 200);
        Assert.Equal(0, Evidence.Of(row, 5, 5).Near);
        Assert.True(Evidence.Of(row, 6, 5).Near < Evidence.Of(row, 8, 5).Near);
        var scaled = Learned(count: 200, unit: 1000);
        Assert.Equal(Evidence.Of(row, 8, 5).Near, Evidence.Of(scaled, 8000, 5000).Near, 6);
        Assert.Equal(Evidence.Of(row, 8, 5).Level, Evidence.Of(scaled, 8000, 5000).Level, 6);
    }

    [Fact]
    public void ScoringReadsAndOnlyLearningWrites()
    {
        var row = Learned(count: 200);
        var before = row;
        var first = Evidence.Of(row, 8, 5).Calibrated(row);
        Assert.Equal(first, Evidence.Of(row, 8, 5).Calibrated(row));
        Assert.True(Same(before, row));
        Evidence.Of(row, 8, 5).Learn(ref row, first.Combined);
        Assert.False(Same(before, row));
    }

    [Fact]
    public void OneSureKindIsNotDrownedByFourThatSeeNothing()
    {
        Assert.InRange(new Evidence(0, 0, 8, 0, 0).Combined, 7, 8);
        Assert.Equal(16, new Evidence(8, 8, 8, 8, 8).Combined);
        Assert.Equal(EvidenceKind.Near, new Evidence(0, 0, 8, 0, 0).Strongest);
        Assert.Equal(EvidenceKind.Level, new Evidence(1, 5, 2, 3, 4).Strongest);
        Assert.Equal(EvidenceKind.Window, new Evidence(0, 1, 3, 2, 5).Strongest);
        Assert.Equal(EvidenceKind.Near, new Evidence(0, 8, 8, 8, 8).Strongest);          // what one reading shows needs no window
    }

    [Theory]
    [InlineData(5)]
    [InlineData(0.1)]
    public void ErrorsThatAreLargerOrSmallerForAWhileAreRareTogetherThoughNoneIsByItself(double times)
    {
        var row = Learned(count: 1000);
        var random = new Seeded(2);
        double[] near = new double[2 * Anchors.Count], far = new double[2 * Anchors.Count];
        float[] f = new float[Outlook.Inputs], g = new float[2 * Outlook.HeadInputs];
        Evidence last = default;
        var rarest = 0.0;
        for (var t = 1000; t < 1030; t++)
        {
            Outlook.Look(row, t * 60_000_000L, near, far, f, g.AsSpan(0, Outlook.HeadInputs), g.AsSpan(Outlook.HeadInputs));
            var x = 5 + (times * (random.NextDouble() - 0.5) * 2);
            (last, row.Expected) = (Evidence.Of(row, x, 5).Calibrated(row), 5);
            rarest = Math.Max(rarest, last.Near);
            Learning.Levels(ref row, x, t * 60_000_000L, near);
        }

        Assert.InRange(rarest, 0, 4);
        Assert.True(last.Window > rarest + 1, $"{last.Window} against {rarest}");
    }

    private static bool Same(SeriesRow a, SeriesRow b) =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<SeriesRow>(in a)).SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<SeriesRow>(in b)));

    /// <summary>Noise around 5 with forecasts of 5, in a unit.</summary>
    private static SeriesRow Learned(int count, double unit = 1)
    {
        var random = new Seeded(1);
        double[] near = new double[2 * Anchors.Count], far = new double[2 * Anchors.Count];
        float[] f = new float[Outlook.Inputs], g = new float[2 * Outlook.HeadInputs];
        var row = default(SeriesRow);
        Learning.First(ref row, 5 * unit, 0);
        for (var t = 1; t < count; t++)
        {
            var x = (5 + random.NextNormal()) * unit;
            var time = t * 60_000_000L;
            Outlook.Look(row, time, near, far, f, g.AsSpan(0, Outlook.HeadInputs), g.AsSpan(Outlook.HeadInputs));
            var evidence = Evidence.Of(row, x, 5 * unit);
            row.Expected = 5 * unit;
            evidence.Learn(ref row, evidence.Calibrated(row).Combined);
            Learning.Errors(ref row, x, near, 5 * unit);
            Learning.Habits(ref row, x, time);
            Learning.Await(ref row, 5 * unit, far);
            Learning.Levels(ref row, x, time, near);
        }

        return row;
    }
}
