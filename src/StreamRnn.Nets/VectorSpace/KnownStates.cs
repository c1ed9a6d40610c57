namespace StreamRnn.Nets;

/// <summary>
/// What one sequence has known: up to K prototypes of its hidden states, and how far a state usually is from the nearest. Scoring reads, learning writes.
/// <code>
/// novelty(h) = min_k |h − p_k| / u      about 1 for a state as usual; higher is more anomalous
/// learn(h):  u ← u + α (min_k |h − p_k| − u), α = max(1/n, 1/300);
///            near a prototype (within 2u): p ← p + (h − p)/min(members, 100); else h becomes a prototype; where there is no room, the two that are nearest each other become one
/// </code>
/// </summary>
/// <param name="width">H.</param>
/// <param name="prototypes">K, 2 or more.</param>
public sealed class KnownStates(int width, int prototypes = 16)
{
    private const double Near = 2;
    private const int LongestMemory = 100;
    private const double UsualRate = 1.0 / 300;

    private readonly List<(float[] At, int Members)> _known = [];
    private double _usual;
    private int _count;

    /// <summary>Prototypes so far.</summary>
    public int Count => _known.Count;

    /// <summary>How far a state is from all known, in units of how far the sequence's states usually are: 0 or more, about 1 as usual, higher is more anomalous; 0 before the third state.</summary>
    /// <param name="h">(H).</param>
    public double Novelty(ReadOnlySpan<float> h)
    {
        Shapes.Require(h.Length, nameof(h), width);
        return _count < 3 ? 0 : Nearest(h).Distance / Math.Max(_usual, 1e-9);
    }

    /// <summary>Takes in a state that is normal.</summary>
    /// <param name="h">(H), finite.</param>
    public void Learn(ReadOnlySpan<float> h)
    {
        Shapes.Require(h.Length, nameof(h), width);
        _count++;
        if (_known.Count == 0)
        {
            _known.Add((h.ToArray(), 1));
            return;
        }

        var (nearest, distance) = Nearest(h);
        // The first states teach what is usual: before, every one would be far.
        var isNear = _count > prototypes && distance <= Near * _usual;
        _usual += Math.Max(1.0 / (_count - 1), UsualRate) * (distance - _usual);
        if (isNear)
        {
            var (at, members) = _known[nearest];
            members = Math.Min(members + 1, LongestMemory);
            for (var j = 0; j < width; j++)
                at[j] += (h[j] - at[j]) / members;
            _known[nearest] = (at, members);
            return;
        }

        if (_known.Count == prototypes)
            MergeNearestTwo();
        _known.Add((h.ToArray(), 1));
    }

    private (int Index, double Distance) Nearest(ReadOnlySpan<float> h)
    {
        var best = (Index: -1, Distance: double.PositiveInfinity);
        for (var k = 0; k < _known.Count; k++)
            if (Embeddings.Distance(h, _known[k].At) is var distance && distance < best.Distance)
                best = (k, distance);
        return best;
    }

    private void MergeNearestTwo()
    {
        var best = (A: 0, B: 1, Distance: double.PositiveInfinity);
        for (var a = 0; a < _known.Count; a++)
            for (var b = a + 1; b < _known.Count; b++)
                if (Embeddings.Distance(_known[a].At, _known[b].At) is var distance && distance < best.Distance)
                    best = (a, b, distance);
        var ((at, members), (other, others)) = (_known[best.A], _known[best.B]);
        for (var j = 0; j < width; j++)
            at[j] = ((at[j] * members) + (other[j] * others)) / (members + others);
        _known[best.A] = (at, Math.Min(members + others, LongestMemory));
        _known.RemoveAt(best.B);
    }
}
