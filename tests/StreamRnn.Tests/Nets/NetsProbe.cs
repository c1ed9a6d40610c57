using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using StreamRnn.Nets;
using StreamRnn.Nets.Kernels;
using StreamRnn.Nets.Training;

namespace StreamRnn.Tests.Nets;

/// <summary>What the nets compute on a machine, as lines of text: equal bits give equal lines.</summary>
internal static class NetsProbe
{
    public const string Verb = "nets-probe";

    private const string Has = "machine";

    /// <summary>First what the machine has, then a line for each thing computed.</summary>
    public static IEnumerable<string> Run()
    {
        yield return $"{Has}: fma {Fma.IsSupported}, avx2 {Avx2.IsSupported}, avx512 {Avx512F.IsSupported}, vectors {Vector128.IsHardwareAccelerated}; kernels {string.Join(' ', StepKernels.All.Select(kernel => kernel.Name))}";
        foreach (var cell in Cells.All)
        {
            yield return $"{cell}, stepped by the best kernel: {Stepped(cell, StepKernels.Best)}";
            yield return $"{cell}, stepped by the best kernel and read near the reference: {IsNearReference(cell)}";
        }

        yield return $"a net of all layers, trained: {Trained()}";
    }

    /// <summary>The lines that must be equal on every machine.</summary>
    public static IEnumerable<string> Results(IEnumerable<string> lines) => lines.Where(line => !line.StartsWith(Has, StringComparison.Ordinal));

    private static string Stepped(string cell, IStepKernel kernel) => Hash(States(cell, kernel));

    private static bool IsNearReference(string cell) =>
        States(cell, StepKernels.Best).Zip(States(cell, StepKernels.Choose("reference")), (a, b) => Math.Abs(a - b) < 1e-5).All(near => near);

    private static float[] States(string cell, IStepKernel kernel)
    {
        var seeded = new Seeded(21);
        var layer = Cells.Create(cell, 5, 37, seeded);
        using var step = layer.Prepare(kernel);
        using var bank = layer.CreateBank(8);
        for (var t = 0; t < 20; t++)
        {
            step.Step(bank, [3, 0, 7, 1, 2, 6, 5], Draw.Normal(seeded, 7 * 5));
            step.Step(bank, [4], Draw.Normal(seeded, 5));
        }

        return [.. Enumerable.Range(0, 8).SelectMany(row => bank.Row(row).ToArray())];
    }

    /// <summary>Five updates of a net that has every kind of layer.</summary>
    private static string Trained()
    {
        const int Steps = 6, Batch = 5;
        var seeded = new Seeded(22);
        var topology = new Topology(
        [
            .. LayerKind.All.Where(kind => kind.Type != "rnnOutput").Select(kind => new LayerSpec(kind.Type) { Units = 9, Rate = kind.Type == "dropout" ? 0.2 : 0, Activation = kind.Type == "dense" ? "tanh" : null }),
            new LayerSpec("rnnOutput") { Units = 2, Loss = "mse" },
        ]);
        var net = new Net(topology, 3, seeded);
        var loss = net.Output!.Loss;
        var adam = new Adam(net.Parameters);
        using var tape = net.CreateTape(Steps, Batch);
        var (ones, dz) = (Enumerable.Repeat(1f, Steps * Batch).ToArray(), new float[Steps * Batch * 2]);
        for (var update = 0; update < 5; update++)
        {
            var y = tape.Forward(Steps, Draw.Normal(seeded, Steps * Batch * 3));
            loss.Evaluate(y, Draw.Normal(seeded, Steps * Batch * 2), ones, dz);
            Gradients.Clear(net.Parameters);
            tape.Backward(dz);
            adam.Step(0.01);
        }

        return Hash([.. net.Parameters.SelectMany(parameter => parameter.Values)]);
    }

    private static string Hash(ReadOnlySpan<float> values) => Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(values)));
}
