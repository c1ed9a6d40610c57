using System.Diagnostics;
using StreamRnn.Benchmarks.Kernels;
using StreamRnn.Nets;
using StreamRnn.Nets.Training;

namespace StreamRnn.Benchmarks.Peers;

/// <summary>The verb <c>peers</c>: the same nets, the same weights, the same machine, one thread each, in turns.</summary>
internal static class PeerTable
{
    private static readonly (int Inputs, int Units, int Layers)[] s_shapes = [(4, 32, 1), (8, 64, 1), (8, 128, 1), (8, 128, 2)];
    private static readonly int[] s_batches = [1, 256, 1024];
    private static readonly (int Inputs, int Units, int Steps, int Batch) s_training = (32, 64, 64, 128);

    /// <param name="plot">Where a picture goes; null for none.</param>
    public static void Measure(TextWriter report, string? plot)
    {
        List<PeerTiming> timings = [];
        foreach (var shape in s_shapes)
            foreach (var batch in s_batches)
                timings.Add(Step(shape, batch));
        var peaks = FmaPeak.Measure();
        var before = Train();
        var torch = TorchPeer.Measure(s_shapes, s_batches, s_training);
        var ours = Math.Min(before, Train());
        peaks = peaks.Or(FmaPeak.Measure());
        if (torch is not null)
            timings = [.. timings.Select((timing, n) => timing with { Torch = torch.Steps[n / s_batches.Length][n % s_batches.Length] })];

        var peak = peaks.Highest; // around the training; steps have each their own
        report.WriteLine($"ONNX Runtime {OnnxRuntimePeer.Version}; {(torch is null ? "PyTorch: not installed" : $"PyTorch {torch.Version} with {torch.Blas}")}. "
            + $"Peak of a core in this run, register-only FMA loop: {timings.Min(timing => timing.Peak):F0} to {Math.Max(peak, timings.Max(timing => timing.Peak)):F0} GFLOP/s. One thread each.");
        report.WriteLine();
        report.WriteLine("## One LSTM step, state outside: ns per sequence");
        report.WriteLine();
        report.WriteLine("All step the same net with the same weights and inputs and carry its state; outputs of StreamRnn and ONNX Runtime were compared before (1e-5). ONNX Runtime runs with bound inputs and outputs, "
            + "in turns with StreamRnn, the best of many rounds of 1 ms; PyTorch in a process of its own, the best likewise. "
            + "Shares are of the peak that was measured in the same turns, for the clock is not always the same; they count the matrix products alone: the gates' exponentials and divisions, a fixed amount for each unit, are why the share falls with fewer units.");
        report.WriteLine();
        report.WriteLine("| inputs, units | batch | StreamRnn (share of peak) | ONNX Runtime (share of peak) | × | PyTorch | × |");
        report.WriteLine("|---|---:|---:|---:|---:|---:|---:|");
        foreach (var timing in timings)
            report.WriteLine($"| {timing.Shape} | {timing.Batch} | {timing.Ours:N0} ({100 * timing.Operations / timing.Ours / timing.Peak:F0} %) | {timing.OnnxRuntime:N0} ({100 * timing.Operations / timing.OnnxRuntime / timing.Peak:F0} %) | {timing.OnnxRuntime / timing.Ours:F1} "
                + $"| {(timing.Torch is { } ns ? $"{ns:N0} | {ns / timing.Ours:F1}" : " | ")} |");
        report.WriteLine();
        Goal(report, "2 × ONNX Runtime at batch 256", 2, timings.Where(timing => timing.Batch == 256));
        Goal(report, "8 × ONNX Runtime at batch 1 up to 64 units", 8, timings.Where(timing => timing is { Batch: 1, Units: <= 64, Layers: 1 }));
        report.WriteLine();
        report.WriteLine("## Training: ns per row, which is one step of one sequence");
        report.WriteLine();
        var (inputs, units, steps, lanes) = s_training;
        report.WriteLine($"LSTM {inputs} → {units}, dense {units} → {inputs}, mean squared error, chunks of {steps} steps of {lanes} sequences with carried state: forward, loss, back, clipped gradients, Adam. "
            + "Processor time of one thread over 3 s.");
        report.WriteLine();
        report.WriteLine("| | ns per row (share of peak) | × |");
        report.WriteLine("|---|---:|---:|");
        // The LSTM's sums forward, their weights' gradients, and what goes back to h; the dense layer's three products.
        var operations = (2 * 2.0 * (inputs + units) * 4 * units) + (2.0 * units * 4 * units) + (3 * 2.0 * units * inputs);
        report.WriteLine($"| StreamRnn | {ours:N0} ({100 * operations / ours / peak:F0} %) | |");
        report.WriteLine(torch is null ? "| PyTorch | not installed | |" : $"| PyTorch {torch.Version} | {torch.Train:N0} ({100 * operations / torch.Train / peak:F0} %) | {torch.Train / ours:F1} |");
        if (plot is not null)
        {
            PeerPlot.Save(timings, plot);
            report.WriteLine();
            report.WriteLine($"![ns per sequence and step, StreamRnn, ONNX Runtime and PyTorch]({Path.GetFileName(plot)})");
        }
    }

