using System.Collections.Immutable;
using System.Text;

namespace StreamRnn.Nets;

/// <summary>
/// A vocabulary of V letters (Unicode code points) and a net's way with it: a letter goes in as a row of V values, one of them 1; what comes out is V probabilities of the next (Graves 2013).
/// </summary>
public sealed class Letters
{
    private readonly Dictionary<Rune, int> _places = [];

    /// <param name="vocabulary">Each letter once; their order is the order of the values.</param>
    /// <exception cref="DataException">A letter comes twice, or there are fewer than two.</exception>
    public Letters(string vocabulary)
    {
        Vocabulary = [.. vocabulary.EnumerateRunes()];
        foreach (var letter in Vocabulary)
            if (!_places.TryAdd(letter, _places.Count))
                throw new DataException($"the vocabulary has {Named(letter)} twice; each letter was expected once");
        if (Count < 2)
            throw new DataException($"the vocabulary has {Count} letters; 2 or more were expected");
    }

    /// <summary>The letters in the order of the values.</summary>
    public ImmutableArray<Rune> Vocabulary { get; }

    /// <summary>V.</summary>
    public int Count => Vocabulary.Length;

    /// <summary>The vocabulary of a text, in the order of the code points.</summary>
    public static Letters Of(string text) => new(string.Concat(text.EnumerateRunes().Distinct().Order()));

    /// <summary>The letters' places, (T), each 0 to V − 1.</summary>
    /// <exception cref="DataException">A letter is not in the vocabulary; the letter, its position (from 1) and the vocabulary are named.</exception>
    public int[] PlacesOf(string text)
    {
        var places = new List<int>(text.Length);
        foreach (var letter in text.EnumerateRunes())
            places.Add(_places.TryGetValue(letter, out var place)
                ? place
                : throw new DataException($"{Named(letter)} at position {places.Count + 1} was never seen in training; the vocabulary has {Count} letters: {string.Concat(Vocabulary.Select(Shown))}"));
        return [.. places];
    }

    /// <summary>Letters as rows: (T, V), a 1 at each letter's place.</summary>
    /// <exception cref="DataException">As <see cref="PlacesOf"/>.</exception>
    public float[] Encode(string text)
    {
        var places = PlacesOf(text);
        var rows = new float[places.Length * Count];
        for (var t = 0; t < places.Length; t++)
            rows[(t * Count) + places[t]] = 1;
        return rows;
    }

    /// <summary>The text as training sees it: after every letter but the last, the next is to be said.</summary>
    /// <exception cref="DataException">As <see cref="PlacesOf"/>, or there are fewer than two letters.</exception>
    public TrainingSequence ToSequence(string text)
    {
        var rows = Encode(text);
        if (rows.Length < 2 * Count)
            throw new DataException($"the text has {rows.Length / Count} letters; at least 2 are needed: the first is given, the others are predicted");
        var weights = new float[(rows.Length / Count) - 1];
        weights.AsSpan().Fill(1);
        return new TrainingSequence(rows[..^Count], rows[Count..], weights);
    }

    /// <summary>Lets a net go on with a text: each letter is drawn from what the net says and given to it as the next.</summary>
    /// <param name="net">V values in, and an output of V classes: loss crossEntropy with softmax.</param>
    /// <param name="text">What the net reads first, from a state of zero; one letter or more.</param>
    /// <param name="count">Letters to write, 0 or more.</param>
    /// <param name="temperature">0 writes the likeliest letter each time; 1 as predicted; more is bolder.</param>
    /// <param name="seeded">Equal seeds write equal texts.</param>
    /// <returns>What follows <paramref name="text"/>.</returns>
    /// <exception cref="DataException">The text is empty, or as <see cref="PlacesOf"/>.</exception>
    /// <exception cref="ArgumentException">The net is not one of these letters.</exception>
    public string Continue(Net net, string text, int count, double temperature, Seeded seeded)
    {
        ArgumentNullException.ThrowIfNull(net);
        ArgumentNullException.ThrowIfNull(seeded);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (net.Output?.Loss is not CategoricalLoss loss || loss.Targets != Count || net.Inputs != Count)
            throw new ArgumentException(
                $"the net takes {net.Inputs} values and its last layer is {net.Topology.Layers[^1]}; to write with {Count} letters it must take {Count} and end in rnnOutput, {Count} units, loss crossEntropy with softmax",
                nameof(net));
        var read = Encode(text);
        if (read.Length == 0)
            throw new DataException("there is no letter to go on from; one or more were expected");
        using var step = net.Prepare();
        using var bank = net.CreateBank(1);
        var (x, y) = (new float[Count], new float[Count]);
        for (var t = 0; t < read.Length; t += Count)
            step.Step(bank, [0], read.AsSpan(t, Count), y);
        var written = new StringBuilder();
        for (var n = 0; n < count; n++)
        {
            var place = loss.Draw(y, seeded, temperature);
            written.Append(Vocabulary[place].ToString());
            Array.Clear(x);
            x[place] = 1;
            step.Step(bank, [0], x, y);
        }

        return written.ToString();
    }

    private static string Named(Rune letter) => $"letter '{Shown(letter)}' (U+{letter.Value:X4})";

    private static string Shown(Rune letter) => letter.Value switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => letter.ToString(),
    };
}
