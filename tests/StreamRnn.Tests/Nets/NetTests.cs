using StreamRnn.Nets;
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
