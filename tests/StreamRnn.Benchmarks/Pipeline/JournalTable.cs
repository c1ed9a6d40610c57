using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Benchmarks.Pipeline;

/// <summary>What keeping everything costs: journal and checkpoint in the line, beside the line without them and beside plain appending to a file on the same disk.</summary>
internal static class JournalTable
{
    private const int Devices = 10_000;
    private const int PerEntry = 20_000;

    public static void Measure(TextWriter text)
    {
        text.WriteLine($"{Devices:n0} devices of one channel, entries of {PerEntry:n0} readings, {Environment.ProcessorCount} shards (the checkpoint has a thread of its own), base model as shipped. After warm-up: the best round of two entries, the median round, and all readings by all the time, checkpoints included.");
        text.WriteLine();
        text.WriteLine("| | measured for | readings/s, best | median | all | bytes on disk per reading |");
        text.WriteLine("|---|---:|---:|---:|---:|---:|");
        Row(text, "fold alone", Live(null, 15, out _));
        var kept = Live(TimeSpan.FromDays(1), 15, out var journalBytes);
        Row(text, "journal (SQLite, WAL, FULL) and fold", kept, journalBytes);
        Row(text, "the same, a checkpoint every 30 s (the default)", Live(TimeSpan.FromSeconds(30), 60, out var bytes), bytes);
        Row(text, "the same, a checkpoint every 5 s", Live(TimeSpan.FromSeconds(5), 25, out bytes), bytes);
        Row(text, $"plain append of {journalBytes:n1} bytes a reading, flushed to the disk every {PerEntry:n0}", Append(journalBytes));
    }

    private static void Row(TextWriter text, string what, List<double> rates, double? bytes = null)
    {
        var seconds = rates.Sum(rate => 1 / rate);              // of as many readings each
        rates.Sort();
        text.WriteLine($"| {what} | {seconds * 2 * PerEntry:n0} s | {rates[^1]:n0} | {rates[rates.Count / 2]:n0} | {rates.Count / seconds:n0} | {(bytes is { } b ? $"{b:n1}" : "")} |");
    }

    private static List<double> Live(TimeSpan? checkpoints, int seconds, out double bytesPerReading)
    {
        var folder = Directory.CreateTempSubdirectory("streamrnn-benchmark-");
        try
        {
            using var life = new Life(Devices, folder.FullName, checkpoints);
            for (var i = 0; i < 30; i++)
                life.Round();                            // two entries each: past warm-up, past the compiler's tiers
            var (before, rates) = (Written(), new List<double>());
            var first = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(first).TotalSeconds < seconds)
            {
                var began = Stopwatch.GetTimestamp();
                life.Round();
                rates.Add(2 * PerEntry / Stopwatch.GetElapsedTime(began).TotalSeconds);
            }

            bytesPerReading = (Written() - before) / (rates.Count * 2.0 * PerEntry);
            return rates;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Another process's part of <c>restart</c>: lives until it is killed, says when there is a checkpoint and a tail behind it.</summary>
    public static int Live(string folder, int devices)
    {
        using var life = new Life(devices, folder, TimeSpan.FromDays(1));
        for (var i = 0; i <= 3 * devices / (2 * PerEntry); i++)
            life.Round();
        life.Close();
        for (var i = 0; i < Math.Max(1, 300_000 / (2 * PerEntry)); i++)
            life.Round();                                // what 30 seconds of 10,000 readings/s would leave behind the checkpoint
        Console.WriteLine("lived");
        Thread.Sleep(Timeout.Infinite);
        return 0;
    }

    private static List<double> Append(double bytesPerReading)
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var rates = new List<double>();
        var bytes = new byte[(int)(bytesPerReading * PerEntry)];
        Random.Shared.NextBytes(bytes);
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        for (var i = 0; i < 60; i++)
        {
            var began = Stopwatch.GetTimestamp();
            for (var entry = 0; entry < 2; entry++)
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            rates.Add(2 * PerEntry / Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        return rates;
    }

    // What this process has had written to the disk, by Linux's own account; 0 elsewhere.
    private static long Written() => File.Exists("/proc/self/io")
        ? long.Parse(File.ReadLines("/proc/self/io").First(l => l.StartsWith("write_bytes:", StringComparison.Ordinal))["write_bytes:".Length..], System.Globalization.CultureInfo.InvariantCulture) : 0;

    private sealed class Life : IDisposable
    {
        private readonly DeviceRegistry _registry = new(Environment.ProcessorCount, int.MaxValue, int.MaxValue, int.MaxValue);
        private readonly Store? _store;
        private readonly Door _door = new(new DoorLimits(), TimeProvider.System);
        private readonly IDisposable _line;
        private readonly Channel[] _channels;
        private readonly ReadingBuffer _buffer = new();
        private readonly Seeded _random = new(1);
        private Detector _detector = null!;
        private long _time = 1_700_000_000_000_000;
        private int _next;

        public Life(int devices, string folder, TimeSpan? checkpoints)
        {
            var room = new WaitingRoom(TimeSpan.Zero);
            var model = BaseModel.Load();
            if (checkpoints is { } every)
            {
                _store = Store.Open(folder, new StorageOptions { CheckpointEvery = every }, _registry, TimeProvider.System, NullLogger.Instance);
                _store.Recover(() => (_detector, room) = (New(), new WaitingRoom(TimeSpan.Zero)), _ => { });
            }
            else
                _detector = New();

            var entries = _store is null ? _door.Arrivals : _door.Arrivals.Persist(_store, _ => { }, CancellationToken.None);
            _line = entries.InOrder(room).InBatches(_registry.Shards).Detect(_detector).Subscribe(outcome =>
            {
                _store?.Tell(outcome, CancellationToken.None);
                _store?.Between();
            });
            _channels = new Channel[devices];
            for (var d = 0; d < devices; d++)
            {
                _registry.TryGetDevice($"device-{d}", out var device, out _);
                _registry.TryGetChannel(device, "value", out _channels[d], out _);
            }

            Detector New() => new(new DetectionOptions(), new AlertOptions(), model, _registry);
        }

        /// <summary>Two entries.</summary>
        public void Round()
        {
            for (var i = 0; i < 2 * PerEntry; i++)
            {
                var d = _next++ % _channels.Length;
                if (d == 0)
                    _time += 1_000_000;
                _buffer.Clear();
                _buffer.Begin(_channels[d].Device, new Instant(_time + d));
                _buffer.Add(_channels[d], Math.Round(20 + Math.Sin((_time / 1e8) + d) + (0.1 * _random.NextNormal()), 4));
                _buffer.End();
                _door.Admit(_buffer, 40);
                if (i % PerEntry == PerEntry - 1)
                    _door.PumpOnce();
            }
        }

        public void Close() => _store?.Close(TimeSpan.FromMinutes(1));

        public void Dispose()
        {
            _line.Dispose();
            _door.Dispose();
            _detector.Dispose();
            _store?.Dispose();
        }
    }
}
