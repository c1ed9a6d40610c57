using StreamRnn.Nets;

namespace StreamRnn.Onnx;

/// <summary>Which outputs a residual net moves by which input: E (D, W) of zeros and ones, y + x E.</summary>
internal static class ResidualMap
{
    public static float[] Of(OutputLoss loss)
    {
        var map = new float[loss.Targets * loss.Width];
        var x = new float[loss.Targets];
        for (var d = 0; d < loss.Targets; d++)
        {
            x[d] = 1;
            loss.AddTo(map.AsSpan(d * loss.Width, loss.Width), x);
            x[d] = 0;
        }

        return map;
    }

    public static float[] Identity(int width)
    {
        var map = new float[width * width];
        for (var n = 0; n < width; n++)
            map[n * width + n] = 1;
        return map;
    }

    public static bool IsIdentity(ReadOnlySpan<float> map, int width) => map.SequenceEqual(Identity(width));
}
