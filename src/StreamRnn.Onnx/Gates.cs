namespace StreamRnn.Onnx;

/// <summary>In which order the gates of a recurrent layer stand: for each of ours, its place in ONNX's.</summary>
internal static class Gates
{
    /// <summary>Ours are i f g o, ONNX's i o f c, where c is our g.</summary>
    public static readonly int[] Lstm = [0, 2, 3, 1];

    /// <summary>Ours are i f o, ONNX's i o f.</summary>
    public static readonly int[] Peepholes = [0, 2, 1];

    /// <summary>Ours are r z n, ONNX's z r h, where h is our n.</summary>
    public static readonly int[] Gru = [1, 0, 2];

    public static readonly int[] Rnn = [0];

    /// <param name="theirs">One block per gate, all of one length.</param>
    public static float[] FromOnnx(ReadOnlySpan<float> theirs, int[] order)
    {
        var (ours, length) = (new float[theirs.Length], theirs.Length / order.Length);
        for (var gate = 0; gate < order.Length; gate++)
            theirs.Slice(order[gate] * length, length).CopyTo(ours.AsSpan(gate * length));
        return ours;
    }

    /// <param name="ours">One block per gate, all of one length.</param>
    public static float[] ToOnnx(ReadOnlySpan<float> ours, int[] order)
    {
        var (theirs, length) = (new float[ours.Length], ours.Length / order.Length);
        for (var gate = 0; gate < order.Length; gate++)
            ours.Slice(gate * length, length).CopyTo(theirs.AsSpan(order[gate] * length));
        return theirs;
    }
}
