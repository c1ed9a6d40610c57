using StreamRnn.Nets;
using StreamRnn.Nets.Training;

namespace StreamRnn.Tests.Nets.Generation;

public sealed class LettersTests
{
    [Fact]
    public void ALetterGoesInAsOneOfItsVocabularysValues()
    {
        var letters = Letters.Of("banane 𝄞");
        Assert.Equal(" aben𝄞", string.Concat(letters.Vocabulary));
        Assert.Equal([0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], letters.Encode("a𝄞"));
        var sequence = letters.ToSequence("ban");
        Assert.Equal(2, sequence.Length);
        Assert.Equal(letters.Encode("ba"), sequence.Inputs);
        Assert.Equal(letters.Encode("an"), sequence.Targets);
        Assert.Equal([1, 1], sequence.Weights);
    }

    [Fact]
    public void ALetterNeverSeenIsRefusedWithItsPositionAndTheVocabulary()
    {
        var letters = Letters.Of("abc\n");
        foreach (var what in new Action[] { () => letters.Encode("ab\ncxa"), () => letters.Continue(Untrained(letters), "ab\ncx", 3, 1, new Seeded(1)) })
        {
            var message = Assert.Throws<DataException>(what).Message;
            Assert.Contains("'x' (U+0078) at position 5", message, StringComparison.Ordinal);
            Assert.Contains("4 letters: \\nabc", message, StringComparison.Ordinal);
        }

        Assert.Contains("twice", Assert.Throws<DataException>(() => new Letters("aba")).Message, StringComparison.Ordinal);
        Assert.Contains("0 letters", Assert.Throws<DataException>(() => Letters.Of("")).Message, StringComparison.Ordinal);
        Assert.Contains("at least 2", Assert.Throws<DataException>(() => letters.ToSequence("a")).Message, StringComparison.Ordinal);
        Assert.Contains("no letter", Assert.Throws<DataException>(() => letters.Continue(Untrained(letters), "", 3, 1, new Seeded(1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ANetThatLearnedATextGoesOnWithIt()
    {
        // "ab" is followed by "c" or "d" in turns: the next letter cannot be told from the last two.
        var text = string.Concat(Enumerable.Repeat("abcabd", 40));
        var letters = Letters.Of(text);
        var net = new Net(Topology.Parse("""{"layers":[{"type":"lstm","units":12},{"type":"rnnOutput","units":4,"loss":"crossEntropy"}]}"""), 4, new Seeded(1));
        using (var trainer = new Trainer(net, new TrainingSet([letters.ToSequence(text)], []), new TrainingPlan { Lanes = 4, Chunk = 24, Epochs = 60, LearningRate = 0.02, Seed = 1 }))
            trainer.Train();
        Assert.Equal("cabdabcabdab", letters.Continue(net, "abcabdab", 12, 0, new Seeded(1)));
        Assert.Equal("dabcabdabcab", letters.Continue(net, "abcabdabcab", 12, 0.1, new Seeded(1)));
    }

    [Fact]
    public void EqualSeedsWriteEqualTextsAndHeatMakesThemDiffer()
    {
        var letters = Letters.Of("abcdefgh");
        var net = Untrained(letters);
        Assert.Equal(letters.Continue(net, "abc", 50, 1, new Seeded(4)), letters.Continue(net, "abc", 50, 1, new Seeded(4)));
        Assert.NotEqual(letters.Continue(net, "abc", 50, 1, new Seeded(4)), letters.Continue(net, "abc", 50, 1, new Seeded(5)));
        Assert.Equal(letters.Continue(net, "abc", 50, 0, new Seeded(4)), letters.Continue(net, "abc", 50, 0, new Seeded(5)));
        Assert.Equal("", letters.Continue(net, "abc", 0, 1, new Seeded(4)));
    }

    [Fact]
    public void ANetOfOtherLettersIsRefused()
    {
        var letters = Letters.Of("abcde");
        Assert.Contains("5 letters", Assert.Throws<ArgumentException>(() => letters.Continue(Untrained(Letters.Of("abc")), "a", 3, 1, new Seeded(1))).Message, StringComparison.Ordinal);
        var points = new Net(Topology.Parse("""{"layers":[{"type":"rnnOutput","units":5}]}"""), 5);
        Assert.Contains("crossEntropy", Assert.Throws<ArgumentException>(() => letters.Continue(points, "a", 3, 1, new Seeded(1))).Message, StringComparison.Ordinal);
    }

    private static Net Untrained(Letters letters) =>
        new(new Topology(new LayerSpec("lstm") { Units = 6 }, new LayerSpec("rnnOutput") { Units = letters.Count, Loss = "crossEntropy" }), letters.Count, new Seeded(3));
}
