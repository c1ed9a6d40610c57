using StreamRnn.Nets;
using StreamRnn.Nets.Training;

namespace StreamRnn.Tests.Nets;

public class RecurrentGradientTests
{
    public static TheoryData<string, int, int, int, int> Shapes
    {
        get
        {
            var data = new TheoryData<string, int, int, int, int>();
            foreach (var cell in Cells.All)
                foreach (var (inputs, units, steps, batch) in new[] { (1, 1, 1, 1), (3, 4, 7, 3), (5, 17, 6, 2), (2, 16, 9, 7) })
                    data.Add(cell, inputs, units, steps, batch);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void GradientsAgreeWithFiniteDifferences(string cell, int inputs, int units, int steps, int batch)
    {
        var seeded = new Seeded(42);
        var layer = Cells.Create(cell, inputs, units, seeded);
        var x = Draw.Normal(seeded, steps * batch * inputs);
        var states = Draw.Normal(seeded, batch * layer.StateWidth, 0.7);
        var dy = Draw.Normal(seeded, steps * batch * units);
        using var tape = new RecurrentTape(layer, steps + 3, batch);
        var dx = new float[x.Length];
        tape.Forward(steps, x, [.. states], new float[dy.Length]);
        tape.Backward(dy, dx);

        FiniteDifferences.Compare([.. layer.Parameters.Select(p => (p.Name, p.Values, p.Gradients)), ("x", x, dx)], () => DoubleCell.Run(layer, steps, batch, DoubleCell.Widen(x), states), dy);
    }

    [Theory]
    [MemberData(nameof(Cells.Data), MemberType = typeof(Cells))]
    public void TheTapesOutputsAndStatesAgreeWithTheEquationsInDouble(string cell)
    {
        const int Steps = 20, Batch = 3;
        var seeded = new Seeded(6);
        var layer = Cells.Create(cell, 5, 19, seeded);
        var x = Draw.Normal(seeded, Steps * Batch * 5);
        var states = Draw.Normal(seeded, Batch * layer.StateWidth, 0.7);
        var expected = DoubleCell.Run(layer, Steps, Batch, DoubleCell.Widen(x), states);
        using var tape = new RecurrentTape(layer, Steps, Batch);
        var y = new float[expected.Length];
        tape.Forward(Steps, x, states, y);
        for (var n = 0; n < y.Length; n++)
            Assert.True(Math.Abs(expected[n] - y[n]) < 1e-6, $"y[{n}]: expected {expected[n]}, found {y[n]}");
        for (var b = 0; b < Batch; b++)
            Assert.Equal(y.AsSpan(((Steps - 1) * Batch + b) * 19, 19).ToArray(), states.AsSpan(b * layer.StateWidth, 19).ToArray());
    }

    [Theory]
    [MemberData(nameof(Cells.Data), MemberType = typeof(Cells))]
    public void BackwardAddsToGradientsAndIsTheSameWithAndWithoutInputGradients(string cell)
    {
        var seeded = new Seeded(7);
        var layer = Cells.Create(cell, 5, 20, seeded);
        var (x, dy) = (Draw.Normal(seeded, 4 * 3 * 5), Draw.Normal(seeded, 4 * 3 * 20));
        using var tape = new RecurrentTape(layer, 4, 3);
        tape.Forward(4, x, new float[3 * layer.StateWidth], new float[dy.Length]);
        tape.Backward(dy);
        var once = layer.Parameters.Select(parameter => parameter.Gradients.ToArray()).ToList();
        Assert.All(once, gradients => Assert.Contains(gradients, g => g != 0));
        tape.Backward(dy, new float[x.Length]);
        for (var p = 0; p < once.Count; p++)
            Assert.Equal(once[p].Select(g => g + g), layer.Parameters[p].Gradients);
    }

    [Theory]
    [MemberData(nameof(Cells.Data), MemberType = typeof(Cells))]
    public void ACutChunkGoesForwardAsTheWholeBitwise(string cell)
    {
        var seeded = new Seeded(8);
        var layer = Cells.Create(cell, 3, 10, seeded);
        var x = Draw.Normal(seeded, 12 * 2 * 3);
        using var tape = new RecurrentTape(layer, 12, 2);
        var (state, whole) = (new float[2 * layer.StateWidth], new float[12 * 20]);
        tape.Forward(12, x, state, whole);
        for (var cut = 1; cut < 12; cut++)
        {
            var (state2, parts) = (new float[2 * layer.StateWidth], new float[12 * 20]);
            tape.Forward(cut, x.AsSpan(0, cut * 6), state2, parts.AsSpan(0, cut * 20));
            tape.Forward(12 - cut, x.AsSpan(cut * 6), state2, parts.AsSpan(cut * 20));
            Assert.Equal(whole, parts);
            Assert.Equal(state, state2);
        }
    }

    [Fact]
    public void TheWayThereAllocatesNothing()
    {
        foreach (var cell in Cells.All)
        {
            var layer = Cells.Create(cell, 3, 20, new Seeded(1));
            using var tape = new RecurrentTape(layer, 4, 3);
            var (x, state, y, dx) = (new float[4 * 3 * 3], new float[3 * layer.StateWidth], new float[4 * 3 * 20], new float[4 * 3 * 3]);
            Assert.Equal(0, Allocated.By(Chunk));

            void Chunk()
            {
                tape.Forward(4, x, state, y);
                tape.Backward(y, dx);
            }
        }
    }

    [Fact]
    public void AWrongChunkIsRefused()
    {
        foreach (var cell in Cells.All)
        {
            var layer = Cells.Create(cell, 3, 4, new Seeded(1));
            using var tape = new RecurrentTape(layer, 5, 2);
            var (x, state, y) = (new float[5 * 2 * 3], new float[2 * layer.StateWidth], new float[5 * 2 * 4]);
            Assert.Throws<InvalidOperationException>(() => tape.Backward(y));
            Assert.Throws<ArgumentOutOfRangeException>(() => tape.Forward(6, x, state, y));
            Assert.Throws<ArgumentOutOfRangeException>(() => tape.Forward(0, x, state, y));
            Assert.Contains("x has 29", Assert.Throws<ArgumentException>(() => tape.Forward(5, x.AsSpan(1), state, y)).Message, StringComparison.Ordinal);
            Assert.Contains("state has", Assert.Throws<ArgumentException>(() => tape.Forward(5, x, state.AsSpan(1), y)).Message, StringComparison.Ordinal);
            tape.Forward(5, x, state, y);
            Assert.Contains("dy has 39", Assert.Throws<ArgumentException>(() => tape.Backward(y.AsSpan(1))).Message, StringComparison.Ordinal);
            Assert.Contains("dx has 29", Assert.Throws<ArgumentException>(() => tape.Backward(y, x.AsSpan(1))).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Cells.Data), MemberType = typeof(Cells))]
    public void TrainingTwiceFromOneSeedGivesTheSameBits(string cell) => Assert.Equal(Train(cell, 20), Train(cell, 20));

    [Theory]
    [InlineData("lstm")]
    [InlineData("gravesLstm")]
    [InlineData("gru")]
    public void ACellWithGatesLearnsToRememberAValueThatItSawManyStepsAgo(string cell)
    {
        var (first, last) = (0.0, 0.0);
        Train(cell, 300, (step, loss) => (first, last) = (step == 0 ? loss : first, loss));
        Assert.True(last < 0.05 * first, $"the loss fell from {first} to {last} only");
    }

    /// <summary>The first input is to be told at the 12th step; the inputs between are noise.</summary>
    private static float[] Train(string cell, int updates, Action<int, double>? progress = null)
    {
        const int Steps = 12, Batch = 32, Units = 12;
        var seeded = new Seeded(3);
        var layer = (RecurrentLayer)LayerKind.Of(cell).Build(new LayerSpec(cell) { Units = Units }, "layer", 1, seeded);
        var dense = new DenseLayer("out", Units, 1, Activation.Identity, seeded);
        List<Parameter> all = [.. layer.Parameters, .. dense.Parameters];
        var adam = new Adam(all);
        var schedule = new CosineSchedule(0.02, 0.001, updates);
        using var tape = new RecurrentTape(layer, Steps, Batch);
        using var output = new DenseTape(dense, Batch);
        var (hs, dh) = (new float[Steps * Batch * Units], new float[Steps * Batch * Units]);
        var (y, dy) = (new float[Batch], new float[Batch]);
        for (var step = 0; step < schedule.Steps; step++)
        {
            var x = Draw.Normal(seeded, Steps * Batch);
            tape.Forward(Steps, x, new float[Batch * layer.StateWidth], hs);
            output.Forward(hs.AsSpan((Steps - 1) * Batch * Units), y);
            var loss = 0.0;
            for (var b = 0; b < Batch; b++)
            {
                dy[b] = 2 * (y[b] - x[b]) / Batch;
                loss += (y[b] - x[b]) * (y[b] - x[b]) / Batch;
            }

            Gradients.Clear(all);
            output.Backward(dy, dh.AsSpan((Steps - 1) * Batch * Units));
            tape.Backward(dh);
            Gradients.Clip(all, 1);
            adam.Step(schedule.At(step));
            progress?.Invoke(step, loss);
        }

        return [.. all.SelectMany(parameter => parameter.Values)];
    }
}
