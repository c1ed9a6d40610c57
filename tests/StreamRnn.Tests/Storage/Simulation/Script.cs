using StreamRnn.Nets;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Storage.Simulation;

/// <summary>A reading by names.</summary>
internal sealed record ScriptReading(string Device, Instant Time, IReadOnlyList<(string Channel, double Value)> Values, long Sequence = Sample.Unnumbered);

/// <summary>What a publisher sends at once: readings of one device, or a command.</summary>
internal sealed record Payload(IReadOnlyList<ScriptReading> Readings, DetectorCommand? Command = null);

/// <summary>What the publishers send, in the order in which the broker has it: a few devices that learn, and then break again and again.</summary>
internal static class Script
{
    public static readonly Instant Start = new(1_772_000_000_000_000);

    private const int Learning = 56, Period = 10_000_000;   // readings; µs

    public static List<Payload> Make(Plan plan)
    {
        var random = Seeded.For(plan.Seed, 1);
        var devices = Enumerable.Range(0, plan.Devices).Select(_ => Seeded.For(plan.Seed, random.NextUInt64())).ToArray();
        var lives = devices.Select((own, d) => Life($"d{d}", own, plan).GetEnumerator()).ToArray();
        var script = new List<Payload>();
        var left = plan.Devices;
        var done = new bool[plan.Devices];
        while (left > 0)
        {
            var d = random.Next(plan.Devices);
            if (done[d])
                continue;
            if (lives[d].MoveNext())
                script.Add(lives[d].Current);
            else
                (done[d], left) = (true, left - 1);
        }

        return script;
    }

    /// <summary>A last reading of each device, long after the others: what comes in order ends a run of late ones.</summary>
    public static List<Payload> Last(Plan plan)
    {
        var last = Make(plan).SelectMany(p => p.Readings).GroupBy(r => r.Device).Select(device => device.Last());
        return [.. last.Select(reading => new Payload([reading with { Time = Start + TimeSpan.FromHours(1), Sequence = reading.Sequence < 0 ? reading.Sequence : 1000 }]))];
    }

    private static IEnumerable<Payload> Life(string device, Seeded random, Plan plan)
    {
        var (channels, usual, numbered, fault, shift) = (1 + random.Next(2), random.NextDouble(-50, 50), random.Chance(0.3), 0, 0.0);
        var readings = new List<ScriptReading>();
        for (var i = 0; i < Learning + plan.Readings; i++)
        {
            if (i > Learning + 4 && random.Chance(0.15))
                fault = 1 + random.Next(3);
            if (i > Learning + 4 && random.Chance(0.03))
                shift += random.Chance(0.5) ? 6 : -6;
            var values = new (string, double)[channels];
            for (var c = 0; c < channels; c++)
                values[c] = ($"c{c}", Math.Round(usual + shift + Math.Sin(i / 3.0) + (0.1 * random.NextNormal()) + (fault > 0 && c == 0 ? 60 : 0), 3));
            fault--;
            readings.Add(new ScriptReading(device, Start + TimeSpan.FromMicroseconds(((long)i * Period) + random.Next(100_000)), values, numbered ? i : Sample.Unnumbered));
        }

        // Some come late: behind the one or two that follow. The last come in order.
        for (var i = Learning; i < readings.Count - 5; i++)
        {
            if (random.Chance(plan.Late))
                readings.Insert(i + 1 + random.Next(2), Take(i));
        }

        for (var i = 0; i < readings.Count;)
        {
            var count = Math.Min(i < Learning ? 1 + random.Next(30) : random.Chance(0.8) ? 1 : 2 + random.Next(3), readings.Count - i);
            var payload = new Payload(readings.GetRange(i, count));
            yield return payload;
            if (random.Chance(plan.Twice) && i + count < readings.Count)
                yield return payload;
            i += count;
        }

        ScriptReading Take(int i)
        {
            var reading = readings[i];
            readings.RemoveAt(i);
            return reading;
        }
    }
}
