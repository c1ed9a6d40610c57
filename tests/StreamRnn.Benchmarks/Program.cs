using BenchmarkDotNet.Running;
using StreamRnn.Benchmarks;
using StreamRnn.Benchmarks.Kernels;

// One verb per room; a verb that writes a table takes the file's name as its argument.
return args switch
{
    ["kernels", .. var rest] => Table.Write("kernels", KernelTable.Measure, rest),
    ["bdn", .. var rest] => BenchmarkDotNet(rest),
    _ => Usage(),
};

static int BenchmarkDotNet(string[] args)
{
    BenchmarkSwitcher.FromAssembly(typeof(LstmStepBenchmark).Assembly).Run(args);
    return 0;
}

static int Usage()
{
    Console.Error.WriteLine("""
        dotnet run -c Release --project tests/StreamRnn.Benchmarks -- VERB

          kernels [FILE.md]     LSTM step and training: ns and share of the core's own FMA peak, measured in the same run (about 20 s)
          bdn [--filter '*']    the BenchmarkDotNet classes, with its own options

        With FILE.md the table is written there as well, as in docs/benchmarks.
        """);
    return 2;
}
