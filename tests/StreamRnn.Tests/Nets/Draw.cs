using StreamRnn.Nets;

namespace StreamRnn.Tests.Nets;

internal static class Draw
{
    public static float[] Normal(Seeded seeded, int count, double scale = 1)
    {
        var values = new float[count];
        foreach (ref var value in values.AsSpan())
            value = (float)(scale * seeded.NextNormal());
        return values;
    }
}
