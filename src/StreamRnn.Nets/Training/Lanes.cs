namespace StreamRnn.Nets.Training;

/// <summary>
/// Deals sequences to B lanes that are learned side by side. A long sequence is cut into pieces, so that all lanes have work; a piece begins with a state of zero, and where the cuts are changes from
/// epoch to epoch. A lane whose piece ends within a chunk waits for the chunk's end: those steps have weight 0.
/// </summary>
internal sealed class Lanes
{
    private readonly IReadOnlyList<TrainingSequence> _sequences;
    private readonly (TrainingSequence Sequence, int Next, int End)[] _lanes;
    private readonly Queue<(TrainingSequence Sequence, int From, int To)> _pieces = new();
    private readonly int _inputs, _targets, _pieceLength;

    public Lanes(TrainingSet data, int lanes, int chunk)
    {
        _sequences = data.Learned;
        (_inputs, _targets) = (data.Inputs, data.Targets);
        Rows = _sequences.Sum(s => (long)s.Length);
        var longest = _sequences.Max(s => s.Length);
        // Two chunks at least: a net that always begins anew would learn nothing of what its state is for.
        _pieceLength = (int)Math.Clamp((Rows + lanes - 1) / lanes, Math.Min(longest, 2 * chunk), longest);
        Count = (int)Math.Min(lanes, _sequences.Sum(s => (long)(s.Length + _pieceLength - 1) / _pieceLength));
        Steps = Math.Min(chunk, _pieceLength);
        _lanes = new (TrainingSequence, int, int)[Count];
        Inputs = new float[Steps * Count * _inputs];
        Targets = new float[Steps * Count * _targets];
        Weights = new float[Steps * Count];
        Begun = new bool[Count];
    }

    /// <summary>B, no more than there are pieces.</summary>
    public int Count { get; }

    /// <summary>T of a chunk, no more than the longest piece has.</summary>
    public int Steps { get; }

    /// <summary>Rows of an epoch.</summary>
    public long Rows { get; }

    /// <summary>(T, B, I) of the present chunk.</summary>
    public float[] Inputs { get; }

    /// <summary>(T, B, D).</summary>
    public float[] Targets { get; }

    /// <summary>(T, B).</summary>
    public float[] Weights { get; }

    /// <summary>(B): lanes that begin a new piece with this chunk.</summary>
    public bool[] Begun { get; }

    /// <summary>Cuts, shuffles and deals anew.</summary>
    public void BeginEpoch(Seeded seeded)
    {
        var pieces = new List<(TrainingSequence, int, int)>();
        foreach (var sequence in _sequences)
        {
            var first = sequence.Length > _pieceLength ? 1 + seeded.Next(_pieceLength) : sequence.Length;
            for (int from = 0, to = first; from < sequence.Length; from = to, to = Math.Min(sequence.Length, to + _pieceLength))
                pieces.Add((sequence, from, to));
        }

        for (var n = pieces.Count - 1; n > 0; n--)
        {
            var other = seeded.Next(n + 1);
            (pieces[n], pieces[other]) = (pieces[other], pieces[n]);
        }

        _pieces.Clear();
        foreach (var piece in pieces)
            _pieces.Enqueue(piece);
        Array.Clear(_lanes);
    }

    /// <summary>Fills the next chunk.</summary>
    /// <returns>Its rows; 0 when the epoch is over.</returns>
    public int Next()
    {
        Array.Clear(Weights);
        var rows = 0;
        for (var b = 0; b < Count; b++)
        {
            ref var lane = ref _lanes[b];
            Begun[b] = lane.Next == lane.End;
            if (Begun[b] && _pieces.TryDequeue(out var piece))
                lane = piece;
            var take = Math.Min(Steps, lane.End - lane.Next);
            for (var t = 0; t < take; t++)
            {
                var (from, to) = (lane.Next + t, (t * Count) + b);
                lane.Sequence.Inputs.AsSpan(from * _inputs, _inputs).CopyTo(Inputs.AsSpan(to * _inputs));
                lane.Sequence.Targets.AsSpan(from * _targets, _targets).CopyTo(Targets.AsSpan(to * _targets));
                Weights[to] = lane.Sequence.Weights[from];
            }

            lane.Next += take;
            rows += take;
        }

        return rows;
    }
}
