using StreamRnn.Detection;
using StreamRnn.Nets;

namespace StreamRnn.Training;

/// <summary>
/// B synthetic series as the net meets them, made by the detector's own learning code. Everything is in units of the horizon's own scale u (the usual error of the
/// last value) and counted from the last value, so that the loss is an error in the device's own scale.
/// </summary>
public sealed class TrainingBatch(int series, int length)
{
    private const int Anchored = 2 * Anchors.Count;

    /// <summary>Errors are weighed as log(1 + |e|/¼), e in u: asks for a small error where one can be had, and no outlier dominates.</summary>
    private const float LossUnit = 0.25f;

    /// <summary>B.</summary>
    public int Series { get; } = series;

    /// <summary>T.</summary>
    public int Length { get; } = length;

    /// <summary>f, (T, B, 22).</summary>
    public float[] Inputs { get; } = new float[length * series * Outlook.Inputs];

    /// <summary>g, (T, B, 2, 11): near, far.</summary>
    public float[] Heads { get; } = new float[length * series * 2 * Outlook.HeadInputs];

    /// <summary>Anchors from the last value, in u: (T, B, 2, K).</summary>
    public float[] Locations { get; } = new float[length * series * Anchored];

    /// <summary>The anchors' scales in u: (T, B, 2, K).</summary>
    public float[] Scales { get; } = new float[length * series * Anchored];

    /// <summary>The value to be forecast, from the last value, in u: (T, B, 2).</summary>
    public float[] Targets { get; } = new float[length * series * 2];

    /// <summary>1, or 0 where there is nothing to be forecast: (T, B, 2).</summary>
    public float[] Weights { get; } = new float[length * series * 2];

    /// <summary>What an error is divided by: (T, B, 2).</summary>
    public float[] Units { get; } = Filled(length * series * 2, LossUnit);

    /// <summary>Draws the series number <paramref name="first"/> and those after it. The same numbers make the same batch.</summary>
    public void Fill(ulong seed, ulong first)
    {
        Span<double> near = stackalloc double[Anchored], far = stackalloc double[Anchored];
        Span<float> f = stackalloc float[Outlook.Inputs], heads = stackalloc float[2 * Outlook.HeadInputs];
        for (var b = 0; b < Series; b++)
        {
            var drawn = SyntheticSeries.Draw(Seeded.For(seed, first + (ulong)b), Length);
            var x = drawn.Values;
            var times = drawn.Times;
            var row = default(SeriesRow);
            for (var t = 0; t < Length; t++)
            {
                var at = (t * Series) + b;
                if (t == 0)
                {
                    Learning.First(ref row, x[0], times[0]);
                    Inputs.AsSpan(at * Outlook.Inputs, Outlook.Inputs).Clear();
                    Heads.AsSpan(at * 2 * Outlook.HeadInputs, 2 * Outlook.HeadInputs).Clear();
                    Weights.AsSpan(at * 2, 2).Clear();
                    continue;
                }

                Outlook.Look(row, times[t], near, far, f, heads[..Outlook.HeadInputs], heads[Outlook.HeadInputs..]);
                f.CopyTo(Inputs.AsSpan(at * Outlook.Inputs));
                heads.CopyTo(Heads.AsSpan(at * 2 * Outlook.HeadInputs));
                var settled = t >= 4;
                var later = t + Outlook.FarSteps - 1;
                Scale(near, row.Last, settled ? x[t] : double.NaN, at * 2);
                Scale(far, row.Last, settled && later < Length ? x[later] : double.NaN, (at * 2) + 1);
                Learning.Errors(ref row, x[t], near, double.NaN);
                Learning.Habits(ref row, x[t], times[t]);
                Learning.Await(ref row, far[0], far);
                Learning.Levels(ref row, x[t], times[t], near);
            }
        }
    }

    private void Scale(ReadOnlySpan<double> anchors, double last, double target, int at)
    {
        Weights[at] = double.IsNaN(target) ? 0 : 1;
        var unit = Outlook.InUnits(anchors, Locations.AsSpan(at * Anchors.Count, Anchors.Count), Scales.AsSpan(at * Anchors.Count, Anchors.Count));
        Targets[at] = Outlook.InUnits(target - last, unit);
    }

    private static float[] Filled(int length, float value)
    {
        var all = new float[length];
        Array.Fill(all, value);
        return all;
    }
}
