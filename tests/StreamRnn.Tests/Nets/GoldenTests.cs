using System.Text.Json;
using StreamRnn.Nets;
using StreamRnn.Nets.Kernels;
using StreamRnn.Nets.Training;

namespace StreamRnn.Tests.Nets;

/// <summary>Against PyTorch, for the cells that it has: Golden/make_golden.py made the numbers.</summary>
public class GoldenTests
{
    private static readonly string[] s_cells = ["lstm", "gru"];

    public static TheoryData<string> OfPyTorch => [.. s_cells];

    public static TheoryData<string, string> OfPyTorchWithKernels
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var cell in s_cells)
                foreach (var kernel in StepKernels.All)
                    data.Add(cell, kernel.Name);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(OfPyTorchWithKernels))]
    public void SteppingAgreesWithPyTorch(string cell, string kernel)
    {
        var golden = new Numbers(cell);
        var layer = golden.Layer;
        var (inputs, units, batch) = (layer.Inputs, layer.Units, golden.Batch);
        using var step = layer.Prepare(StepKernels.Choose(kernel));
        using var bank = layer.CreateBank(batch);
        var first = golden.States("h0", "c0");
        for (var b = 0; b < batch; b++)
            bank.Set(b, first.AsSpan(b * layer.StateWidth, layer.StateWidth));
        var (x, hs) = (golden["x"], golden["hs"]);
        for (var t = 0; t < golden.Steps; t++)
        {
            step.Step(bank, [0, 1], x.AsSpan(t * batch * inputs, batch * inputs));
            for (var b = 0; b < batch; b++)
                Near(hs.AsSpan((t * batch + b) * units, units), bank.Row(b)[..units], 3e-7, $"h of sequence {b} after step {t}");
        }

        Near(golden.States("h", "c").AsSpan(layer.StateWidth), bank.Row(1), 1e-6, "the state at the end");
    }

    [Theory]
    [MemberData(nameof(OfPyTorch))]
    public void ChunksWithCarriedStateAndTheirGradientsAgreeWithPyTorch(string cell)
    {
        var golden = new Numbers(cell);
        var layer = golden.Layer;
        var (inputs, units, batch) = (layer.Inputs, layer.Units, golden.Batch);
        using var tape = new RecurrentTape(layer, golden.Cut, batch);
        var (x, dh, state) = (golden["x"], golden["dh"], golden.States("h0", "c0"));
        var (hs, dx) = (new float[dh.Length], new float[x.Length]);
        foreach (var (start, steps) in new[] { (0, golden.Cut), (golden.Cut, golden.Steps - golden.Cut) })
        {
            var (hFrom, hCount) = (start * batch * units, steps * batch * units);
            var (xFrom, xCount) = (start * batch * inputs, steps * batch * inputs);
            tape.Forward(steps, x.AsSpan(xFrom, xCount), state, hs.AsSpan(hFrom, hCount));
            tape.Backward(dh.AsSpan(hFrom, hCount), dx.AsSpan(xFrom, xCount));
        }

        Near(golden["hs"], hs, 3e-7, "h");
        Near(golden.States("h", "c"), state, 1e-6, "the last states");
        Near(golden["dw"], layer.W.Gradients, 2e-5, "dW");
        Near(golden["du"], layer.U.Gradients, 2e-5, "dU");
        Near(golden["db"], layer.B.Gradients, 2e-5, "db");
        Near(golden["dx"], dx, 2e-6, "dx");
    }

    private static void Near(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, double tolerance, string what)
    {
        Assert.Equal(expected.Length, found.Length);
        for (var n = 0; n < expected.Length; n++)
            Assert.True(Math.Abs((double)expected[n] - found[n]) <= tolerance, $"{what}, index {n}: PyTorch {expected[n]:R}, found {found[n]:R}");
    }

    private sealed class Numbers
    {
        private readonly JsonElement _golden;

        public Numbers(string cell)
        {
            using var stream = typeof(GoldenTests).Assembly.GetManifestResourceStream($"Golden.{cell}.json")
                ?? throw new InvalidOperationException($"Golden/{cell}.json is not embedded in the test assembly");
            using var document = JsonDocument.Parse(stream);
            _golden = document.RootElement.Clone();
            (Batch, Steps, Cut) = (Size("batch"), Size("steps"), Size("cut"));
            Layer = (RecurrentLayer)LayerKind.Of(cell).Build(new LayerSpec(cell) { Units = Size("units") }, cell, Size("inputs"), null);
            this["w"].CopyTo(Layer.W.Values, 0);
            this["u"].CopyTo(Layer.U.Values, 0);
            this["b"].CopyTo(Layer.B.Values, 0);
        }

        public RecurrentLayer Layer { get; }

        public int Batch { get; }

        public int Steps { get; }

        public int Cut { get; }

        public float[] this[string name] => [.. _golden.GetProperty(name).EnumerateArray().Select(number => (float)number.GetDouble())];

        /// <summary>(B, [h | c]); h alone where the cell has no c.</summary>
        public float[] States(string h, string c)
        {
            float[][] parts = Layer.StateWidth > Layer.Units ? [this[h], this[c]] : [this[h]];
            return [.. Enumerable.Range(0, Batch).SelectMany(b => parts.SelectMany(part => part[(b * Layer.Units)..((b + 1) * Layer.Units)]))];
        }

        private int Size(string name) => _golden.GetProperty(name).GetInt32();
    }
}
