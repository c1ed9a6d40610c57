using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace StreamRnn.Benchmarks.Peers;

/// <summary>PyTorch on one thread, in a process of its own: see torch_peer.py.</summary>
/// <param name="Blas">The library that multiplies its matrices.</param>
/// <param name="Steps">ns per step and sequence, by shape and batch.</param>
/// <param name="Train">ns per row.</param>
internal sealed record TorchPeer(string Version, string Blas, double[][] Steps, double Train)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    /// <returns>Null where no Python with torch is installed; the reason goes to standard error.</returns>
    public static TorchPeer? Measure(IEnumerable<(int Inputs, int Units, int Layers)> shapes, IEnumerable<int> batches, (int Inputs, int Units, int Steps, int Batch) training)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "Peers", "torch_peer.py");
        string[] arguments =
        [
            script, string.Join(' ', shapes.Select(shape => $"{shape.Inputs},{shape.Units},{shape.Layers}")), string.Join(' ', batches),
            $"{training.Inputs},{training.Units},{training.Steps},{training.Batch}",
        ];
        foreach (var python in new[] { "python3", "/usr/bin/python3", "python" }) // the one of the system often has the packages that the first on the path has not
            if (Run(python, "-c", "import torch") is not null && Run(python, arguments) is { } line)
            {
                using var json = JsonDocument.Parse(line);
                var root = json.RootElement;
                return new TorchPeer(
                    root.GetProperty("version").GetString()!,
                    root.GetProperty("blas").GetString()!,
                    [.. root.GetProperty("steps").EnumerateArray().Select(row => row.EnumerateArray().Select(ns => ns.GetDouble()).ToArray())],
                    root.GetProperty("train").GetDouble());
            }

        Console.Error.WriteLine("no Python with torch was found: its columns stay empty");
        return null;
    }

    private static string? Run(string python, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true });
            if (process is null)
                return null;
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            if (process.WaitForExit(s_limit) && process.ExitCode == 0)
                return output.GetAwaiter().GetResult();
            if (!process.HasExited)
                process.Kill();
            if (arguments[0] != "-c")
                Console.Error.WriteLine($"{python}: {errors.GetAwaiter().GetResult()}");
            return null;
        }
        catch (Win32Exception)
        {
            return null; // not installed
        }
    }
}
