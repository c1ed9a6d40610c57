using StreamRnn.Nets;
using StreamRnn.Nets.Training;
using Xunit;

namespace StreamRnn.Tests.Nets;

public sealed class TopologySearchTests
{
    private static readonly Topology s_poor = new(new LayerSpec("simpleRnn") { Units = 4 }, new LayerSpec("rnnOutput") { Units = 1, Loss = "mse" });

    private static readonly TrainingPlan s_plan = new() { Lanes = 16, Chunk = 25, LearningRate = 0.003 };
    private static readonly TrainingSet s_data = Echoes();

    // One search for all tests: it is a few seconds of training.
    private static readonly List<Candidate> s_told = [];
    private static readonly Lazy<SearchResult> s_search = new(() => Search(s_data, s_poor, s_told));

    [Fact]
    public void AnEvolvedNetBeatsTheNetThatTheSearchBeganWithOnRowsThatNoneHasSeen()
    {
        var result = s_search.Value;
        Assert.True(result.Found < 0.9 * result.Start, $"{result.Found} against {result.Start}");
        Assert.Equal(result.Found, Trainer.Evaluate(result.Net, s_data.HeldOut));       // what is said of the net is true of it
        Assert.NotEqual(1, result.Winner.Number);
        Assert.Equal(result.Winner.Topology, result.Net.Topology);
    }

    [Fact]
    public void EveryCandidateIsToldOnceWithWhereItCameFromAndHowItFared()
    {
        var (result, told) = (s_search.Value, s_told);
        Assert.True(told.Count >= 8);
        Assert.Equal(told.OrderBy(c => c.Number), result.Candidates);
        Assert.Equal(told.Count, result.Candidates.Select(c => c.Number).Distinct().Count());
        Assert.All(result.Candidates, c => Assert.True(c.Parent < c.Number && c.Rows > 0 && c.Parameters > 0 && c.Change.Length > 0 && c.Fate.Length > 0));
        Assert.Equal(s_poor, result.Candidates[0].Topology);
        Assert.Equal(told.Count, told.Select(c => (c.Topology.ToJson(), c.LearningRate)).Distinct().Count());
        Assert.All(told, c => Assert.Equal(s_poor.Layers[^1], c.Topology.Layers[^1]));  // the output, and with it the loss, stays comparable
        // Fewer multiplications a row, more rows: all cost alike.
        Assert.True(told.Where(c => c.Fate == "left in round 1").MaxBy(c => c.Parameters)!.Rows < told.Where(c => c.Fate == "left in round 1").MinBy(c => c.Parameters)!.Rows);
    }

    [Fact]
    public void ASearchThatIsCutShortKeepsWhatItLearned()
    {
        using var cut = new CancellationTokenSource();
        var asked = 0;
        var result = new TopologySearch(s_data, s_poor, s_plan).Run(
            () =>
            {
                if (Interlocked.Increment(ref asked) == 300)
                    cut.Cancel();
                return asked / 1e5;
            }, cancel: cut.Token);
        var untrained = Trainer.Evaluate(new Net(s_poor, 1, new Seeded(s_plan.Seed)), s_data.HeldOut);
        Assert.True(result.Found < 0.9 * untrained, $"{result.Found} against {untrained}");
        Assert.Equal(result.Found, Trainer.Evaluate(result.Net, s_data.HeldOut));
    }

    [Fact]
    public void ABudgetThatIsSpentAtOnceAndASearchCancelledAtOnceEnd()
    {
        var spent = new TopologySearch(s_data, s_poor, s_plan).Run(() => 50);
        Assert.True(double.IsFinite(spent.Found));
        Assert.Throws<OperationCanceledException>(() => new TopologySearch(s_data, s_poor, s_plan).Run(() => 0, cancel: new CancellationToken(canceled: true)));
    }

    [Fact]
    public void ASearchWithNothingHeldOutIsRefused() =>
        Assert.Contains("held out", Assert.Throws<DataException>(() => new TopologySearch(new TrainingSet(s_data.Learned, []), s_poor, new TrainingPlan())).Message, StringComparison.Ordinal);

    /// <summary>A budget that is spent by asking for it: no clock, so a slow machine finds as much as a fast one.</summary>
    private static SearchResult Search(TrainingSet data, Topology start, List<Candidate> told)
    {
        var asked = 0;
        return new TopologySearch(data, start, s_plan)
            .Run(() => Interlocked.Increment(ref asked) / 3000.0, new Listed(told));
    }

    /// <summary>Noise in which every value is the mean of what came 3 and 9 steps ago, and a little new: a small simple net forgets too soon.</summary>
    private static TrainingSet Echoes()
    {
        var seeded = new Seeded(5);
        var sequences = new List<TrainingSequence>();
        for (var n = 0; n < 60; n++)
        {
            var x = Draw.Normal(seeded, 101);
            for (var t = 9; t < x.Length; t++)
                x[t] = (0.7f * (x[t - 3] - x[t - 9])) + (0.3f * x[t]);
            sequences.Add(new TrainingSequence(x[..100], x[1..], [.. Enumerable.Range(0, 100).Select(t => t < 9 ? 0f : 1f)]));
        }

        return TrainingSet.HoldOutLast(sequences, 0.3);
    }

    private sealed class Listed(List<Candidate> told) : IProgress<Candidate>
    {
        public void Report(Candidate value) => told.Add(value);
    }
}
