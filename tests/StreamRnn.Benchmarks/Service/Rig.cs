using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace StreamRnn.Benchmarks.Service;

/// <summary>Processes that a measurement needs.</summary>
internal static class Rig
{
    public static Process Mosquitto(int port, string folder)
    {
        File.WriteAllText(Path.Combine(folder, "conf"), $"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\npersistence false\nset_tcp_nodelay true\nuser root\n");
        var broker = Start("mosquitto", folder, "-c", "conf");
        Until(() => Answers(port), "mosquitto listens");
        return broker;
    }

    public static Process Start(string name, string folder, params string[] args)
    {
        var process = Process.Start(new ProcessStartInfo(name, args)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PATH"] = Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin" },
        })!;
        process.BeginOutputReadLine();                       // read and let go, so that it never waits for us
        process.BeginErrorReadLine();
        return process;
    }

    public static void Until(Func<bool> condition, string what)
    {
        var began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(120))
                throw new TimeoutException($"not within 120 s: {what}");
            Thread.Sleep(1);
        }
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static bool Answers(int port)
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;                                    // not yet
        }
    }

    public sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("streamrnn-bench-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
