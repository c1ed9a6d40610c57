using StreamRnn.Detection;

namespace StreamRnn.Tests.Detection;

public sealed class BurstTests
{
    [Fact]
    public void ABurstBeginsWithARareReadingAndEndsAfterTenCalmOnes()
    {
        var burst = default(Burst);
        burst.Step(Burst.Opens);
        Assert.False(burst.Lasts);
        burst.Step(Burst.Opens + 0.1);
        Assert.True(burst.Lasts);
        for (var i = 0; i < Burst.Hold - 1; i++)
            burst.Step(1);
        burst.Step(1.5);                                                  // not calm: counted anew
        for (var i = 0; i < Burst.Hold - 1; i++)
            burst.Step(1);
        Assert.True(burst.Lasts);
        burst.Step(1);
        Assert.False(burst.Lasts);
    }

    [Fact]
    public void ABurstIsOverAfterAHundredReadingsWhateverTheyAre()
    {
        var burst = default(Burst);
        for (var i = 0; i < Burst.Longest - 1; i++)
        {
            burst.Step(9);
            Assert.True(burst.Lasts);
        }

        burst.Step(9);
        Assert.False(burst.Lasts);
    }

    [Fact]
    public void AHeldScoreFadesAndAnOnsetIsWhatNothingLatelyExceeds()
    {
        var fading = default(Fading);
        fading.Step(4);
        Assert.Equal((4, 4), (fading.Held, fading.Onset));
        fading.Step(1);
        Assert.Equal(0.7 * 0.98 * 4, fading.Held, 4);
        Assert.Equal(0, fading.Onset);
        fading.Step(5);
        Assert.Equal((5, 5), (fading.Held, fading.Onset));
        var held = fading.Held;
        for (var i = 0; i < DeviceRow.Refractory; i++)
        {
            fading.Step(3);
            Assert.Equal(0, fading.Onset);
            Assert.InRange(fading.Held, 3, held);
            held = fading.Held;
        }

        fading.Step(3);
        Assert.Equal(3, fading.Onset);
    }
}
