using BenchmarkDotNet.Attributes;
using StreamRnn.Nets;
using StreamRnn.Nets.Kernels;

namespace StreamRnn.Benchmarks.Kernels;

/// <summary>One LSTM step of a batch, state outside, float32, one thread; time is per batch.</summary>
[MemoryDiagnoser]
public class LstmStepBenchmark
{
    private RecurrentStep? _step;
    private StateBank? _bank;
    private int[] _rows = [];
    private float[] _x = [];

    public static IEnumerable<string> Kernels => StepKernels.All.Select(kernel => kernel.Name);

    public static IEnumerable<string> Shapes => ["8x64", "19x32"];

    [ParamsSource(nameof(Kernels))]
    public string Kernel { get; set; } = "reference";

    /// <summary>Inputs x units.</summary>
    [ParamsSource(nameof(Shapes))]
    public string Shape { get; set; } = "8x64";

    [Params(1, 32, 256, 1024)]
    public int Batch { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var (inputs, units) = Shape == "8x64" ? (8, 64) : (19, 32);
        var seeded = new Seeded(1);
        _step = new LstmLayer("lstm", inputs, units, seeded).Prepare(StepKernels.Choose(Kernel));
        _bank = StateBank.ForLstm(units, Batch);
        _rows = [.. Enumerable.Range(0, Batch)];
        _x = new float[Batch * inputs];
        foreach (ref var value in _x.AsSpan())
            value = (float)seeded.NextNormal();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _step?.Dispose();
        _bank?.Dispose();
    }

    [Benchmark]
    public void Step() => _step!.Step(_bank!, _rows, _x);
}
