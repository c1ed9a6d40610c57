using StreamRnn.Nets;
using StreamRnn.Nets.Kernels;

namespace StreamRnn.Tests.Nets;

/// <summary>Nets that have every kind of layer, found by enumeration, with every kernel of this machine.</summary>
public class NetStepTests
{
    public static TheoryData<string> Kernels => [.. StepKernels.All.Select(kernel => kernel.Name)];

    private static Topology Every { get; } = new(
    [
        .. LayerKind.All.Where(kind => kind.Type != "rnnOutput").Select((kind, n) => new LayerSpec(kind.Type) { Units = 20 + n, Rate = kind.Type == "dropout" ? 0.5 : 0 }),
        new LayerSpec("rnnOutput") { Units = 3, Loss = "mse" },
    ]);

    [Theory]
    [MemberData(nameof(Kernels))]
    public void SteppingEqualsRunningTheWholeSequenceWhereverItIsCut(string kernel)
    {
        const int Steps = 12;
        var seeded = new Seeded(3);
        var net = new Net(Every, 4, seeded);
        var x = Draw.Normal(seeded, Steps * 4);
        using var step = net.Prepare(StepKernels.Choose(kernel));
        using var bank = net.CreateBank(2);
        var (whole, parts) = (new float[Steps * 3], new float[Steps * 3]);
        step.Run(bank, 0, x, whole);
        for (var cut = 0; cut <= Steps; cut++)
        {
            bank.Clear(1);
            for (var t = 0; t < cut; t++)
                step.Step(bank, [1], x.AsSpan(t * 4, 4), parts.AsSpan(t * 3, 3));
            using var restored = net.CreateBank(9);
            restored.Set(8, bank.Row(1));
            step.Run(restored, 8, x.AsSpan(cut * 4), parts.AsSpan(cut * 3));
            Assert.Equal(whole, parts);
            Assert.True(bank.Row(0).SequenceEqual(restored.Row(8)));
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void AStepOfANetAllocatesNothing(string kernel)
    {
        var net = new Net(Every, 4, new Seeded(3));
        using var step = net.Prepare(StepKernels.Choose(kernel));
        using var bank = net.CreateBank(300);
        var (rows, x, y) = (Enumerable.Range(0, 300).Reverse().ToArray(), new float[300 * 4], new float[300 * 3]);
        Assert.Equal(0, Allocated.By(() =>
        {
            step.Step(bank, rows, x, y);
            step.Run(bank, 7, x.AsSpan(0, 40), y.AsSpan(0, 30));
        }));
    }

    [Fact]
    public void ABadBatchIsRefusedBeforeAnythingIsWritten()
    {
        var net = new Net(Every, 2, new Seeded(3));
        using var step = net.Prepare();
        using StateBank bank = net.CreateBank(4), other = new Net(new Topology(new LayerSpec("gru") { Units = 3 }), 2).CreateBank(4);
        var (x, y) = (new float[] { 1, 2, 3, 4 }, new float[6]);
        Assert.Contains("twice", Assert.Throws<ArgumentException>(() => step.Step(bank, [1, 1], x, y)).Message, StringComparison.Ordinal);
        Assert.Contains("twice", Assert.Throws<ArgumentException>(() => step.Step(bank, [3, 2, 3], [.. x, 5, 6], new float[9])).Message, StringComparison.Ordinal);
        Assert.Contains("4 rows", Assert.Throws<ArgumentOutOfRangeException>(() => step.Step(bank, [1, 4], x, y)).Message, StringComparison.Ordinal);
        Assert.Contains("4 rows", Assert.Throws<ArgumentOutOfRangeException>(() => step.Step(bank, [4, 1], x, y)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => step.Step(bank, [-1, 2], x, y));
        Assert.Throws<ArgumentOutOfRangeException>(() => step.Step(bank, [2, -1], x, y));
        Assert.Contains("another net", Assert.Throws<ArgumentException>(() => step.Step(other, [1, 2], x, y)).Message, StringComparison.Ordinal);
        Assert.Contains("x has 4", Assert.Throws<ArgumentException>(() => step.Step(bank, [1], x, y)).Message, StringComparison.Ordinal);
        Assert.Contains("y has 6", Assert.Throws<ArgumentException>(() => step.Step(bank, [1], x.AsSpan(0, 2), y)).Message, StringComparison.Ordinal);
        for (var row = 0; row < 4; row++)
            Assert.All(bank.Row(row).ToArray(), value => Assert.Equal(0, value));
        step.Step(bank, [2, 1], x, y); // the marks of a refused batch are gone
        Assert.NotEqual(0, bank.Row(1)[0]);
    }
}
