using StreamRnn.Nets;
using StreamRnn.Nets.Kernels;
using StreamRnn.Nets.Training;

namespace StreamRnn.Benchmarks.Kernels;

/// <summary>The verb <c>kernels</c>.</summary>
internal static class KernelTable
{
    private const int Rounds = 300;
    private const int Passes = 100; // over a chunk, which takes some milliseconds

    public static void Measure(TextWriter report)
    {
        // The peak is measured before, between and after: other work on the machine must not make it look low, nor the shares high.
        var peaks = FmaPeak.Measure();
        List<(int Inputs, int Units, int Batch, Timing[] Kernels)> steps = [];
        foreach (var (inputs, units) in new[] { (4, 32), (8, 64), (8, 128), (19, 32) })
            foreach (var batch in new[] { 1, 32, 256, 1024 })
                steps.Add((inputs, units, batch, [.. StepKernels.All.Select(kernel => Step("lstm", kernel, inputs, units, batch, batch))]));
        var many = Step("lstm", StepKernels.Best, 8, 64, 1024, 1_000_000);
        peaks = peaks.Or(FmaPeak.Measure());
        var cells = LayerKind.All.Select(kind => kind.Type).Where(IsRecurrent).ToList();
        List<(string Shape, int Batch, Timing[] Cells)> others = [];
        foreach (var (inputs, units) in new[] { (4, 32), (8, 64), (8, 128) })
            foreach (var batch in new[] { 1, 256 })
                others.Add(($"{inputs}, {units}", batch, [.. cells.Select(cell => Step(cell, StepKernels.Best, inputs, units, batch, batch))]));
        peaks = peaks.Or(FmaPeak.Measure());
        for (var n = 0; n < steps.Count; n++) // once more, a minute later: a neighbour on the machine keeps a core busy for seconds
        {
            var (inputs, units, batch, kernels) = steps[n];
            kernels[^1] = kernels[^1].Or(Step("lstm", StepKernels.All[^1], inputs, units, batch, batch));
        }

        List<(string Layer, string Rows, Timing Forward, Timing Backward)> training = [];
        foreach (var (inputs, units) in new[] { (32, 64), (19, 32), (38, 64) })
            training.Add(Train("lstm", inputs, units));
        foreach (var cell in cells.Where(cell => cell != "lstm"))
            training.Add(Train(cell, 32, 64));
        foreach (var (inputs, outputs) in new[] { (61, 48), (48, 13) })
            training.Add(TrainDense(inputs, outputs));
        var losses = new MixtureLoss[] { new AbsoluteLoss(), new RobustLoss(), new StudentTLoss() }.Select(loss => (loss.GetType().Name, Ns: Loss(loss))).ToList();
        peaks = peaks.Or(FmaPeak.Measure());

        var peak = peaks.Highest;
        report.WriteLine($"Peak of a core in this run, register-only FMA loop: {peaks.Of512:F0} GFLOP/s with 512 bits, {peaks.Of256:F0} with 256, {peaks.Of128:F0} with 128. "
            + "Shares are of the highest. One thread; each figure is the best of some hundred rounds of about a millisecond.");
        report.WriteLine();
        report.WriteLine("## One LSTM step, state outside: ns per sequence (share of peak)");
        report.WriteLine();
        report.WriteLine($"| inputs, units | batch | {string.Join(" | ", StepKernels.All.Select(kernel => kernel.Name))} |");
        report.WriteLine($"|---|---:|{string.Concat(StepKernels.All.Select(_ => "---:|"))}");
        foreach (var (inputs, units, batch, kernels) in steps)
            report.WriteLine($"| {inputs}, {units} | {batch} | {string.Join(" | ", kernels.Select(timing => timing.Cell(peak)))} |");
        report.WriteLine();
        report.WriteLine($"A million rows of (8, 64) in random order, batches of 1,024, {StepKernels.Best.Name}: {many.Cell(peak)}.");
        report.WriteLine();
        report.WriteLine($"## One step of every cell, {StepKernels.Best.Name}: ns per sequence (share of peak, of the products that the cell's equations name)");
        report.WriteLine();
        report.WriteLine($"| inputs, units | batch | {string.Join(" | ", cells)} |");
        report.WriteLine($"|---|---:|{string.Concat(cells.Select(_ => "---:|"))}");
        foreach (var (shape, batch, timings) in others)
            report.WriteLine($"| {shape} | {batch} | {string.Join(" | ", timings.Select(timing => timing.Cell(peak)))} |");
        report.WriteLine();
        report.WriteLine("## Training, a chunk forward and back: ns per row, which is one step of one sequence (share of peak)");
        report.WriteLine();
        report.WriteLine("| layer | rows | forward | backward | both |");
        report.WriteLine("|---|---|---:|---:|---:|");
        foreach (var (layer, rows, forward, backward) in training)
            report.WriteLine($"| {layer} | {rows} | {forward.Cell(peak)} | {backward.Cell(peak)} | {forward.And(backward).Cell(peak)} |");
        foreach (var (name, ns) in losses)
            report.WriteLine($"| {name} of 4 experts, with gradient | 1024 | | | {ns:N0} |");
    }

