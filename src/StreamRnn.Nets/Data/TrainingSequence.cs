namespace StreamRnn.Nets;

/// <summary>A sequence with what is to be said at each of its T steps.</summary>
/// <param name="Inputs">(T, I).</param>
/// <param name="Targets">(T, D).</param>
/// <param name="Weights">(T): how much a step counts; 0 where nothing is to be said yet, as in a sequence that is classified at its end.</param>
public sealed record TrainingSequence(float[] Inputs, float[] Targets, float[] Weights)
{
    /// <summary>T.</summary>
    public int Length => Weights.Length;

    /// <summary>Steps <paramref name="from"/> to <paramref name="to"/> − 1.</summary>
    public TrainingSequence Slice(int from, int to) => new(Part(Inputs, from, to), Part(Targets, from, to), Weights[from..to]);

    internal int Width(float[] values) => Length == 0 ? 0 : values.Length / Length;

    private float[] Part(float[] values, int from, int to) => values[(from * Width(values))..(to * Width(values))];
}
