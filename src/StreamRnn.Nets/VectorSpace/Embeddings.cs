namespace StreamRnn.Nets;

/// <summary>
/// Where sequences are in vector space: of every sequence the exponentially weighted mean m and deviation s of its hidden state h (H), together the embedding [m | s] (2H). Two sequences that
/// behave alike drive a net through alike states, whatever their units: they are near each other.
/// <code>
/// m ← m + α (h − m),   v ← v + α ((h − m before)(h − m after) − v),   s = √v,   α = max(1/(n + 1), 1/Memory)
/// </code>
/// </summary>
/// <param name="width">H.</param>
/// <param name="memory">Steps that the means remember, 1 or more.</param>
public sealed class Embeddings(int width, int memory = 500)
{
    private float[] _means = [], _variances = []; // (rows, H)
    private int[] _counts = [];

    /// <summary>2H: floats of an embedding.</summary>
    public int Width => 2 * width;

    /// <summary>Steps that a sequence has been followed.</summary>
    public int Count(int row) => row < _counts.Length ? _counts[row] : 0;

    /// <summary>Takes in the hidden state of one more step.</summary>
    /// <param name="row">The sequence, 0 or more; rows are made as they are named.</param>
    /// <param name="h">(H).</param>
    public void Learn(int row, ReadOnlySpan<float> h)
    {
        Shapes.Require(h.Length, nameof(h), width);
        if (row >= _counts.Length)
        {
            var rows = Math.Max(row + 1, 2 * _counts.Length);
            Array.Resize(ref _counts, rows);
            Array.Resize(ref _means, rows * width);
            Array.Resize(ref _variances, rows * width);
        }

        var rate = (float)Math.Max(1.0 / ++_counts[row], 1.0 / memory);
        var means = _means.AsSpan(row * width, width);
        var variances = _variances.AsSpan(row * width, width);
        for (var j = 0; j < h.Length; j++)
        {
            var apart = h[j] - means[j];
            means[j] += rate * apart;
            variances[j] += rate * ((apart * (h[j] - means[j])) - variances[j]);
        }
    }

    /// <summary>Reads an embedding, of zeros for a sequence that was never stepped.</summary>
    /// <param name="embedding">(2H): overwritten.</param>
    public void Read(int row, Span<float> embedding)
    {
        Shapes.Require(embedding.Length, nameof(embedding), Width);
        embedding.Clear();
        if (row >= _counts.Length)
            return;
        _means.AsSpan(row * width, width).CopyTo(embedding);
        for (var j = 0; j < width; j++)
            embedding[width + j] = MathF.Sqrt(_variances[(row * width) + j]);
    }

    /// <summary>Euclidean distance, 0 or more.</summary>
    public static double Distance(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Shapes.Require(b.Length, nameof(b), a.Length);
        var sum = 0.0;
        for (var j = 0; j < a.Length; j++)
        {
            var apart = (double)a[j] - b[j];
            sum += apart * apart;
        }

        return Math.Sqrt(sum);
    }
}
