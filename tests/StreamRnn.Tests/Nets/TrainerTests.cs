using StreamRnn.Nets;
using StreamRnn.Nets.Training;
using Xunit;

namespace StreamRnn.Tests.Nets;

public sealed class TrainerTests
{
    private static readonly Topology s_topology = new(new LayerSpec("lstm") { Units = 12 }, new LayerSpec("rnnOutput") { Units = 1, Loss = "mse" });

    [Theory]
    [InlineData("adam", 0.01)]
    [InlineData("rmsprop", 0.003)]
    [InlineData("sgd", 0.1)]
    public void EveryOptimiserLearnsASineBetterThanTheLastValue(string optimiser, double rate)
    {
        var data = Sines(40, 120);
        var net = new Net(s_topology, 1, new Seeded(1));
        using var trainer = new Trainer(net, data, new TrainingPlan { Optimiser = optimiser, LearningRate = rate, Epochs = 150, Chunk = 30 });
        var result = trainer.Train();
        var persistence = data.HeldOut.SelectMany(s => s.Inputs.Zip(s.Targets, (x, t) => (double)(x - t) * (x - t))).Average();
        Assert.True(result.HeldOut < 0.2 * persistence, $"{optimiser}: {result.HeldOut} against {persistence}");
        Assert.Equal(result.HeldOut, Trainer.Evaluate(net, data.HeldOut));      // the net has the weights that were judged
    }

    [Fact]
    public void EqualSeedsGiveEqualBitsAndOtherSeedsOthers()
    {
        Assert.Equal(Weights(1), Weights(1));
        Assert.NotEqual(Weights(1), Weights(2));

        static float[] Weights(ulong seed)
        {
            var net = new Net(s_topology, 1, new Seeded(seed));
            using var trainer = new Trainer(net, Sines(64, 50), new TrainingPlan { Lanes = 64, Epochs = 3, Chunk = 20, Seed = seed });    // four parts
            trainer.Train();
            return [.. net.Parameters.SelectMany(p => p.Values)];
        }
    }

    [Fact]
    public void SequencesOfUnequalLengthShareABatchByMasking()
    {
        // What a batch says of a sequence is what the sequence alone says: the padding is never looked at.
        var net = new Net(s_topology, 1, new Seeded(1));
        var sequences = Enumerable.Range(3, 30).Select(n => Sine(n, n)).ToList();
        var together = Trainer.Evaluate(net, sequences);
        var alone = sequences.Sum(s => Trainer.Evaluate(net, [s]) * s.Length) / sequences.Sum(s => s.Length);
        Assert.Equal(alone, together, 12);

        // And so do its gradients.
        Assert.Equal(GradientOf(net, sequences[5], 0), GradientOf(net, sequences[5], 7));
    }

    [Fact]
    public void TrainingStopsWhenTheRowsHeldOutGetNoBetter()
    {
        var seeded = new Seeded(3);
        var noise = Enumerable.Range(0, 40).Select(_ =>
        {
            var x = Draw.Normal(seeded, 41);
            return new TrainingSequence(x[..40], x[1..], [.. Enumerable.Repeat(1f, 40)]);
        }).ToList();
        var net = new Net(s_topology, 1, new Seeded(1));
        using var trainer = new Trainer(net, TrainingSet.HoldOutLast(noise, 0.25), new TrainingPlan { Epochs = 500, Patience = 3, LearningRate = 0.02, Chunk = 40 });
        var result = trainer.Train();
        Assert.Equal(TrainingEnd.NoBetter, result.End);
        Assert.True(result.Epochs < 500);
    }

    [Fact]
    public void StoppingInTheMiddleKeepsTheBestSoFar()
    {
        var data = Sines(40, 120);
        var net = new Net(s_topology, 1, new Seeded(1));
        var before = Trainer.Evaluate(net, data.HeldOut);
        using var stop = new CancellationTokenSource();
        using var trainer = new Trainer(net, data, new TrainingPlan { Epochs = 1000, Chunk = 30 });
        var result = trainer.Train(new Told(report =>
        {
            if (report.Epoch == 4)
                stop.Cancel();
        }), cancel: stop.Token);
        Assert.Equal(TrainingEnd.Cancelled, result.End);
        Assert.True(result.HeldOut < before);
        Assert.Equal(result.HeldOut, Trainer.Evaluate(net, data.HeldOut));
    }