    /// <summary>Nothing is faster than the peak: where ONNX Runtime comes near it, no kernel is twice as fast.</summary>
    private static void Goal(TextWriter report, string what, double goal, IEnumerable<PeerTiming> timings)
    {
        var cells = timings.Select(timing => (timing.Shape, Ratio: timing.OnnxRuntime / timing.Ours, Most: timing.OnnxRuntime * timing.Peak / timing.Operations)).ToList();
        var missed = cells.Where(cell => cell.Ratio < goal).Select(cell => $"({cell.Shape}) has {cell.Ratio:F1}, where the whole peak would be {cell.Most:F1}").ToList();
        report.WriteLine($"- Goal, at least {what}: {(missed.Count == 0 ? $"met everywhere (least {cells.Min(cell => cell.Ratio):F1})" : $"missed: {string.Join("; ", missed)}")}.");
    }

    private static PeerTiming Step((int Inputs, int Units, int Layers) shape, int batch)
    {
        var seeded = new Seeded(1);
        var net = new Net(new Topology([.. Enumerable.Repeat(new LayerSpec("lstm") { Units = shape.Units }, shape.Layers)]), shape.Inputs, seeded);
        using var step = net.Prepare();
        using var bank = net.CreateBank(batch);
        var rows = Enumerable.Range(0, batch).ToArray();
        var x = Normal(seeded, batch * shape.Inputs);
        var y = new float[batch * shape.Units];
        using var peer = new OnnxRuntimePeer(net, batch, x);
        for (var t = 0; t < 5; t++)
        {
            step.Step(bank, rows, x, y);
            peer.Step();
        }

        for (var n = 0; n < y.Length; n++)
            if (!(Math.Abs(y[n] - peer.AfterOddStep[n]) < 1e-5))
                throw new InvalidOperationException($"({shape}, batch {batch}): value {n} is {y[n]} here and {peer.AfterOddStep[n]} in ONNX Runtime");
        var (loop, loopOperations) = FmaPeak.Widest;
        var best = Turns(() => step.Step(bank, rows, x, y), peer.Step, loop);
        var operations = Enumerable.Range(0, shape.Layers).Sum(l => 2.0 * ((l == 0 ? shape.Inputs : shape.Units) + shape.Units) * 4 * shape.Units);
        return new PeerTiming(shape.Inputs, shape.Units, shape.Layers, batch, operations, best[0] / batch, best[1] / batch, loopOperations / best[2]);
    }

    /// <summary>Nanoseconds per call, each the best of many short rounds taken in turns: other work on the machine then hits all alike, and spares some rounds of each.</summary>
    private static double[] Turns(params Action[] actions)
    {
        const int Rounds = 250;
        var calls = new long[actions.Length];
        var best = new double[actions.Length];
        var watch = new Stopwatch();
        for (var n = 0; n < actions.Length; n++)
        {
            watch.Restart();
            for (; watch.ElapsedMilliseconds < 300; calls[n]++) // long enough for the optimising compiler
                actions[n]();
            calls[n] = Math.Max(1, calls[n] / 300);
            best[n] = double.PositiveInfinity;
        }

        for (var round = 0; round < Rounds; round++)
            for (var n = 0; n < actions.Length; n++)
            {
                watch.Restart();
                for (var call = 0L; call < calls[n]; call++)
                    actions[n]();
                best[n] = Math.Min(best[n], watch.Elapsed.TotalNanoseconds / calls[n]);
            }

        return best;
    }

    private static double Train()
    {
        var (inputs, units, steps, batch) = s_training;
        var seeded = new Seeded(1);
        var net = new Net(new Topology(new LayerSpec("lstm") { Units = units }, new LayerSpec("rnnOutput") { Units = inputs }), inputs, seeded);
        using var tape = net.CreateTape(steps, batch);
        var optimiser = new Adam(net.Parameters);
        var (x, targets) = (Normal(seeded, steps * batch * inputs), Normal(seeded, steps * batch * inputs));
        var weights = Enumerable.Repeat(1f / (steps * batch), steps * batch).ToArray();
        var dz = new float[targets.Length];
        for (var n = 0; n < 100; n++) // long enough for the optimising compiler
            Chunk();
        using var process = Process.GetCurrentProcess();
        var (began, count) = (process.TotalProcessorTime, 0L);
        TimeSpan spent;
        do
        {
            for (var n = 0; n < 10; n++, count++)
                Chunk();
            process.Refresh();
            spent = process.TotalProcessorTime - began;
        }
        while (spent < TimeSpan.FromSeconds(3));
        return spent.TotalNanoseconds / count / steps / batch;

        void Chunk()
        {
            Gradients.Clear(net.Parameters);
            var y = tape.Forward(steps, x);
            net.Output!.Loss.Evaluate(y, targets, weights, dz);
            tape.Backward(dz);
            Gradients.Clip(net.Parameters, 1);
            optimiser.Step(1e-3);
        }
    }

    private static float[] Normal(Seeded seeded, int count)
    {
        var values = new float[count];
        foreach (ref var value in values.AsSpan())
            value = (float)seeded.NextNormal();
        return values;
    }
}

/// <param name="Operations">Floating-point operations of a sequence's matrix products in a step.</param>
/// <param name="Ours">ns per step and sequence; likewise the others.</param>
/// <param name="Peak">GFLOP/s of the core, measured in the same turns.</param>
internal sealed record PeerTiming(int Inputs, int Units, int Layers, int Batch, double Operations, double Ours, double OnnxRuntime, double Peak, double? Torch = null)
{
    public string Shape => Layers == 1 ? $"{Inputs}, {Units}" : $"{Inputs}, {Layers} × {Units}";
}
