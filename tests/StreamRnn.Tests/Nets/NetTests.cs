using StreamRnn.Nets;
using StreamRnn.Nets.Kernels;
using Xunit;

namespace StreamRnn.Tests.Nets;

public sealed class NetTests
{
    private static readonly Topology s_topology = new(
        new LayerSpec("lstm") { Units = 20 }, new LayerSpec("dense") { Units = 7, Activation = "tanh" }, new LayerSpec("lstm") { Units = 16 },
        new LayerSpec("rnnOutput") { Units = 3, Loss = "mse" });

    [Fact]
    public void ATopologyIsTheSameAfterJson() => Assert.Equal(s_topology, Topology.Parse(s_topology.ToJson()));

    [Theory]
    [InlineData("""{"layers":[{"type":"lsmt","units":4}]}""", "lsmt", "lstm")]
    [InlineData("""{"layers":[{"type":"lstm","unit":4}]}""", "unit", "units")]
    [InlineData("""{"layers":[{"type":"lstm","units":0}]}""", "0", "4096")]
    [InlineData("""{"layers":[{"type":"lstm","units":1.5}]}""", "1.5", "whole number")]
    [InlineData("""{"layers":[{"type":"lstm"}]}""", "units", "4096")]
    [InlineData("""{"layers":[{"type":"rnnOutput","units":1},{"type":"lstm","units":2}]}""", "rnnOutput", "last")]
    [InlineData("""{"layers":[{"type":"rnnOutput","units":1,"loss":"msee"}]}""", "msee", "mse")]
    [InlineData("""{"layers":[{"type":"dense","units":1,"activation":"tahn"}]}""", "tahn", "tanh")]
    [InlineData("""{"layers":[{"type":"lstm","units":4,"units":5}]}""", "units", "twice")]
    [InlineData("""{"layers":[]}""", "0", "32")]
    [InlineData("""{"layers":[{"type":"rnnOutput","units":2,"residual":1}]}""", "1", "true or false")]
    [InlineData("""{"layers":[{"type":"rnnOutput","units":3,"residual":true}]}""", "2 values that go in to the 3", "as many")]
    [InlineData("""{"layers":[{"type":"rnnOutput","units":2,"residual":true,"activation":"tanh"}]}""", "'residual' does not go with loss 'mse'", "identity")]
    [InlineData("""{"layers":[{"type":"rnnOutput","units":2,"residual":true,"loss":"crossEntropy"}]}""", "'residual' does not go with loss 'crossEntropy'", "quantile and studentT")]
    [InlineData("""{"leyers":[]}""", "leyers", "layers")]
    [InlineData("""{"layers":[""", "JSON", "line 1")]
    [InlineData("[]", "array", "layers")]
    public void AWrongTopologyIsRefusedWithWhatWasFoundAndWhatIsAllowed(string json, string found, string allowed)
    {
        var message = Assert.Throws<TopologyException>(() => new Net(Topology.Parse(json), 2)).Message;
        Assert.Contains(found, message, StringComparison.Ordinal);
        Assert.Contains(allowed, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mse")]
    [InlineData("mae")]
    [InlineData("quantile")]
    [InlineData("studentT")]
    public void ADeepNetThatPredictsChangesGivesEqualBitsAloneAndInABatchOnEveryKernel(string loss)
    {
        const int Sequences = 500, Steps = 3;           // more than go through the layers together
        var topology = new Topology(
            new LayerSpec("lstm") { Units = 37 }, new LayerSpec("gru") { Units = 19 }, new LayerSpec("dense") { Units = 50, Activation = "tanh" },
            new LayerSpec("gravesLstm") { Units = 5 }, new LayerSpec("simpleRnn") { Units = 70 }, new LayerSpec("rnnOutput") { Units = 3, Loss = loss, Residual = true });
        var net = new Net(topology, 3, new Seeded(1));
        foreach (var parameter in net.Parameters)
            Draw.Normal(new Seeded(9), parameter.Count, 0.3).CopyTo(parameter.Values, 0);
        var x = Draw.Normal(new Seeded(2), Sequences * 3 * Steps);
        foreach (var kernel in StepKernels.All)
        {
            using var step = net.Prepare(kernel);
            using StateBank together = net.CreateBank(Sequences), alone = net.CreateBank(Sequences);
            var (all, each) = (new float[Sequences * net.Outputs], new float[Sequences * net.Outputs]);
            for (var t = 0; t < Steps; t++)
            {
                var row = x.AsSpan(t * Sequences * 3, Sequences * 3);
                step.Step(together, [.. Enumerable.Range(0, Sequences)], row, all);
                for (var n = 0; n < Sequences; n++)
                    step.Step(alone, [n], row.Slice(n * 3, 3), each.AsSpan(n * net.Outputs, net.Outputs));
                Assert.Equal(all, each);
            }

            Assert.All(Enumerable.Range(0, Sequences), n => Assert.True(together.Row(n).SequenceEqual(alone.Row(n))));
        }
    }

    [Fact]
    public void ANetTooLargeForAModelFileIsRefusedBeforeItTakesMemory()
    {
        var topology = new Topology([.. Enumerable.Repeat(new LayerSpec("lstm") { Units = 4096 }, 31), new LayerSpec("rnnOutput") { Units = 1 }]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var message = Assert.Throws<TopologyException>(() => new Net(topology, 1, new Seeded(1))).Message;
        Assert.Contains($"at most {Net.MostWeights}", message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void ASequencesBitsDependNeitherOnItsBatchNorOnWhereTheStreamIsCut()
    {
        const int Sequences = 400, Steps = 5;
        var seeded = new Seeded(1);
        var net = new Net(s_topology, 4, seeded);
        var x = Draw.Normal(seeded, Steps * Sequences * 4, 2);
        using var step = net.Prepare();
        using StateBank together = net.CreateBank(Sequences), alone = net.CreateBank(Sequences);
        var all = Enumerable.Range(0, Sequences).ToArray();
        var (y, one) = (new float[Sequences * 3], new float[3]);
        for (var t = 0; t < Steps; t++)
        {
            step.Step(together, all, x.AsSpan(t * Sequences * 4, Sequences * 4), y);
            foreach (var n in all)
            {
                step.Step(alone, [n], x.AsSpan(((t * Sequences) + n) * 4, 4), one);
                Assert.Equal(y[(n * 3)..((n * 3) + 3)], one);
                Assert.True(together.Row(n).SequenceEqual(alone.Row(n)));
            }
        }
    }
}
