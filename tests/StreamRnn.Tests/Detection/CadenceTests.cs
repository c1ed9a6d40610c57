using StreamRnn.Detection;

namespace StreamRnn.Tests.Detection;

public sealed class CadenceTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void AForecastThatWasMadeLongerAheadThanUsualMayBeOffByAsMuchMoreButNotByMoreThanTheSpread()
    {
        var row = Regular(300);
        var time = row.LastTime;
        Assert.Equal(1, Cadence.NearStretch(row, time + (60 * Second)));
        Assert.Equal(1, Cadence.NearStretch(row, time + (85 * Second)));       // jitter
        Assert.Equal(10, Cadence.NearStretch(row, time + (600 * Second)), 3);
        Assert.Equal((11 + 61) / 12.0, Cadence.FarStretch(row, time + (61 * 60 * Second)), 3);
        Assert.Equal(1, Cadence.FarStretch(row, time + (60 * Second)));
        Assert.Equal(2, Cadence.Scale(0.2, 10, spread: 5), 9);
        Assert.Equal(5, Cadence.Scale(0.2, 480, spread: 5), 9);
        Assert.Equal(7, Cadence.Scale(7, 10, spread: 5), 9);
    }

    [Fact]
    public void AnOutageIsNoCadenceAndANewCadenceIsSoonLearned()
    {
        var row = Regular(2000);
        Assert.True(Cadence.IsInterruption(row, 8 * 3600));
        Assert.False(Cadence.IsInterruption(row, 600));                       // ten times as seldom: within what the far forecast sees
        Learn(ref row, 8 * 3600);
        Assert.InRange(row.Interval, 60, 100);
        Assert.InRange(row.Usual, 60, 64);
        for (var i = 0; i < 30; i++)
            Learn(ref row, 6000);                                              // a hundred times as seldom, for good
        Assert.InRange(row.Interval, 3000, 6001);
    }

    private static SeriesRow Regular(int readings)
    {
        var row = default(SeriesRow);
        Learning.First(ref row, 1, 0);
        for (var i = 1; i < readings; i++)
            Learn(ref row, 60);
        return row;
    }

    private static void Learn(ref SeriesRow row, double gap)
    {
        var anchors = new double[2 * Anchors.Count];
        anchors.AsSpan(Anchors.Count).Fill(1);
        Learning.Levels(ref row, 1, row.LastTime + (long)(gap * Second), anchors);
    }
}
