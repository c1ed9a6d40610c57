using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using StreamRnn.Host.Commands;
using StreamRnn.Host.Configuration;
using StreamRnn.Host.Service;
using StreamRnn.Mqtt;

namespace StreamRnn.EndToEnd.Faults;

/// <summary>
/// The test assembly as a program: <c>broker PORT</c>, the embedded broker alone; <c>service OPTIONS</c>, the service as <c>streamrnn run</c> starts it, and with what tests do to it.
/// Both end when their standard input does, so that none outlives the test.
/// </summary>
internal static class Program
{
    public static Task<int> Main(string[] args)
    {
        var options = args[1..].Chunk(2).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        return args[0] switch
        {
            "broker" => BrokerAsync(int.Parse(args[1], CultureInfo.InvariantCulture)),
            "service" => ServiceAsync(options),
            _ => throw new ArgumentException($"no such role: {args[0]}"),
        };
    }

    private static async Task<int> BrokerAsync(int port)
    {
        await using var broker = new EmbeddedBroker(new EmbeddedBrokerOptions { Port = port, MaxMessagesPerSecond = 1_000_000 }, NullLogger.Instance);
        await broker.StartAsync();
        Console.WriteLine("listening");
        while (await Console.In.ReadLineAsync() is not null)
        {
            // nothing is said to it
        }

        return 0;
    }

    /// <summary>
    /// <c>--broker URL</c>; <c>--die MILESTONE:N</c>: kill -9 of itself when it passes the milestone for the N-th time; <c>--clock FILE</c>: the wall clock is off by as many seconds as the file says now, with <c>--jumps all</c> the one that measures how long something took as well;
    /// <c>--standby MS</c>: waits, all loaded, until a line is said to it, and dies as many milliseconds after that.
    /// </summary>
    private static async Task<int> ServiceAsync(Dictionary<string, string> options)
    {
        var configuration = Settings.Read(Directory.GetCurrentDirectory(), BrokerOption.Keys(options["--broker"]));
        var settings = Settings.From(configuration);
        var clock = options.TryGetValue("--clock", out var file) ? new ShiftedClock(file, options.ContainsKey("--jumps")) : TimeProvider.System;
        var die = options.TryGetValue("--die", out var where) ? Death(where) : null;
        if (where?.StartsWith(nameof(Milestone.AmidCheckpoint), StringComparison.Ordinal) == true)
            settings = settings with { Storage = settings.Storage with { SliceBytes = 1, CheckpointEvery = TimeSpan.FromMilliseconds(50) } };       // a slice for each device
        if (options.TryGetValue("--standby", out var after))
        {
            Load(settings);
            Console.WriteLine("standing by");
            if (await Console.In.ReadLineAsync() is null)
                return 0;
            new Thread(() =>
            {
                Thread.Sleep(int.Parse(after, CultureInfo.InvariantCulture));
                Die();
            }).Start();
        }

        var input = new Thread(EndWithTheInput) { IsBackground = true };
        input.Start();
        return await ServiceHost.RunAsync(settings, DeviceGroups.None, configuration, CancellationToken.None, clock, die);
    }

    private static Action<Milestone> Death(string where)
    {
        var parts = where.Split(':');
        var (milestone, left) = (Enum.Parse<Milestone>(parts[0]), int.Parse(parts[1], CultureInfo.InvariantCulture));
        return passed =>
        {
            if (passed == milestone && Interlocked.Decrement(ref left) == 0)
                Die();
        };
    }

    private static void Die() => Process.GetCurrentProcess().Kill();         // SIGKILL: returns to nobody

    private static void EndWithTheInput()
    {
        while (Console.In.ReadLine() is not null)
        {
            // nothing more is said to it
        }

        Die();
    }

    // Runs what a start runs, on a store of its own, so that the next start is as fast as it can be.
    private static void Load(Settings settings)
    {
        var folder = Directory.CreateTempSubdirectory("streamrnn-standby-");
        using (Memory.Open(settings with { Storage = settings.Storage with { Path = folder.FullName } }, DeviceGroups.None, Environment.ProcessorCount, TimeProvider.System, NullLogger.Instance))
        {
        }

        folder.Delete(recursive: true);
    }

    /// <summary>A wall clock that somebody sets; the clock that never jumps goes on, unless all do.</summary>
    private sealed class ShiftedClock(string file, bool all) : TimeProvider
    {
        private TimeSpan Off => TimeSpan.FromSeconds(int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture));

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Off;

        public override long GetTimestamp() => System.GetTimestamp() + (all ? (long)(Off.TotalSeconds * TimestampFrequency) : 0);
    }
}
