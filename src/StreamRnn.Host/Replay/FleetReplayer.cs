using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Simulators;

namespace StreamRnn.Host.Replay;

/// <summary>One reading of one device of a fleet; NaN where a channel has no value.</summary>
internal readonly record struct FleetReading(string Device, Instant Time, IReadOnlyList<string> Channels, double[] Values);

/// <summary>Lives many devices at once through one detector, in the order of their times, and maps where they are in vector space.</summary>
internal static class FleetReplayer
{
    public static FleetMap Play(IEnumerable<FleetReading> readings, BaseModel model, double radius, CancellationToken cancel)
    {
        var registry = new DeviceRegistry(maxChannels: 4096);
        using var detector = new Detector(new DetectionOptions { Silence = false }, new AlertOptions(), model, registry);
        var shard = detector.Shards[0];
        var map = new FleetMap(model.Layers.Lstm.Units, radius);
        var entry = new Arrivals();
        foreach (var reading in readings)
        {
            cancel.ThrowIfCancellationRequested();
            if (!registry.TryGetDevice(reading.Device, out var device, out var refusal))
                throw new UsageException($"{reading.Device}: the file names the device, but {refusal}.");
            entry.Readings.Clear();
            entry.Readings.Begin(device, reading.Time);
            for (var i = 0; i < reading.Values.Length; i++)
            {
                if (double.IsNaN(reading.Values[i]))
                    continue;
                if (!registry.TryGetChannel(device, reading.Channels[i], out var channel, out var why))
                    throw new UsageException($"{reading.Device}: {why}.");
                entry.Readings.Add(channel, reading.Values[i]);
            }

            entry.Readings.End();
            entry.Now = entry.Heard = reading.Time;
            entry.Ticket++;
            detector.Fold(entry);
            map.Follow(shard, device);
        }

        return map;
    }

    /// <summary>The rows of many files, merged by time.</summary>
    public static IEnumerable<FleetReading> Merge(IReadOnlyList<SeriesFile> files)
    {
        var queue = new PriorityQueue<(SeriesFile File, IEnumerator<(Instant Time, double[] Values)> Rows), (Instant Time, int File)>();
        for (var f = 0; f < files.Count; f++)
        {
            var rows = files[f].Rows().GetEnumerator();
            if (rows.MoveNext())
                queue.Enqueue((files[f], rows), (rows.Current.Time, f));
        }

        while (queue.TryDequeue(out var next, out var place))
        {
            yield return new FleetReading(next.File.Device, place.Time, next.File.Channels, next.Rows.Current.Values);
            if (next.Rows.MoveNext())
                queue.Enqueue(next, (next.Rows.Current.Time, place.File));
        }
    }

    /// <summary>A fleet of every simulated kind: a day at a reading every two minutes.</summary>
    public static IEnumerable<FleetReading> Simulate(int devices, long seed)
    {
        var start = new DateTimeOffset(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);
        var options = new ScenarioOptions { Length = TimeSpan.FromHours(24), Every = TimeSpan.FromMinutes(2) };
        foreach (var emission in Scenario.Create(seed, [], devices, start, [], options).Emissions())
            if (emission.Reading is { } reading)
                yield return new FleetReading(
                    reading.Device, new Instant((reading.Time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond), [.. reading.Channels.Select(c => c.Name)], reading.Values);
    }
}