    [Fact]
    public void StoppingBeforeAnythingWasLearnedChangesNothing()
    {
        var net = new Net(s_topology, 1, new Seeded(1));
        float[] before = [.. net.Parameters.SelectMany(p => p.Values)];
        using var trainer = new Trainer(net, new TrainingSet([Sine(50, 1)], []), new TrainingPlan());
        var result = trainer.Train(cancel: new CancellationToken(canceled: true));
        Assert.Equal((TrainingEnd.Cancelled, 0L), (result.End, result.Rows));
        Assert.Equal(before, net.Parameters.SelectMany(p => p.Values));
    }

    [Fact]
    public void DivergenceIsSaidAndLeavesTheWeightsFinite()
    {
        var data = new TrainingSet([new TrainingSequence([1e30f, -1e30f], [1e30f, -1e30f], [1, 1])], []);
        var net = new Net(s_topology, 1, new Seeded(1));
        using var trainer = new Trainer(net, data, new TrainingPlan { Epochs = 5 });
        var message = Assert.Throws<DivergedException>(() => trainer.Train()).Message;
        Assert.Contains("diverged in epoch 1", message, StringComparison.Ordinal);
        Assert.Contains("learning rate", message, StringComparison.Ordinal);
        Assert.All(net.Parameters.SelectMany(p => p.Values), value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void ANetThatDoesNotFitTheDataIsRefused()
    {
        var plan = new TrainingPlan();
        var message = Assert.Throws<ArgumentException>(() => new Trainer(new Net(s_topology, 2), Sines(4, 20), plan)).Message;
        Assert.Contains("takes 2 values", message, StringComparison.Ordinal);
        message = Assert.Throws<ArgumentException>(() => new Trainer(new Net(new Topology(new LayerSpec("lstm") { Units = 3 }), 1), Sines(4, 20), plan)).Message;
        Assert.Contains("rnnOutput", message, StringComparison.Ordinal);
        message = Assert.Throws<ArgumentException>(() => new Trainer(new Net(s_topology, 1), Sines(4, 20), plan with { Optimiser = "adamw" })).Message;
        Assert.Contains("rmsprop", message, StringComparison.Ordinal);
        Assert.Contains("no sequence", Assert.Throws<DataException>(() => new TrainingSet([], [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AHeldOutTailBeginsWarmAndOnlyItsOwnRowsAreJudged()
    {
        var set = TrainingSet.HoldOutTails([Sine(1000, 1)], 0.2);
        Assert.Equal(800, set.Learned[0].Length);
        Assert.Equal(200 + TrainingSet.WarmUpSteps, set.HeldOut[0].Length);
        Assert.Equal(200, set.HeldOut[0].Weights.Sum());
        Assert.All(set.HeldOut[0].Weights[..TrainingSet.WarmUpSteps], weight => Assert.Equal(0, weight));
        Assert.All(set.Learned[0].Weights, weight => Assert.Equal(1, weight));
    }

    /// <summary>The gradient of one sequence, padded at its end by steps of weight 0 whose values are nonsense.</summary>
    private static float[] GradientOf(Net net, TrainingSequence sequence, int padding)
    {
        var twin = net.Twin();
        var steps = sequence.Length + padding;
        using var tape = twin.CreateTape(steps, 1);
        float[] Padded(float[] values) => [.. values, .. Enumerable.Repeat(1e6f, padding)];
        float[] weights = [.. sequence.Weights, .. new float[padding]];
        var dz = new float[steps];
        twin.Output!.Loss.Evaluate(tape.Forward(steps, Padded(sequence.Inputs)), Padded(sequence.Targets), weights, dz);
        tape.Backward(dz);
        return [.. twin.Parameters.SelectMany(p => p.Gradients)];
    }

    private static TrainingSet Sines(int count, int length) => TrainingSet.HoldOutLast([.. Enumerable.Range(0, count).Select(n => Sine(length, n))], 0.2);

    private static TrainingSequence Sine(int length, int seed)
    {
        var seeded = new Seeded((ulong)seed);
        var (phase, step) = (seeded.NextDouble(0, 6), seeded.NextDouble(0.3, 0.6));
        float[] x = [.. Enumerable.Range(0, length + 1).Select(t => (float)Math.Sin(phase + (step * t)))];
        return new TrainingSequence(x[..length], x[1..], [.. Enumerable.Repeat(1f, length)]);
    }

    private sealed class Told(Action<TrainingReport> act) : IProgress<TrainingReport>
    {
        public void Report(TrainingReport value) => act(value);
    }
}
