using BenchmarkDotNet.Running;
using StreamRnn.Benchmarks;
using StreamRnn.Benchmarks.Kernels;
using StreamRnn.Benchmarks.Peers;
using StreamRnn.Benchmarks.Pipeline;
using StreamRnn.Benchmarks.Service;

// One verb per room; a verb that writes a table takes the file's name as its argument.
return args switch
{
    ["kernels", .. var rest] => Table.Write("kernels", KernelTable.Measure, rest),
    ["peers", .. var rest] => Table.Write("peers", report => PeerTable.Measure(report, rest is [var file] ? Path.ChangeExtension(file, ".png") : null), rest),
    ["pipeline", .. var rest] => Table.Write("pipeline", PipelineTable.Measure, rest),
    ["journal", .. var rest] => Table.Write("journal", JournalTable.Measure, rest),
    ["restart", "live", var folder, var devices] => JournalTable.Live(folder, int.Parse(devices, System.Globalization.CultureInfo.InvariantCulture)),
    ["restart", .. var rest] => Table.Write("restart", RestartTable.Measure, rest),
    ["service", .. var rest] => Table.Write("service", ServiceTable.Measure, rest),
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

          kernels [FILE.md]     steps and training of every cell: ns and share of the core's own FMA peak, measured in the same run (about 90 s)
          peers [FILE.md]       LSTM step against ONNX Runtime and PyTorch, training against PyTorch, one thread each (about 50 s); with FILE.md a plot beside it
          pipeline [FILE.md]    the whole way in process at 10,000 devices: ns and bytes per reading, bytes per series (about 20 s)
          journal [FILE.md]     what keeping everything costs: readings/s with journal and checkpoint, beside plain appending to the same disk (about 130 s)
          restart [FILE.md]     from the start of the process to READY, after kill -9, with 10,000 to 1,000,000 devices (about 4 min; needs mosquitto, and the repository as working directory)
          service [FILE.md]     the service as a process behind mosquitto: messages/s and publish-to-alert latency (about 60 s; needs mosquitto)
          bdn [--filter '*']    the BenchmarkDotNet classes, with its own options

        With FILE.md the table is written there as well, as in docs/benchmarks.
        """);
    return 2;
}
