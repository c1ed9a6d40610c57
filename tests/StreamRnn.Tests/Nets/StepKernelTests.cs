using CsCheck;
using StreamRnn.Nets;
using StreamRnn.Nets.Kernels;

namespace StreamRnn.Tests.Nets;

/// <summary>Every cell with every kernel of this machine; both are found by enumeration.</summary>
public class StepKernelTests
{
    public static TheoryData<string, string> All => Cells.WithKernels;

    [Theory]
    [MemberData(nameof(All))]
    public void ABatchGivesEverySequenceTheBitsThatItHasAlone(string cell, string kernel)
    {
        var sizes = Gen.Select(Gen.Int[1, 20], Gen.OneOf(Gen.Int[1, 40], Gen.Int[60, 140]), Gen.OneOf(Gen.Int[0, 9], Gen.Int[90, 110], Gen.Const(193)), Gen.ULong);
        sizes.Sample(
            (inputs, units, batch, seed) =>
            {
                var seeded = new Seeded(seed);
                var layer = Cells.Create(cell, inputs, units, seeded);
                using var step = layer.Prepare(StepKernels.Choose(kernel));
                using var together = layer.CreateBank(2 * batch + 1);
                using var alone = layer.CreateBank(2 * batch + 1);
                for (var row = 0; row < together.Rows; row++)
                {
                    together.Set(row, Draw.Normal(seeded, layer.StateWidth));
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
            iter: kernel is "reference" or "scalar" ? 6 : 30);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void VeryWideRowsGoOneByOneWithTheSameBits(string cell, string kernel)
    {
        foreach (var inputs in new[] { 1500, 6000 })
        {
            var seeded = new Seeded(2);
            var layer = Cells.Create(cell, inputs, 35, seeded);
            using var step = layer.Prepare(StepKernels.Choose(kernel));
            using var together = layer.CreateBank(9);
            using var alone = layer.CreateBank(9);
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
    [MemberData(nameof(All))]
    public void CuttingAStreamAnywhereAndCarryingTheStateChangesNothing(string cell, string kernel)
    {
        var seeded = new Seeded(5);
        var layer = Cells.Create(cell, 4, 19, seeded);
        var x = Draw.Normal(seeded, 30 * 4);
        using var whole = layer.CreateBank(1);
        using (var step = layer.Prepare(StepKernels.Choose(kernel)))
            for (var t = 0; t < 30; t++)
                step.Step(whole, [0], x.AsSpan(t * 4, 4));
        for (var cut = 0; cut <= 30; cut++)
        {
            var checkpoint = new float[layer.StateWidth];
            using (var step = layer.Prepare(StepKernels.Choose(kernel)))
            using (var bank = layer.CreateBank(3))
            {
                for (var t = 0; t < cut; t++)
                    step.Step(bank, [2], x.AsSpan(t * 4, 4));
                bank.Row(2).CopyTo(checkpoint);
            }

            using var restored = layer.CreateBank(200);
            using var again = layer.Prepare(StepKernels.Choose(kernel));
            restored.Set(77, checkpoint);
            for (var t = cut; t < 30; t++)
                again.Step(restored, [77], x.AsSpan(t * 4, 4));
            Assert.Equal(Bits(whole.Row(0)), Bits(restored.Row(77)));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void AStepIsWithinEightUlpsOfTheReference(string cell, string kernel)
    {
        foreach (var (inputs, units) in new[] { (1, 1), (8, 64), (5, 33), (2, 130) })
        {
            var seeded = new Seeded(13);
            var layer = Cells.Create(cell, inputs, units, seeded);
            using var step = layer.Prepare(StepKernels.Choose(kernel));
            using var reference = layer.Prepare(StepKernels.Choose("reference"));
            using StateBank found = layer.CreateBank(50), expected = layer.CreateBank(50);
            var rows = Enumerable.Range(0, 50).ToArray();
            foreach (var row in rows)
            {
                expected.Set(row, Draw.Normal(seeded, layer.StateWidth, 0.6));
                found.Set(row, expected.Row(row));
            }

            var x = Draw.Normal(seeded, 50 * inputs);
            step.Step(found, rows, x);
            reference.Step(expected, rows, x);
            foreach (var row in rows)
                for (var n = 0; n < layer.StateWidth; n++)
                {
                    var (a, b) = (expected.Row(row)[n], found.Row(row)[n]);
                    var ulp = MathF.BitIncrement(Math.Max(1, Math.Abs(a))) - Math.Max(1, Math.Abs(a)); // of 1 where the value is smaller: states live on that scale
                    Assert.True(Math.Abs((double)a - b) <= 8 * ulp, $"{cell}, {kernel} at ({inputs}, {units}), state {n} of row {row}: reference {a:R}, found {b:R}");
                }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void AfterFiveHundredStepsTheErrorAgainstDoubleIsAtMostFiveTenMillionths(string cell, string kernel)
    {
        foreach (var (inputs, units) in new[] { (8, 64), (19, 32), (3, 21) })
        {
            var seeded = new Seeded(11);
            var layer = Cells.Create(cell, inputs, units, seeded);
            using var step = layer.Prepare(StepKernels.Choose(kernel));
            using var bank = layer.CreateBank(1);
            var (h, c) = (new double[units], new double[layer.StateWidth - units]);
            var worst = 0.0;
            for (var t = 0; t < 500; t++)
            {
                var x = Draw.Normal(seeded, inputs);
                step.Step(bank, [0], x);
                DoubleCell.Step(layer, DoubleCell.Widen(x), h, c);
                for (var j = 0; j < units; j++)
                    worst = Math.Max(worst, Math.Abs(h[j] - bank.Row(0)[j]));
            }

            Assert.True(worst <= 5e-7, $"{cell}, {kernel} at ({inputs}, {units}): the largest error of h is {worst}");
        }
    }

    [Theory]
    [MemberData(nameof(Cells.Data), MemberType = typeof(Cells))]
    public void KernelsGiveEqualBitsAtEveryWidth(string cell)
    {
        var kernels = StepKernels.All.Where(kernel => kernel.Name != "reference").ToList();
        foreach (var (inputs, units) in new[] { (1, 1), (8, 64), (19, 32), (3, 21), (2, 70) })
        {
            var seeded = new Seeded(12);
            var layer = Cells.Create(cell, inputs, units, seeded);
            var x = Draw.Normal(seeded, 50 * 3 * inputs, 3);
            var states = kernels.Select(kernel =>
            {
                using var step = layer.Prepare(kernel);
                using var bank = layer.CreateBank(3);
                for (var t = 0; t < 50; t++)
                    step.Step(bank, [2, 0, 1], x.AsSpan(t * 3 * inputs, 3 * inputs));
                return Bits(bank.Row(1));
            }).ToList();
            Assert.All(states, state => Assert.Equal(states[0], state));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void ExtremeInputsSaturateTheGatesAndStayFinite(string cell, string kernel)
    {
        var layer = Cells.Create(cell, 1, 18, new Seeded(1));
        using var step = layer.Prepare(StepKernels.Choose(kernel));
        using var bank = layer.CreateBank(2);
        foreach (var x in new[] { 1e30f, -1e30f, float.MaxValue, -float.MaxValue, 0f, 1e-40f })
        {
            step.Step(bank, [0, 1], [x, 0.5f]);
            Assert.All(bank.Row(0).ToArray(), value => Assert.True(float.IsFinite(value), $"{value} after {x}"));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void AValueThatIsNotANumberPoisonsItsOwnSequenceOnly(string cell, string kernel)
    {
        var layer = Cells.Create(cell, 2, 20, new Seeded(1));
        using var step = layer.Prepare(StepKernels.Choose(kernel));
        using var bank = layer.CreateBank(3);
        using var clean = layer.CreateBank(3);
        step.Step(bank, [0, 1, 2], [1, 2, float.NaN, 4, 5, 6]);
        step.Step(clean, [0, 1, 2], [1, 2, 3, 4, 5, 6]);
        Assert.Equal(Bits(clean.Row(0)), Bits(bank.Row(0)));
        Assert.Equal(Bits(clean.Row(2)), Bits(bank.Row(2)));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void ABadBatchIsRefusedBeforeAnythingIsWritten(string cell, string kernel)
    {
        var layer = Cells.Create(cell, 2, 3, new Seeded(1));
        using var step = layer.Prepare(StepKernels.Choose(kernel));
        using var bank = layer.CreateBank(4);
        using var other = new StateBank(layer.StateWidth + 1, 4);
        var x = new float[] { 1, 2, 3, 4 };
        Assert.Contains("twice", Assert.Throws<ArgumentException>(() => step.Step(bank, [1, 1], x)).Message, StringComparison.Ordinal);
        Assert.Contains("4 rows", Assert.Throws<ArgumentOutOfRangeException>(() => step.Step(bank, [1, 4], x)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => step.Step(bank, [-1, 2], x));
        Assert.Contains("need 2", Assert.Throws<ArgumentException>(() => step.Step(bank, [1], x)).Message, StringComparison.Ordinal);
        Assert.Contains($"needs {layer.StateWidth}", Assert.Throws<ArgumentException>(() => step.Step(other, [1, 2], x)).Message, StringComparison.Ordinal);
        for (var row = 0; row < 4; row++)
            Assert.All(bank.Row(row).ToArray(), value => Assert.Equal(0, value));
        step.Step(bank, [1, 2], x); // the marks of a refused batch are gone
        Assert.NotEqual(0, bank.Row(1)[0]);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void LaterChangesOfTheWeightsDoNotReachAStep(string cell, string kernel)
    {
        var layer = Cells.Create(cell, 2, 20, new Seeded(1));
        using var step = layer.Prepare(StepKernels.Choose(kernel));
        using StateBank before = layer.CreateBank(1), after = layer.CreateBank(1);
        step.Step(before, [0], [1, 2]);
        foreach (var parameter in layer.Parameters)
            parameter.Values.AsSpan().Fill(3);
        step.Step(after, [0], [1, 2]);
        Assert.Equal(Bits(before.Row(0)), Bits(after.Row(0)));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void AStepAllocatesNothing(string cell, string kernel)
    {
        var layer = Cells.Create(cell, 8, 40, new Seeded(1));
        using var step = layer.Prepare(StepKernels.Choose(kernel));
        using var bank = layer.CreateBank(300);
        var (rows, x) = (Enumerable.Range(0, 300).ToArray(), new float[300 * 8]);
        Assert.Equal(0, Allocated.By(() =>
        {
            step.Step(bank, rows, x);
            step.Step(bank, rows.AsSpan(0, 1), x.AsSpan(0, 8));
        }));
    }

    [Fact]
    public void AGravesLstmBeginsAsTheLstmOfTheSameSeed()
    {
        using var graves = new GravesLstmLayer("layer", 3, 20, new Seeded(4)).Prepare();
        using var lstm = new LstmLayer("layer", 3, 20, new Seeded(4)).Prepare();
        using StateBank found = StateBank.ForLstm(20, 1), expected = StateBank.ForLstm(20, 1);
        for (var t = 0; t < 10; t++)
        {
            graves.Step(found, [0], [t, 1, -t]);
            lstm.Step(expected, [0], [t, 1, -t]);
            Assert.Equal(Bits(expected.Row(0)), Bits(found.Row(0)));
        }
    }

    [Fact]
    public void AnUnknownKernelIsRefusedWithTheListOfThoseThereAre()
    {
        var message = Assert.Throws<ArgumentException>(() => StepKernels.Choose("abacus")).Message;
        Assert.All(StepKernels.All, kernel => Assert.Contains(kernel.Name, message, StringComparison.Ordinal));
        Assert.Same(StepKernels.All[^1], StepKernels.Choose(""));
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
