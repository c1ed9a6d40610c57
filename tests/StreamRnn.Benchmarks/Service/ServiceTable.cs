using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using MQTTnet;
using StreamRnn.Nets;
using static StreamRnn.Benchmarks.Service.Rig;

namespace StreamRnn.Benchmarks.Service;

/// <summary>
/// The service as a process behind a real mosquitto on loopback: how many readings a second it takes at QoS 0, beside a subscriber that does nothing in the same run,
/// and how long it takes from the publish of an outlier to its alert.
/// </summary>
internal static class ServiceTable
{
    private const int Blast = 300_000;
    private const int Devices = 1_000;
    private const int Outliers = 300;

    private static double Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;

    public static void Measure(TextWriter text)
    {
        var port = FreePort();
        using var folder = new TemporaryFolder();
        using var broker = Mosquitto(port, folder.Path);
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
        BlastThroughService(port, received, "warm", 100_000, Now - 2000);
        var cpuBefore = service.TotalProcessorTime;
        var busy = BlastThroughService(port, received, "last", Blast, Now - 1000);
        var cpu = service.TotalProcessorTime - cpuBefore;
        text.WriteLine($"mosquitto on loopback, {Devices:n0} devices, one reading a message, QoS 0 from one connection that writes without pause; {Blast:n0} messages.");
        text.WriteLine();
        text.WriteLine("| reader | messages/s | processor time per message |");
        text.WriteLine("|---|---:|---:|");
        text.WriteLine($"| a subscriber that only counts bytes | {Blast / idle.TotalSeconds:n0} | |");
        text.WriteLine($"| `streamrnn run` | {Blast / busy.TotalSeconds:n0} | {cpu.TotalMicroseconds / Blast:n1} µs |");
        text.WriteLine();
        text.WriteLine($"From the publish of an outlier to the arrival of its alert at another client, {Outliers} outliers of as many devices, journal on (every entry is on the disk before it is scored):");
        text.WriteLine();
        text.WriteLine("| readings/s | alerted | p50 | p90 | p99 | most |");
        text.WriteLine("|---:|---:|---:|---:|---:|---:|");
        foreach (var rate in (int[])[1_000, 10_000])
        {
            BlastThroughService(port, received, $"warm-{rate}", 100 * Devices, Now - (100.0 * Devices / rate), rate);
            var latencies = Latencies(port, received, rate);
            text.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {rate:n0} | {latencies.Count} | {At(latencies, 0.5):n1} ms | {At(latencies, 0.9):n1} ms | {At(latencies, 0.99):n1} ms | {latencies[^1]:n1} ms |"));
        }

        text.WriteLine();
        text.WriteLine($"Working set of the service afterwards: {service.WorkingSet64 / 1048576.0:n0} MiB.");
        service.Kill();
        broker.Kill();
    }

    private static TimeSpan BlastThroughService(int port, ConcurrentQueue<(string Topic, long At)> received, string sentinel, int messages, double from, int rate = Devices)
    {
        using var publisher = new RawPublisher(port, $"blast-{sentinel}");
        var began = Stopwatch.GetTimestamp();
        var random = new Seeded(1);
        for (var i = 0; i < messages; i++)
        {
            publisher.Prepare($"devices/d{rate}-{i % Devices}/value", RawPublisher.Json(from + (i / (double)rate), 20 + random.NextNormal()));
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

    private static List<double> Latencies(int port, ConcurrentQueue<(string Topic, long At)> received, int rate)
    {
        using var publisher = new RawPublisher(port, "paced");
        var random = new Seeded(2);
        var sent = new Dictionary<string, long>(StringComparer.Ordinal);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; sent.Count < Outliers; i++)
        {
            var device = $"d{rate}-{i % Devices}";
            var outlier = i >= 2 * Devices && i % ((rate / 20) - 3) == 0 && !sent.ContainsKey(device);
            publisher.Prepare($"devices/{device}/value", RawPublisher.Json(Now, outlier ? 5000 : 20 + random.NextNormal()));
            while (Stopwatch.GetElapsedTime(began).TotalSeconds * rate < i)
                Thread.Sleep(1);                             // not spinning: the broker and the service need the processors
            if (outlier)
                sent.Add(device, Stopwatch.GetTimestamp());
            if (outlier || i % (rate / 1000) == 0)
                publisher.Send();
        }

        Thread.Sleep(2000);                                  // the last ones' alerts; a benchmark may wait
        var first = received.Where(m => m.Topic.StartsWith("streamrnn/alerts/", StringComparison.Ordinal)).GroupBy(m => m.Topic[17..]).ToDictionary(g => g.Key, g => g.Select(m => m.At));
        return [.. sent.Where(s => first.ContainsKey(s.Key))
            .Select(s => first[s.Key].Where(at => at >= s.Value).Select(at => Stopwatch.GetElapsedTime(s.Value, at).TotalMilliseconds).DefaultIfEmpty(double.NaN).Min())
            .Where(double.IsFinite).Order()];
    }

    private static double At(List<double> sorted, double share) => sorted[Math.Min(sorted.Count - 1, (int)(share * sorted.Count))];
}
