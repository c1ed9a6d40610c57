using CsCheck;
using StreamRnn.Nets;
using StreamRnn.Nets.Kernels;

namespace StreamRnn.Tests.Nets;

public class LstmKernelTests
{
    public static TheoryData<string> Kernels => [.. LstmKernels.All.Select(kernel => kernel.Name)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void ABatchGivesEverySequenceTheBitsThatItHasAlone(string name)
    {
        var sizes = Gen.Select(Gen.Int[1, 20], Gen.Int[1, 40], Gen.OneOf(Gen.Int[0, 9], Gen.Int[90, 110], Gen.Const(193)), Gen.ULong);
        sizes.Sample(
            (inputs, units, batch, seed) =>
            {
                var seeded = new Seeded(seed);
                var layer = new LstmLayer("lstm", inputs, units, seeded);
                using var step = layer.Prepare(LstmKernels.Choose(name));
                using var together = StateBank.ForLstm(units, 2 * batch + 1);
                using var alone = StateBank.ForLstm(units, 2 * batch + 1);
                for (var row = 0; row < together.Rows; row++)
                {
                    together.Set(row, Draw.Normal(seeded, 2 * units));
                    alone.Set(row, together.Row(row));
                }

                var rows = Shuffled(seeded, together.Rows)[..batch];
                for (var t = 0; t < 2; t++)
                {
                    var x = Draw.Normal(seeded, batch * inputs, 2);
                    step.Step(together, rows, x);
                    for (var n = 0; n < batch; n++)
                        step.Step(alone, rows.AsSpan(n, 1), x.AsSpan(n * inputs, inputs));
                }

                for (var row = 0; row < together.Rows; row++) // those outside the batch too: nobody may have touched them
                    Assert.Equal(Bits(alone.Row(row)), Bits(together.Row(row)));
            },
            iter: name == "reference" ? 20 : 60);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void VeryWideRowsGoOneByOneWithTheSameBits(string name)
    {
        foreach (var inputs in new[] { 1500, 6000 })
        {
            var seeded = new Seeded(2);
            using var step = new LstmLayer("lstm", inputs, 35, seeded).Prepare(LstmKernels.Choose(name));
            using var together = StateBank.ForLstm(35, 9);
            using var alone = StateBank.ForLstm(35, 9);
            var x = Draw.Normal(seeded, 9 * inputs, 0.1);
            step.Step(together, [0, 1, 2, 3, 4, 5, 6, 7, 8], x);
            for (var row = 0; row < 9; row++)
            {
                step.Step(alone, [row], x.AsSpan(row * inputs, inputs));
                Assert.Equal(Bits(alone.Row(row)), Bits(together.Row(row)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void CuttingAStreamAnywhereAndCarryingTheStateChangesNothing(string name)
    {
        var seeded = new Seeded(5);
        var layer = new LstmLayer("lstm", 4, 19, seeded);
        var x = Draw.Normal(seeded, 30 * 4);
        using var whole = StateBank.ForLstm(19, 1);
        using (var step = layer.Prepare(LstmKernels.Choose(name)))
            for (var t = 0; t < 30; t++)
                step.Step(whole, [0], x.AsSpan(t * 4, 4));
        for (var cut = 0; cut <= 30; cut++)
        {
            var checkpoint = new float[38];
            using (var step = layer.Prepare(LstmKernels.Choose(name)))
            using (var bank = StateBank.ForLstm(19, 3))
            {
                for (var t = 0; t < cut; t++)
                    step.Step(bank, [2], x.AsSpan(t * 4, 4));
                bank.Row(2).CopyTo(checkpoint);
            }

            using var restored = StateBank.ForLstm(19, 200);
            using var again = layer.Prepare(LstmKernels.Choose(name));
            restored.Set(77, checkpoint);
            for (var t = cut; t < 30; t++)
                again.Step(restored, [77], x.AsSpan(t * 4, 4));
            Assert.Equal(Bits(whole.Row(0)), Bits(restored.Row(77)));
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void AfterFiveHundredStepsTheErrorAgainstDoubleIsAtMostFiveTenMillionths(string name)
    {
        foreach (var (inputs, units) in new[] { (8, 64), (19, 32), (3, 21) })
        {
            var seeded = new Seeded(11);
            var layer = new LstmLayer("lstm", inputs, units, seeded);
            using var step = layer.Prepare(LstmKernels.Choose(name));
            using var bank = StateBank.ForLstm(units, 1);
            var (h, c) = (new double[units], new double[units]);
            var worst = 0.0;
            for (var t = 0; t < 500; t++)
            {
                var x = Draw.Normal(seeded, inputs);
                step.Step(bank, [0], x);
                DoubleLstm.Step(layer, DoubleLstm.Widen(x), h, c);
                for (var j = 0; j < units; j++)
                    worst = Math.Max(worst, Math.Abs(h[j] - bank.Row(0)[j]));
            }

            Assert.True(worst <= 5e-7, $"{name} at ({inputs}, {units}): the largest error of h is {worst}");
        }
    }

    [Fact]
    public void VectorKernelsGiveEqualBitsAtEveryWidth()
    {
        var kernels = LstmKernels.All.Where(kernel => kernel.Name != "reference").ToList();
        foreach (var (inputs, units) in new[] { (1, 1), (8, 64), (19, 32), (3, 21) })
        {
            var seeded = new Seeded(12);
            var layer = new LstmLayer("lstm", inputs, units, seeded);
            var x = Draw.Normal(seeded, 50 * 3 * inputs, 3);
            var states = kernels.Select(kernel =>
            {
                using var step = layer.Prepare(kernel);
                using var bank = StateBank.ForLstm(units, 3);
                for (var t = 0; t < 50; t++)
                    step.Step(bank, [2, 0, 1], x.AsSpan(t * 3 * inputs, 3 * inputs));
                return Bits(bank.Row(1));
            }).ToList();
            Assert.All(states, state => Assert.Equal(states[0], state));
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void ExtremeInputsSaturateTheGatesAndStayFinite(string name)
    {
        var layer = new LstmLayer("lstm", 1, 18, new Seeded(1));
        using var step = layer.Prepare(LstmKernels.Choose(name));
        using var bank = StateBank.ForLstm(18, 2);
        foreach (var x in new[] { 1e30f, -1e30f, float.MaxValue, -float.MaxValue, 0f, 1e-40f })
        {
            step.Step(bank, [0, 1], [x, 0.5f]);
            Assert.All(bank.Row(0).ToArray(), value => Assert.True(float.IsFinite(value), $"{value} after {x}"));
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void AValueThatIsNotANumberPoisonsItsOwnSequenceOnly(string name)
    {
        var layer = new LstmLayer("lstm", 2, 20, new Seeded(1));
        using var step = layer.Prepare(LstmKernels.Choose(name));
        using var bank = StateBank.ForLstm(20, 3);
        using var clean = StateBank.ForLstm(20, 3);
        step.Step(bank, [0, 1, 2], [1, 2, float.NaN, 4, 5, 6]);
        step.Step(clean, [0, 1, 2], [1, 2, 3, 4, 5, 6]);
        Assert.Equal(Bits(clean.Row(0)), Bits(bank.Row(0)));
        Assert.Equal(Bits(clean.Row(2)), Bits(bank.Row(2)));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void ABadBatchIsRefusedBeforeAnythingIsWritten(string name)
    {
        using var step = new LstmLayer("lstm", 2, 3, new Seeded(1)).Prepare(LstmKernels.Choose(name));
        using var bank = StateBank.ForLstm(3, 4);
        using var other = StateBank.ForLstm(4, 4);
        var x = new float[] { 1, 2, 3, 4 };
        Assert.Contains("twice", Assert.Throws<ArgumentException>(() => step.Step(bank, [1, 1], x)).Message, StringComparison.Ordinal);
        Assert.Contains("4 rows", Assert.Throws<ArgumentOutOfRangeException>(() => step.Step(bank, [1, 4], x)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => step.Step(bank, [-1, 2], x));
        Assert.Contains("need 2", Assert.Throws<ArgumentException>(() => step.Step(bank, [1], x)).Message, StringComparison.Ordinal);
        Assert.Contains("needs 6", Assert.Throws<ArgumentException>(() => step.Step(other, [1, 2], x)).Message, StringComparison.Ordinal);
        for (var row = 0; row < 4; row++)
            Assert.All(bank.Row(row).ToArray(), value => Assert.Equal(0, value));
        step.Step(bank, [1, 2], x); // the marks of a refused batch are gone
        Assert.NotEqual(0, bank.Row(1)[0]);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void AStepAllocatesNothing(string name)
    {
        using var step = new LstmLayer("lstm", 8, 40, new Seeded(1)).Prepare(LstmKernels.Choose(name));
        using var bank = StateBank.ForLstm(40, 300);
        var (rows, x) = (Enumerable.Range(0, 300).ToArray(), new float[300 * 8]);
        step.Step(bank, rows, x);
        var before = GC.GetAllocatedBytesForCurrentThread();
        step.Step(bank, rows, x);
        step.Step(bank, rows.AsSpan(0, 1), x.AsSpan(0, 8));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void AnUnknownKernelIsRefusedWithTheListOfThoseThereAre()
    {
        var message = Assert.Throws<ArgumentException>(() => LstmKernels.Choose("abacus")).Message;
        Assert.All(LstmKernels.All, kernel => Assert.Contains(kernel.Name, message, StringComparison.Ordinal));
        Assert.Same(LstmKernels.All[^1], LstmKernels.Choose(""));
    }

    private static int[] Bits(ReadOnlySpan<float> values)
    {
        var bits = new int[values.Length];
        for (var n = 0; n < bits.Length; n++)
            bits[n] = BitConverter.SingleToInt32Bits(values[n]);
        return bits;
    }

    private static int[] Shuffled(Seeded seeded, int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        for (var n = count - 1; n > 0; n--)
        {
            var other = seeded.Next(n + 1);
            (order[n], order[other]) = (order[other], order[n]);
        }

        return order;
    }
}
