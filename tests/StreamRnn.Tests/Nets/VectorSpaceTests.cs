using StreamRnn.Nets;
using Xunit;

namespace StreamRnn.Tests.Nets;

public sealed class VectorSpaceTests
{
    [Fact]
    public void AnEmbeddingIsMeanAndDeviationOfTheStates()
    {
        var embeddings = new Embeddings(2);
        foreach (var h in new float[][] { [1, 4], [3, 4], [1, 4], [3, 4] })
            embeddings.Learn(5, h);
        var read = new float[4];
        embeddings.Read(5, read);
        Assert.Equal(4, embeddings.Count(5));
        Assert.Equal(2f, read[0], 1e-6f);
        Assert.Equal(4f, read[1], 1e-6f);
        Assert.True(read[2] > 0.5f && read[3] == 0);
        embeddings.Read(99, read);
        Assert.All(read, value => Assert.Equal(0, value));
    }

    [Fact]
    public void ItemsThatAreNearEachOtherShareAClusterWhoseIdStaysWhileTheyMove()
    {
        var seeded = new Seeded(1);
        var clusters = new OnlineClusters(2, 1);
        float[][] centres = [[0, 0], [10, 0], [0, 10]];
        var first = Enumerable.Range(0, 30).Select(item => clusters.Place(item, Near(seeded, centres[item % 3]))).ToArray();
        Assert.Equal(3, clusters.Clusters.Count);
        Assert.All(Enumerable.Range(0, 30), item => Assert.Equal(first[item % 3], first[item]));

        // The whole fleet drifts a long way, a little at a time, and everyone wavers: nobody changes.
        for (var round = 1; round <= 200; round++)
            for (var item = 0; item < 30; item++)
                Assert.Equal(first[item], clusters.Place(item, Near(seeded, [centres[item % 3][0] + (0.05f * round), centres[item % 3][1]])));
        Assert.Equal([1, 2, 3], clusters.Clusters.Select(c => c.Id));
    }

    [Fact]
    public void AnItemThatGoesOverToOthersChangesItsClusterOnce()
    {
        var clusters = new OnlineClusters(1, 1);
        for (var item = 0; item < 10; item++)
            clusters.Place(item, [item < 5 ? 0 : 3]);
        var changes = 0;
        var before = clusters.Of(0);
        for (var step = 0; step <= 300; step++)
        {
            // On its way from 0 to 3 it goes to and fro.
            var now = clusters.Place(0, [(0.01f * step) + (step % 2 == 0 ? 0.1f : -0.1f)]);
            changes += now == before ? 0 : 1;
            before = now;
        }

        Assert.Equal(clusters.Of(9), clusters.Of(0));
        Assert.InRange(changes, 1, 2);                  // at most by way of a cluster of its own
    }

    [Fact]
    public void OfTwoClustersThatComeTogetherTheOlderIdStaysAndNoIdIsGivenTwice()
    {
        var clusters = new OnlineClusters(1, 1);
        clusters.Place(0, [0f]);
        clusters.Place(1, [5f]);
        Assert.Equal(2, clusters.Of(1));
        clusters.Place(1, [0.4f]);
        Assert.Equal((1, 1), (clusters.Of(0), clusters.Of(1)));
        clusters.Place(1, [9f]);
        Assert.Equal(3, clusters.Of(1));
        clusters.Remove(1);
        Assert.Single(clusters.Clusters);
        Assert.Equal(0, clusters.Of(1));
    }

    [Fact]
    public void AnEmbeddingThatIsNotFiniteIsRefusedAndChangesNothing()
    {
        var clusters = new OnlineClusters(2, 1);
        clusters.Place(0, [1, 2]);
        Assert.Contains("item 0 has NaN at index 1", Assert.Throws<ArgumentException>(() => clusters.Place(0, [1, float.NaN])).Message, StringComparison.Ordinal);
        Assert.Equal([1f, 2f], clusters.Clusters.Single().Centre);
    }

    [Fact]
    public void AStateFarFromAllKnownIsNovelAndAskingTeachesNothing()
    {
        var seeded = new Seeded(2);
        var known = new KnownStates(8);
        var loop = (int t) => Enumerable.Range(0, 8).Select(j => (float)(Math.Sin((0.2 * t) + j) + (0.02 * seeded.NextNormal()))).ToArray();
        for (var t = 0; t < 2000; t++)
            known.Learn(loop(t));
        var usual = Enumerable.Range(2000, 200).Average(t => known.Novelty(loop(t)));
        Assert.InRange(usual, 0.5, 2);
        float[] strange = [3, 3, 3, 3, 3, 3, 3, 3];
        Assert.True(known.Novelty(strange) > 5 * usual);
        Assert.Equal(known.Novelty(strange), known.Novelty(strange));
        Assert.InRange(known.Count, 2, 16);

        // What comes again and again is novel no more.
        for (var n = 0; n < 50; n++)
            known.Learn(strange);
        Assert.True(known.Novelty(strange) < 0.5);
    }

    private static float[] Near(Seeded seeded, float[] centre) => [.. centre.Select(value => value + (float)(0.1 * seeded.NextNormal()))];
}
