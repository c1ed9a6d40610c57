using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MQTTnet;
using StreamRnn.Nets;

namespace StreamRnn.Benchmarks.Service;

/// <summary>
/// The service as a process behind a real mosquitto on loopback: how many readings a second it takes at QoS 0, beside a subscriber that does nothing in the same run,
/// and how long it takes from the publish of an outlier to its alert at 1,000 readings a second.
/// </summary>
internal static class ServiceTable
{
    private const int Blast = 300_000;
    private const int Devices = 1_000;
    private const int Outliers = 60;

    public static void Measure(TextWriter text)
    {
        var port = FreePort();
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "conf"), $"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\npersistence false\nuser root\n");
        using var broker = Start("mosquitto", folder.Path, "-c", "conf");
        Until(() => Answers(port), "mosquitto listens");
        using var client = new MqttClientFactory().CreateMqttClient();
        var received = new ConcurrentQueue<(string Topic, long At)>();
        client.ApplicationMessageReceivedAsync += e =>
        {
            received.Enqueue((e.ApplicationMessage.Topic, Stopwatch.GetTimestamp()));
            return Task.CompletedTask;
        };
        client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId("bench").Build()).GetAwaiter().GetResult();
        client.SubscribeAsync("streamrnn/#").GetAwaiter().GetResult();

        var idle = BlastThroughIdleSubscriber(port);
        using var service = Start("dotnet", folder.Path, Path.Combine(AppContext.BaseDirectory, "streamrnn.dll"), "run", "--broker", $"mqtt://127.0.0.1:{port}");
        Until(() => received.Any(m => m.Topic == "streamrnn/status"), "the service is online");
        BlastThroughService(port, received, "warm", 100_000);
        var cpuBefore = service.TotalProcessorTime;
        var busy = BlastThroughService(port, received, "last", Blast);
        var cpu = service.TotalProcessorTime - cpuBefore;
        text.WriteLine($"mosquitto on loopback, {Devices:n0} devices, one reading a message, QoS 0 from one connection that writes without pause; {Blast:n0} messages.");
        text.WriteLine();
        text.WriteLine("| reader | messages/s | processor time per message |");
        text.WriteLine("|---|---:|---:|");
        text.WriteLine($"| a subscriber that only counts bytes | {Blast / idle.TotalSeconds:n0} | |");
        text.WriteLine($"| `streamrnn run` | {Blast / busy.TotalSeconds:n0} | {cpu.TotalMicroseconds / Blast:n1} µs |");
        text.WriteLine();
        var latencies = Latencies(port, received);
        text.WriteLine($"From the publish of an outlier to the arrival of its alert at another client, 1,000 readings/s of {Devices:n0} devices, {latencies.Count} of {Outliers} outliers alerted: "
            + $"p50 {At(latencies, 0.5):n1} ms, p90 {At(latencies, 0.9):n1} ms, p99 {At(latencies, 0.99):n1} ms, most {latencies[^1]:n1} ms.");
        text.WriteLine();
        text.WriteLine($"Working set of the service afterwards: {service.WorkingSet64 / 1048576.0:n0} MiB.");
        service.Kill();
        broker.Kill();
    }

    private static TimeSpan BlastThroughService(int port, ConcurrentQueue<(string Topic, long At)> received, string sentinel, int messages)
    {
        using var publisher = new RawPublisher(port, $"blast-{sentinel}");
        var began = Stopwatch.GetTimestamp();
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
        var random = new Seeded(1);
        for (var i = 0; i < messages; i++)
        {
            publisher.Prepare($"devices/d{i % Devices}/value", RawPublisher.Json(now - 3600 + (i / Devices) + (sentinel == "warm" ? 0 : 1000), 20 + random.NextNormal()));
            if (i % 500 == 499)
                publisher.Send();
        }

        // The broker keeps the order of a connection: when this new device's state is told, all before it are through.
        publisher.Prepare($"devices/{sentinel}/value", "1");
        publisher.Send();
        Until(() => received.Any(m => m.Topic == $"streamrnn/devices/{sentinel}/state"), "all readings are through");
        return Stopwatch.GetElapsedTime(began, received.First(m => m.Topic == $"streamrnn/devices/{sentinel}/state").At);
    }

    private static TimeSpan BlastThroughIdleSubscriber(int port)
    {
        using var subscriber = new TcpClient("127.0.0.1", port);
        var stream = subscriber.GetStream();
        stream.Write([0x10, 13, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 4, 2, 0, 0, 0, 1, (byte)'s']);
        stream.ReadExactly(new byte[4]);
        stream.Write([0x82, 11, 0, 1, 0, 6, (byte)'i', (byte)'d', (byte)'l', (byte)'e', (byte)'/', (byte)'#', 0]);
        stream.ReadExactly(new byte[5]);
        using var publisher = new RawPublisher(port, "blast-idle");
        var random = new Seeded(1);
        long bytes = 0;
        var began = Stopwatch.GetTimestamp();
        var reading = Task.Run(() =>
        {
            var buffer = new byte[1 << 18];
            while (true)
            {
                var count = stream.Read(buffer);
                bytes += count;
                if (count == 0 || buffer.AsSpan(0, count).IndexOf("the-end"u8) >= 0)
                    return Stopwatch.GetElapsedTime(began);
            }
        });
        for (var i = 0; i < Blast; i++)
        {
            publisher.Prepare($"idle/d{i % Devices}/value", RawPublisher.Json(1.7e9 + i, 20 + random.NextNormal()));
            if (i % 500 == 499)
                publisher.Send();
        }

        publisher.Prepare("idle/d/value", "the-end");
        publisher.Send();
        return reading.Result;
    }

    private static List<double> Latencies(int port, ConcurrentQueue<(string Topic, long At)> received)
    {
        using var publisher = new RawPublisher(port, "paced");
        var random = new Seeded(2);
        var sent = new Dictionary<string, long>(StringComparer.Ordinal);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; sent.Count < Outliers; i++)
        {
            var device = $"d{i % Devices}";
            var outlier = i >= 5 * Devices && i % 97 == 0 && !sent.ContainsKey(device);
            publisher.Prepare($"devices/{device}/value", RawPublisher.Json(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0, outlier ? 5000 : 20 + random.NextNormal()));
            while (Stopwatch.GetElapsedTime(began).TotalMilliseconds < i)
                Thread.SpinWait(20);
            if (outlier)
                sent.Add(device, Stopwatch.GetTimestamp());
            publisher.Send();
        }

        Thread.Sleep(2000);                                  // the last ones' alerts; a benchmark may wait
        var first = received.Where(m => m.Topic.StartsWith("streamrnn/alerts/", StringComparison.Ordinal)).GroupBy(m => m.Topic[17..]).ToDictionary(g => g.Key, g => g.Select(m => m.At));
        return [.. sent.Where(s => first.ContainsKey(s.Key))
            .Select(s => first[s.Key].Where(at => at >= s.Value).Select(at => Stopwatch.GetElapsedTime(s.Value, at).TotalMilliseconds).DefaultIfEmpty(double.NaN).Min())
            .Where(double.IsFinite).Order()];
    }

    private static double At(List<double> sorted, double share) => sorted[Math.Min(sorted.Count - 1, (int)(share * sorted.Count))];

    private static Process Start(string name, string folder, params string[] args)
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

    private static void Until(Func<bool> condition, string what)
    {
        var began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(120))
                throw new TimeoutException($"not within 120 s: {what}");
            Thread.Sleep(1);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool Answers(int port)
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

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("streamrnn-bench-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
