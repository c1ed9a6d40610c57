using System.Text.Json;
using StreamRnn.Nets;
using StreamRnn.Nets.Kernels;
using StreamRnn.Nets.Training;

namespace StreamRnn.Tests.Nets;

/// <summary>Against PyTorch: Golden/make_golden.py made the numbers.</summary>
public class LstmGoldenTests
{
    private static readonly JsonElement Golden = Load();
    private static readonly int Inputs = Size("inputs"), Units = Size("units"), Batch = Size("batch"), Steps = Size("steps"), Cut = Size("cut");

    public static TheoryData<string> Kernels => [.. LstmKernels.All.Select(kernel => kernel.Name)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void SteppingAgreesWithPyTorch(string kernel)
    {
        using var step = Layer().Prepare(LstmKernels.Choose(kernel));
        using var bank = StateBank.ForLstm(Units, Batch);
        for (var b = 0; b < Batch; b++)
        {
            Numbers("h0").AsSpan(b * Units, Units).CopyTo(bank.Row(b));
            Numbers("c0").AsSpan(b * Units, Units).CopyTo(bank.Row(b)[Units..]);
        }

        var (x, hs) = (Numbers("x"), Numbers("hs"));
        for (var t = 0; t < Steps; t++)
        {
            step.Step(bank, [0, 1], x.AsSpan(t * Batch * Inputs, Batch * Inputs));
            for (var b = 0; b < Batch; b++)
                Near(hs.AsSpan((t * Batch + b) * Units, Units), bank.Row(b)[..Units], 3e-7, $"h of sequence {b} after step {t}");
        }

        Near(Numbers("c").AsSpan(Units), bank.Row(1)[Units..], 1e-6, "c at the end");
    }

    [Fact]
    public void ChunksWithCarriedStateAndTheirGradientsAgreeWithPyTorch()
    {
        var layer = Layer();
        using var tape = new LstmTape(layer, Cut, Batch);
        var (x, dh, h, c) = (Numbers("x"), Numbers("dh"), Numbers("h0"), Numbers("c0"));
        var (hs, dx) = (new float[dh.Length], new float[x.Length]);
        foreach (var (start, steps) in new[] { (0, Cut), (Cut, Steps - Cut) })
        {
            var (hFrom, hCount) = (start * Batch * Units, steps * Batch * Units);
            var (xFrom, xCount) = (start * Batch * Inputs, steps * Batch * Inputs);
            tape.Forward(steps, x.AsSpan(xFrom, xCount), h, c, hs.AsSpan(hFrom, hCount));
            tape.Backward(dh.AsSpan(hFrom, hCount), dx.AsSpan(xFrom, xCount));
        }

        Near(Numbers("hs"), hs, 3e-7, "h");
        Near(Numbers("h"), h, 3e-7, "last h");
        Near(Numbers("c"), c, 1e-6, "last c");
        Near(Numbers("dw"), layer.W.Gradients, 2e-5, "dW");
        Near(Numbers("du"), layer.U.Gradients, 2e-5, "dU");
        Near(Numbers("db"), layer.B.Gradients, 2e-5, "db");
        Near(Numbers("dx"), dx, 2e-6, "dx");
    }

    private static LstmLayer Layer()
    {
        var layer = new LstmLayer("lstm", Inputs, Units);
        Numbers("w").CopyTo(layer.W.Values, 0);
        Numbers("u").CopyTo(layer.U.Values, 0);
        Numbers("b").CopyTo(layer.B.Values, 0);
        return layer;
    }

    private static void Near(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, double tolerance, string what)
    {
        Assert.Equal(expected.Length, found.Length);
        for (var n = 0; n < expected.Length; n++)
            Assert.True(Math.Abs((double)expected[n] - found[n]) <= tolerance, $"{what}, index {n}: PyTorch {expected[n]:R}, found {found[n]:R}");
    }

    private static float[] Numbers(string name) => [.. Golden.GetProperty(name).EnumerateArray().Select(number => (float)number.GetDouble())];

    private static int Size(string name) => Golden.GetProperty(name).GetInt32();

    private static JsonElement Load()
    {
        using var stream = typeof(LstmGoldenTests).Assembly.GetManifestResourceStream("Golden.lstm.json")
            ?? throw new InvalidOperationException("Golden/lstm.json is not embedded in the test assembly");
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }
}
