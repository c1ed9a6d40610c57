using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using static StreamRnn.Benchmarks.Service.Rig;

namespace StreamRnn.Benchmarks.Service;

/// <summary>
/// How long the service needs to listen again after kill -9: a process lives three readings of each device, writes a checkpoint, lives 280,000 readings more and is killed; then `streamrnn run` starts on the
/// same folder.
/// </summary>
internal static partial class RestartTable
{
    private const int Times = 3;

    public static void Measure(TextWriter text)
    {
        text.WriteLine("A process has written a checkpoint of all devices (one channel each), has journalled 280,000 readings behind it, and is killed with SIGKILL. Then `streamrnn run` starts on its folder, published as one file for this machine;");
        text.WriteLine($"the broker is mosquitto on loopback. Median of {Times}. The limits of this machine beside it: reading the checkpoint file from the system's cache, and touching as much memory for the first time in a process.");
        text.WriteLine("A virtual machine may get memory that it has not used for a while from its host page by page, several times slower; so as much is touched before each start, and that is not measured.");
        text.WriteLine();
        text.WriteLine("| devices | checkpoint | read alone | memory touched alone | names, checkpoint and tail | process start to subscribed |");
        text.WriteLine("|---:|---:|---:|---:|---:|---:|");
        using var published = new TemporaryFolder();
        var program = Publish(published.Path);
        foreach (var devices in (int[])[10_000, 100_000, 1_000_000])
            text.WriteLine(Row(program, devices));
    }

    // As it is shipped.
    private static string Publish(string folder)
    {
        using var publish = Process.Start("dotnet", ["publish", "src/StreamRnn.Host", "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "-v", "q", "-o", folder]);
        publish.WaitForExit();
        return publish.ExitCode == 0 ? Path.Combine(folder, "streamrnn") : throw new InvalidOperationException("dotnet publish failed; it is run in the repository's folder");
    }

    private static string Row(string program, int devices)
    {
        var (recoveries, starts) = (new List<double>(), new List<double>());
        using var folder = new TemporaryFolder();
        var store = Path.Combine(folder.Path, "store");
        Kill(store, devices);
        var checkpoint = Path.Combine(store, "checkpoint.db");
        var (size, read, touched) = (0L, double.MaxValue, double.MaxValue);
        var port = FreePort();
        using var broker = Mosquitto(port, folder.Path);
        for (var i = 0; i < Times; i++)
        {
            var copy = Path.Combine(folder.Path, $"copy-{i}");
            Directory.CreateDirectory(copy);
            foreach (var file in Directory.GetFiles(store))
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            Sync();                                          // a start does not share the disk with the writing of its own copy
            (size, var seconds) = Read(checkpoint);
            read = Math.Min(read, seconds);
            Touch(size);
            touched = Math.Min(touched, Touch(size));
            var (recovered, subscribed) = Run(program, copy, port, devices);
            recoveries.Add(recovered);
            starts.Add(subscribed);
            Directory.Delete(copy, recursive: true);
        }

        broker.Kill();
        recoveries.Sort();
        starts.Sort();
        return string.Create(CultureInfo.InvariantCulture, $"| {devices:n0} | {size / 1e6:n0} MB | {read:n2} s | {touched:n2} s | {recoveries[Times / 2]:n2} s | {starts[Times / 2]:n2} s |");
    }

    private static void Kill(string store, int devices)
    {
        using var life = Process.Start(new ProcessStartInfo("dotnet", [typeof(RestartTable).Assembly.Location, "restart", "live", store, devices.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        while (life.StandardOutput.ReadLine() is { } line && line != "lived")
            continue;
        life.Kill();
        life.WaitForExit();
    }

    private static void Sync()
    {
        using var sync = Process.Start("sync");
        sync.WaitForExit();
    }

    private static (long Size, double Seconds) Read(string path)
    {
        var buffer = new byte[1 << 20];
        var began = Stopwatch.GetTimestamp();
        using var file = File.OpenRead(path);
        while (file.Read(buffer) > 0)
            continue;
        return (file.Length, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private static unsafe double Touch(long bytes)
    {
        var began = Stopwatch.GetTimestamp();
        var memory = (byte*)NativeMemory.Alloc((nuint)bytes);
        for (var page = 0L; page < bytes; page += Environment.SystemPageSize)
            memory[page] = 1;
        NativeMemory.Free(memory);
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static (double Recovered, double Subscribed) Run(string program, string store, int port, int devices)
    {
        var bound = (devices + 1).ToString(CultureInfo.InvariantCulture);
        var began = Stopwatch.GetTimestamp();
        using var service = Process.Start(new ProcessStartInfo(program, ["run", "--broker", $"mqtt://127.0.0.1:{port}"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
            Environment =
            {
                ["StreamRnn__Storage__Path"] = store,
                ["StreamRnn__Ingest__MaxDevices"] = bound,
                ["StreamRnn__Ingest__MaxSeries"] = bound,
            },
        })!;
        var recovered = double.NaN;
        while (service.StandardOutput.ReadLine() is { } line)
        {
            if (Recovery().Match(line) is { Success: true } match)
                recovered = double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
            if (!line.Contains("Ready: ", StringComparison.Ordinal))
                continue;
            var subscribed = Stopwatch.GetElapsedTime(began).TotalSeconds;
            service.Kill();
            service.WaitForExit();
            return (recovered, subscribed);
        }

        throw new InvalidOperationException("the service ended before it was ready");
    }

    [GeneratedRegex(@"folded, in ([0-9.]+) s")]
    private static partial Regex Recovery();
}
