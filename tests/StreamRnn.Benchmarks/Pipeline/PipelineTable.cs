using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Mqtt;
using StreamRnn.Nets;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Benchmarks.Pipeline;

/// <summary>The whole way in process, no broker: payload bytes → readings → batches → net → score → alert, on one thread.</summary>
internal static class PipelineTable
{
    private const int Devices = 10_000;
    private const int PerEntry = 2_000;

    public static void Measure(TextWriter text)
    {
        text.WriteLine($"{Devices:n0} devices of one channel, one thread, base model as shipped. Payloads are decoded from bytes (`{{\"time\":…,\"value\":…}}`), admitted through the door, folded in entries of {PerEntry:n0}.");
        text.WriteLine();
        text.WriteLine("| stage | ns per reading | readings/s | bytes allocated per reading |");
        text.WriteLine("|---|---:|---:|---:|");
        var (fold, foldBytes, perSeries) = Run(decode: false);
        var (whole, wholeBytes, _) = Run(decode: true);
        Row(text, "fold (step, score, alert, learn)", fold, foldBytes);
        Row(text, "decode, door and fold", whole, wholeBytes);
        text.WriteLine();
        text.WriteLine($"A series and its device cost {perSeries:n0} bytes: row, hidden and cell state, device row, registry entry and names, silence deadline (managed and native memory after 10,000 devices less before).");
    }

    private static void Row(TextWriter text, string stage, double ns, double bytes) =>
        text.WriteLine($"| {stage} | {ns:n0} | {1e9 / ns:n0} | {bytes:n1} |");

    private static (double Nanoseconds, double Bytes, double PerSeries) Run(bool decode)
    {
        var before = GC.GetTotalMemory(true);
        var registry = new DeviceRegistry();
        var model = BaseModel.Load();
        using var detector = new Detector(new DetectionOptions(), new AlertOptions(), model, registry);
        using var door = new Door(new DoorLimits(), TimeProvider.System);
        using var line = door.Arrivals.InBatches(registry.Shards).Detect(detector).Subscribe(_ => { });
        var random = new Seeded(1);
        var topics = new byte[Devices][];
        var channels = new Channel[Devices];
        for (var d = 0; d < Devices; d++)
        {
            topics[d] = Encoding.UTF8.GetBytes($"devices/device-{d}/value");
            registry.TryGetDevice($"device-{d}", out var device, out _);
            registry.TryGetChannel(device, "value", out channels[d], out _);
        }

        var decoder = new PayloadDecoder(new IngestOptions(), registry);
        var buffer = new ReadingBuffer();
        var time = 1_700_000_000_000L;
        var payload = new byte[64];
        long readings = 0;
        void Round()
        {
            time += 1000;
            for (var d = 0; d < Devices; d++)
            {
                var value = 20 + Math.Sin((time / 1e5) + d) + (0.1 * random.NextNormal());
                buffer.Clear();
                if (decode)
                {
                    Utf8.TryWrite(payload, CultureInfo.InvariantCulture, $"{{\"time\":{time},\"value\":{value:F4}}}", out var written);
                    decoder.Decode(topics[d], payload.AsSpan(0, written), new Instant(time * 1000), buffer);
                }
                else
                {
                    buffer.Begin(channels[d].Device, new Instant(time * 1000));
                    buffer.Add(channels[d], value);
                    buffer.End();
                }

                door.Admit(buffer, 40);
                if (++readings % PerEntry == 0)
                    door.PumpOnce();
            }
        }

        for (var i = 0; i < 60; i++)
            Round();                                     // past warm-up, past the compiler's tiers
        var perSeries = (GC.GetTotalMemory(true) - before) / (double)Devices + (2.0 * model.Layers.Lstm.Units * sizeof(float));
        var (best, allocated) = (double.MaxValue, GC.GetTotalAllocatedBytes(true));
        const int Rounds = 20;
        for (var i = 0; i < Rounds; i++)
        {
            var began = Stopwatch.GetTimestamp();
            Round();
            best = Math.Min(best, Stopwatch.GetElapsedTime(began).TotalNanoseconds / Devices);
        }

        return (best, (GC.GetTotalAllocatedBytes(true) - allocated) / (double)(Rounds * Devices), perSeries);
    }
}
