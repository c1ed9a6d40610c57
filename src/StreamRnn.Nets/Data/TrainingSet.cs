namespace StreamRnn.Nets;

/// <summary>What is learned from and what is held out to judge by.</summary>
public sealed class TrainingSet
{
    /// <summary>Steps before a held-out tail that are run without being judged, so that the state is warm where judging begins.</summary>
    public const int WarmUpSteps = 256;

    private const int ManySequences = 50;

    /// <param name="learned">At least one sequence.</param>
    /// <param name="heldOut">May be empty: then training is judged by its own loss.</param>
    /// <exception cref="DataException">No sequence to learn from, or one whose widths are not those of the first.</exception>
    public TrainingSet(IEnumerable<TrainingSequence> learned, IEnumerable<TrainingSequence> heldOut)
    {
        (Learned, HeldOut) = ([.. learned.Where(s => s.Length > 0)], [.. heldOut.Where(s => s.Length > 0)]);
        if (Learned.Count == 0)
            throw new DataException("there is no sequence to learn from");
        (Inputs, Targets) = (Learned[0].Width(Learned[0].Inputs), Learned[0].Width(Learned[0].Targets));
        foreach (var (sequence, n) in Learned.Concat(HeldOut).Select((sequence, n) => (sequence, n)))
            if (sequence.Inputs.Length != sequence.Length * Inputs || sequence.Targets.Length != sequence.Length * Targets)
                throw new DataException(
                    $"sequence {n + 1} has {sequence.Inputs.Length} inputs and {sequence.Targets.Length} targets at {sequence.Length} steps; {Inputs} and {Targets} a step were expected, as in the first");
    }

    public IReadOnlyList<TrainingSequence> Learned { get; }

    public IReadOnlyList<TrainingSequence> HeldOut { get; }

    /// <summary>I.</summary>
    public int Inputs { get; }

    /// <summary>D.</summary>
    public int Targets { get; }

    /// <summary>Holds out the last part of every sequence: the future is judged by what came before it.</summary>
    /// <param name="share">Of each sequence's steps, 0 to below 1.</param>
    public static TrainingSet HoldOutTails(IEnumerable<TrainingSequence> sequences, double share)
    {
        List<TrainingSequence> learned = [], heldOut = [];
        foreach (var sequence in sequences)
        {
            var cut = CutOf(sequence.Length, share);
            learned.Add(sequence.Slice(0, cut));
            var from = Math.Max(0, cut - WarmUpSteps);
            var tail = sequence.Slice(from, sequence.Length);
            tail.Weights.AsSpan(0, cut - from).Clear();
            if (cut < sequence.Length)
                heldOut.Add(tail);
        }

        return new TrainingSet(learned, heldOut);
    }

    /// <summary>Holds out the last sequences whole.</summary>
    /// <param name="share">Of the sequences, 0 to below 1.</param>
    public static TrainingSet HoldOutLast(IReadOnlyList<TrainingSequence> sequences, double share)
    {
        var cut = CutOf(sequences.Count, share);
        return new TrainingSet(sequences.Take(cut), sequences.Skip(cut));
    }

    /// <summary>Holds out tails of a few long sequences, and whole sequences where there are many.</summary>
    public static TrainingSet HoldOut(IReadOnlyList<TrainingSequence> sequences, double share) =>
        sequences.Count >= ManySequences ? HoldOutLast(sequences, share) : HoldOutTails(sequences, share);

    /// <summary>How many of <paramref name="count"/> steps or sequences come before the part that is held out; at least 1.</summary>
    public static int CutOf(int count, double share)
    {
        if (!(share >= 0 && share < 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "allowed are 0 to below 1");
        return Math.Clamp((int)Math.Round(count * (1 - share)), Math.Min(1, count), count);
    }
}
