using StreamRnn.Nets;

namespace StreamRnn.Tests.Nets.Losses;

public sealed class OutputLossTests
{
    /// <summary>Every loss with every activation that it goes with, as the list has them.</summary>
    public static TheoryData<string, string> Combinations
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var kind in LossKind.All)
                foreach (var activation in kind.Activations)
                    all.Add(kind.Name, activation);
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void LossAndGradientAreThoseOfTheEquationInDouble(string name, string activation)
    {
        foreach (var targets in new[] { 2, 3 })
        {
            var (spec, loss) = Create(name, activation, targets);
            var seeded = new Seeded(7);
            for (var trial = 0; trial < 60; trial++)
            {
                var (z, t) = (Draw.Normal(seeded, loss.Width, 1.5), Targets(spec, seeded, targets));
                var (total, dz) = Evaluate(loss, z, t, 0.7f);
                var (exact, truth) = (Array.ConvertAll(z, value => (double)value), Array.ConvertAll(t, value => (double)value));
                Assert.Equal(0.7 * DoubleLoss.Of(spec, exact, truth), total, 3e-6);
                for (var n = 0; n < z.Length; n++)
                {
                    const double Step = 1e-5;
                    var value = exact[n];
                    exact[n] = value + Step;
                    var above = DoubleLoss.Of(spec, exact, truth);
                    exact[n] = value - Step;
                    var expected = 0.7 * (above - DoubleLoss.Of(spec, exact, truth)) / (2 * Step);
                    exact[n] = value;
                    Assert.True(Math.Abs(expected - dz[n]) < 1e-5 * (1 + Math.Abs(expected)), $"{name} {activation}, trial {trial}, output {n}: finite difference {expected}, gradient {dz[n]}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void ARowOfWeightZeroChangesNothingAndIsNotRead(string name, string activation)
    {
        var (spec, loss) = Create(name, activation, 3);
        var seeded = new Seeded(11);
        var (z, t) = (Draw.Normal(seeded, loss.Width), Targets(spec, seeded, 3));
        var (alone, gradient) = Evaluate(loss, z, t, 1);
        loss.Activate(z);
        float[] nothing = [.. Enumerable.Repeat(float.NaN, loss.Width)], unknown = [float.NaN, float.NaN, float.NaN];
        var dz = Enumerable.Repeat(float.NaN, 3 * loss.Width).ToArray();
        var total = loss.Evaluate([.. nothing, .. z, .. nothing], [.. unknown, .. t, .. unknown], [0, 1, 0], dz);
        Assert.Equal(alone, total);
        Assert.Equal([.. new float[loss.Width], .. gradient, .. new float[loss.Width]], dz);
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void ExtremeSumsAndTargetsStayFinite(string name, string activation)
    {
        var (spec, loss) = Create(name, activation, 2);
        var classes = name == "crossEntropy";
        foreach (var a in new[] { -1e30f, -800, -100, 0, 100, 800, 1e30f })
            foreach (var b in new[] { -1e30f, -90, 0, 90, 1e30f })
                foreach (var target in classes ? [0, 1] : new[] { -1e30f, 0, 1e30f })
                {
                    var z = Enumerable.Range(0, loss.Width).Select(n => n % 3 == 1 ? b : n % 2 == 0 ? a : -a).ToArray();
                    var (total, dz) = Evaluate(loss, z, [target, classes ? 1 - target : target], 1);
                    Assert.True(double.IsFinite(total), $"{spec.Loss} {activation} at {a}, {b}, {target}: {total}");
                    Assert.All(dz, g => Assert.True(float.IsFinite(g), $"{spec.Loss} {activation} at {a}, {b}, {target}: {g}"));
                }
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void ANetThatHasDivergedIsNotHidden(string name, string activation)
    {
        var (spec, loss) = Create(name, activation, 2);
        var (_, dz) = Evaluate(loss, [.. Enumerable.Repeat(float.NaN, loss.Width)], Targets(spec, new Seeded(1), 2), 1);
        Assert.Contains(dz, float.IsNaN);
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void ASequencesOutputsDoNotDependOnItsMates(string name, string activation)
    {
        var (_, loss) = Create(name, activation, 3);
        var z = Draw.Normal(new Seeded(5), 9 * loss.Width, 3);
        var together = z.ToArray();
        loss.Activate(together);
        for (var n = 0; n < 9; n++)
        {
            var alone = z[(n * loss.Width)..((n + 1) * loss.Width)];
            loss.Activate(alone);
            Assert.Equal(together[(n * loss.Width)..((n + 1) * loss.Width)], alone);
        }
    }

    [Fact]
    public void APointHasNoDistributionToDrawFromAndSaysWhatHas()
    {
        foreach (var name in new[] { "mse", "mae" })
        {
            var message = Assert.Throws<NotSupportedException>(() => Create(name, "identity", 1).Loss.Sample([0], new Seeded(1), 1, new float[1])).Message;
            Assert.Contains(name, message, StringComparison.Ordinal);
            Assert.Contains("studentT", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"units":1,"loss":"crossEntropy"}""", "softmax", "sigmoid")]
    [InlineData("""{"units":2,"loss":"crossEntropy","activation":"tanh"}""", "tanh", "softmax, sigmoid")]
    [InlineData("""{"units":2,"loss":"mse","activation":"softmax"}""", "softmax", "identity, relu, tanh, sigmoid")]
    [InlineData("""{"units":2,"loss":"studentT","activation":"relu"}""", "relu", "identity")]
    [InlineData("""{"units":2,"loss":"studentT","components":17}""", "17", "1 to 16")]
    [InlineData("""{"units":2,"loss":"studentT","components":0}""", "0", "1 or more")]
    [InlineData("""{"units":2,"loss":"mse","components":3}""", "components", "studentT")]
    [InlineData("""{"units":2,"loss":"studentT","levels":[0.5]}""", "levels", "quantile")]
    [InlineData("""{"units":2,"loss":"quantile","levels":[0.5,0.5]}""", "0.5 in place 2", "ascending")]
    [InlineData("""{"units":2,"loss":"quantile","levels":[0.5,1]}""", "1 in place 2", "below 1")]
    [InlineData("""{"units":2,"loss":"quantile","levels":[]}""", "[]", "array of numbers")]
    [InlineData("""{"units":2,"loss":"crossentropy"}""", "crossentropy", "mse, mae, crossEntropy, quantile, studentT")]
    public void AWrongCombinationIsRefusedWithWhatIsAllowed(string entry, string found, string allowed)
    {
        var json = """{"layers":[{"type":"rnnOutput",""" + entry[1..] + "]}";
        var message = Assert.Throws<TopologyException>(() => new Net(Topology.Parse(json), 2)).Message;
        Assert.Contains(found, message, StringComparison.Ordinal);
        Assert.Contains(allowed, message, StringComparison.Ordinal);
        Assert.Contains("layer 1", message, StringComparison.Ordinal);
    }

    [Fact]
    public void ANetHasAsManyOutputsAsItsLossNeeds()
    {
        Assert.Equal(2 * 3, Outputs("""{"type":"rnnOutput","units":2,"loss":"quantile"}"""));
        Assert.Equal(2 * 2, Outputs("""{"type":"rnnOutput","units":2,"loss":"quantile","levels":[0.1,0.9]}"""));
        Assert.Equal(2 * 9, Outputs("""{"type":"rnnOutput","units":2,"loss":"studentT"}"""));
        Assert.Equal(2 * 6, Outputs("""{"type":"rnnOutput","units":2,"loss":"studentT","components":2}"""));
        Assert.Equal(2, Outputs("""{"type":"rnnOutput","units":2,"loss":"crossEntropy","activation":"sigmoid"}"""));
        Assert.IsType<CategoricalLoss>(new Net(Topology.Parse("""{"layers":[{"type":"rnnOutput","units":2,"loss":"crossEntropy"}]}"""), 1).Output!.Loss);

        static int Outputs(string layer) => new Net(Topology.Parse($$"""{"layers":[{{layer}}]}"""), 5).Outputs;
    }

    [Fact]
    public void AMixturesComponentsDifferFromTheBeginningWhereTheNetHasLearnedNothingYet()
    {
        // A new residual net has output weights of zero: equal components would get equal gradients and never part.
        var net = new Net(Topology.Parse("""{"layers":[{"type":"lstm","units":4},{"type":"rnnOutput","units":2,"loss":"studentT","residual":true}]}"""), 2, new Seeded(1));
        var (y, dz) = (new float[18], new float[18]);
        using (var step = net.Prepare())
        using (var bank = net.CreateBank(1))
            step.Step(bank, [0], [0.5f, -1], y);
        net.Output!.Loss.Evaluate(y, [0.7f, -1.1f], [1], dz);
        for (var d = 0; d < 18; d += 9)
            Assert.Equal(3, dz[d..(d + 3)].Distinct().Count());
        var point = new float[2];
        net.Output.Loss.Point(y, point);
        Assert.Equal([0.5f, -1], point);
    }

    private static (LayerSpec Spec, OutputLoss Loss) Create(string name, string activation, int targets)
    {
        var spec = new LayerSpec("rnnOutput") { Units = targets, Loss = name, Activation = activation };
        if (name == "quantile")
            spec = spec with { Levels = [0.1, 0.5, 0.8, 0.99] };
        if (name == "studentT")
            spec = spec with { Components = 3 };
        return (spec, LossKind.Build(spec));
    }

    private static float[] Targets(LayerSpec spec, Seeded seeded, int targets)
    {
        if (spec.Loss != "crossEntropy")
            return Draw.Normal(seeded, targets, 2);
        var t = new float[targets];
        if (spec.Activation == "sigmoid")
            foreach (ref var value in t.AsSpan())
                value = (float)seeded.NextDouble();
        else
            t[seeded.Next(targets)] = 1;
        return t;
    }

    private static (double Total, float[] Gradient) Evaluate(OutputLoss loss, float[] z, float[] t, float weight)
    {
        var (y, dz) = (z.ToArray(), new float[z.Length]);
        loss.Activate(y);
        return (loss.Evaluate(y, t, [weight], dz), dz);
    }
}