    private static bool IsRecurrent(string type) => LayerKind.Of(type).Build(new LayerSpec(type) { Units = 1 }, type, 1, null) is RecurrentLayer;

    private static RecurrentLayer Layer(string cell, int inputs, int units, Seeded seeded) =>
        (RecurrentLayer)LayerKind.Of(cell).Build(new LayerSpec(cell) { Units = units }, cell, inputs, seeded);

    private static double Products(RecurrentLayer layer) => 2.0 * (layer.W.Values.Length + layer.U.Values.Length);

    private static Timing Step(string cell, IStepKernel kernel, int inputs, int units, int batch, int sequences)
    {
        var seeded = new Seeded(1);
        var layer = Layer(cell, inputs, units, seeded);
        using var step = layer.Prepare(kernel);
        using var bank = layer.CreateBank(sequences);
        var order = Enumerable.Range(0, sequences).ToArray();
        if (sequences > batch)
            for (var n = sequences - 1; n > 0; n--)
            {
                var other = seeded.Next(n + 1);
                (order[n], order[other]) = (order[other], order[n]);
            }

        var x = Normal(seeded, batch * inputs);
        var first = 0;
        var ns = Table.BestNanoseconds(
            () =>
            {
                step.Step(bank, order.AsSpan(first, batch), x);
                first = first + 2 * batch <= sequences ? first + batch : 0;
            },
            kernel.Name is "reference" or "scalar" ? 20 : Rounds, milliseconds: 1) / batch;
        return new Timing(ns, Products(layer));
    }

    private static (string, string, Timing, Timing) Train(string cell, int inputs, int units)
    {
        const int Steps = 64, Batch = 128;
        var seeded = new Seeded(1);
        var layer = Layer(cell, inputs, units, seeded);
        using var tape = new RecurrentTape(layer, Steps, Batch);
        var x = Normal(seeded, Steps * Batch * inputs);
        var dh = Normal(seeded, Steps * Batch * units);
        var (state, hs) = (new float[Batch * layer.StateWidth], new float[dh.Length]);
        var forward = Table.BestNanoseconds(() => tape.Forward(Steps, x, state, hs), Passes, milliseconds: 1) / (Steps * Batch);
        var backward = Table.BestNanoseconds(() => tape.Backward(dh), Passes, milliseconds: 1) / (Steps * Batch);
        var product = Products(layer); // forward; backward the same for the weights, and the recurrent part once more for h
        return ($"{cell} {inputs} → {units}", $"{Steps} steps of {Batch}", new Timing(forward, product), new Timing(backward, product + 2.0 * layer.U.Values.Length));
    }

    private static (string, string, Timing, Timing) TrainDense(int inputs, int outputs)
    {
        const int Rows = 8192;
        var seeded = new Seeded(1);
        var layer = new DenseLayer("dense", inputs, outputs, Activation.Relu, seeded);
        using var tape = new DenseTape(layer, Rows);
        var (x, dy) = (Normal(seeded, Rows * inputs), Normal(seeded, Rows * outputs));
        var (y, dx) = (new float[dy.Length], new float[x.Length]);
        var forward = Table.BestNanoseconds(() => tape.Forward(x, y), Passes, milliseconds: 1) / Rows;
        var backward = Table.BestNanoseconds(() => tape.Backward(dy, dx), Passes, milliseconds: 1) / Rows;
        return ($"dense {inputs} → {outputs}", $"{Rows}", new Timing(forward, 2.0 * inputs * outputs), new Timing(backward, 4.0 * inputs * outputs));
    }

    private static double Loss(MixtureLoss loss)
    {
        const int Rows = 1024, Experts = 4;
        var seeded = new Seeded(1);
        var head = new MixtureHead(Experts);
        var (raw, gradients) = (Normal(seeded, Rows * head.RawWidth), new float[Rows * head.RawWidth]);
        var (locations, targets) = (Normal(seeded, Rows * Experts), Normal(seeded, Rows));
        var ones = Enumerable.Repeat(1f, Rows * Experts).ToArray();
        return Table.BestNanoseconds(() => head.Loss(loss, raw, locations, ones, ones.AsSpan(0, Rows), targets, ones.AsSpan(0, Rows), gradients), Rounds, milliseconds: 1) / Rows;
    }

    private static float[] Normal(Seeded seeded, int count)
    {
        var values = new float[count];
        foreach (ref var value in values.AsSpan())
            value = (float)seeded.NextNormal();
        return values;
    }

    /// <param name="Ns">Per row.</param>
    /// <param name="Operations">Floating-point operations of a row's matrix products; what else is done counts for nothing.</param>
    private readonly record struct Timing(double Ns, double Operations)
    {
        public Timing Or(Timing other) => new(Math.Min(Ns, other.Ns), Operations);

        public Timing And(Timing other) => new(Ns + other.Ns, Operations + other.Operations);

        public string Cell(double peak) => $"{Ns:N0} ({100 * Operations / Ns / peak:F0} %)";
    }
}
