using StreamRnn.Nets;
using StreamRnn.Nets.Kernels;
using StreamRnn.Nets.Training;

namespace StreamRnn.Benchmarks.Kernels;

/// <summary>The verb <c>kernels</c>.</summary>
internal static class KernelTable
{
    public static void Measure(TextWriter report)
    {
        // The peak is measured before, between and after: other work on the machine must not make it look low, nor the shares high.
        var peaks = FmaPeak.Measure();
        List<(string Shape, int Batch, Timing[] Kernels)> steps = [];
        foreach (var (inputs, units) in new[] { (4, 32), (8, 64), (8, 128), (19, 32) })
            foreach (var batch in new[] { 1, 32, 256, 1024 })
                steps.Add(($"{inputs}, {units}", batch, [.. StepKernels.All.Select(kernel => Step(kernel, inputs, units, batch, batch))]));
        var many = Step(StepKernels.Best, 8, 64, 1024, 1_000_000);
        peaks = peaks.Or(FmaPeak.Measure());
        List<(string Layer, string Rows, Timing Forward, Timing Backward)> training = [];
        foreach (var (inputs, units) in new[] { (32, 64), (19, 32), (38, 64) })
            training.Add(Train(inputs, units));
        foreach (var (inputs, outputs) in new[] { (61, 48), (48, 13) })
            training.Add(TrainDense(inputs, outputs));
        var losses = new MixtureLoss[] { new AbsoluteLoss(), new RobustLoss(), new StudentTLoss() }.Select(loss => (loss.GetType().Name, Ns: Loss(loss))).ToList();
        peaks = peaks.Or(FmaPeak.Measure());

        var peak = peaks.Highest;
        report.WriteLine($"Peak of a core in this run, register-only FMA loop: {peaks.Of512:F0} GFLOP/s with 512 bits, {peaks.Of256:F0} with 256, {peaks.Of128:F0} with 128. "
            + "Shares are of the highest. One thread; each figure is the best of 15 rounds of 20 ms.");
        report.WriteLine();
        report.WriteLine("## One LSTM step, state outside: ns per sequence (share of peak)");
        report.WriteLine();
        report.WriteLine($"| inputs, units | batch | {string.Join(" | ", StepKernels.All.Select(kernel => kernel.Name))} |");
        report.WriteLine($"|---|---:|{string.Concat(StepKernels.All.Select(_ => "---:|"))}");
        foreach (var (shape, batch, kernels) in steps)
            report.WriteLine($"| {shape} | {batch} | {string.Join(" | ", kernels.Select(timing => timing.Cell(peak)))} |");
        report.WriteLine();
        report.WriteLine($"A million rows of (8, 64) in random order, batches of 1,024, {StepKernels.Best.Name}: {many.Cell(peak)}.");
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

    private static Timing Step(IStepKernel kernel, int inputs, int units, int batch, int sequences)
    {
        var seeded = new Seeded(1);
        using var step = new LstmLayer("lstm", inputs, units, seeded).Prepare(kernel);
        using var bank = StateBank.ForLstm(units, sequences);
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
            kernel.Name == "reference" ? 3 : 15) / batch;
        return new Timing(ns, 2.0 * (inputs + units) * 4 * units);
    }

    private static (string, string, Timing, Timing) Train(int inputs, int units)
    {
        const int Steps = 64, Batch = 128;
        var seeded = new Seeded(1);
        var layer = new LstmLayer("lstm", inputs, units, seeded);
        using var tape = new RecurrentTape(layer, Steps, Batch);
        var x = Normal(seeded, Steps * Batch * inputs);
        var dh = Normal(seeded, Steps * Batch * units);
        var (state, hs) = (new float[Batch * layer.StateWidth], new float[dh.Length]);
        var forward = Table.BestNanoseconds(() => tape.Forward(Steps, x, state, hs)) / (Steps * Batch);
        var backward = Table.BestNanoseconds(() => tape.Backward(dh)) / (Steps * Batch);
        var product = 2.0 * (inputs + units) * 4 * units; // forward; backward the same for the weights, and the recurrent part once more for h
        return ($"LSTM {inputs} → {units}", $"{Steps} steps of {Batch}", new Timing(forward, product), new Timing(backward, product + 2.0 * units * 4 * units));
    }

    private static (string, string, Timing, Timing) TrainDense(int inputs, int outputs)
    {
        const int Rows = 8192;
        var seeded = new Seeded(1);
        var layer = new DenseLayer("dense", inputs, outputs, Activation.Relu, seeded);
        using var tape = new DenseTape(layer, Rows);
        var (x, dy) = (Normal(seeded, Rows * inputs), Normal(seeded, Rows * outputs));
        var (y, dx) = (new float[dy.Length], new float[x.Length]);
        var forward = Table.BestNanoseconds(() => tape.Forward(x, y)) / Rows;
        var backward = Table.BestNanoseconds(() => tape.Backward(dy, dx)) / Rows;
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
        return Table.BestNanoseconds(() => head.Loss(loss, raw, locations, ones, ones.AsSpan(0, Rows), targets, ones.AsSpan(0, Rows), gradients)) / Rows;
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
        public Timing And(Timing other) => new(Ns + other.Ns, Operations + other.Operations);

        public string Cell(double peak) => $"{Ns:N0} ({100 * Operations / Ns / peak:F0} %)";
    }
}
