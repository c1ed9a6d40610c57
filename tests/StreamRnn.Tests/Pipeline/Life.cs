using System.Buffers;
using System.Text;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Pipeline;

/// <summary>One entry as a journal would keep it: by names.</summary>
internal sealed record Record(double Now, double Heard, IReadOnlyList<(string Device, double Time, (string, double)[] Values)> Readings, IReadOnlyList<DetectorCommand> Commands);

/// <summary>A detector and a waiting room that live through the entries of a journal, and what they say of it, by device.</summary>
internal sealed class Life : IDisposable
{
    private readonly Arrivals _arrivals = new();

    public Life(int shards, DetectionOptions? options = null, BaseModel? model = null, IReadOnlyList<NetModel>? groups = null, GroupOf? groupOf = null) =>
        Fleet = new Fleet(shards, options ?? Options, model, new AlertOptions { UpdateInterval = TimeSpan.FromSeconds(5) }, groups ?? GroupLawTests.Models, groupOf: groupOf ?? GroupLawTests.GroupOf, maxLateness: TimeSpan.FromSeconds(2.5));

    public static DetectionOptions Options { get; } = new() { FalseAlarmsPerDevicePerWeek = 900, KeepScores = true };

    public Fleet Fleet { get; }

    /// <summary>Position, device (or "" for what is of none), what was said.</summary>
    public List<(long Position, string Device, string Said)> Said { get; } = [];

    /// <summary>The last copy of each device.</summary>
    public Dictionary<string, (long Position, byte[] State)> Kept { get; } = [];

    public void Fold(Record record, long position)
    {
        _arrivals.Clear();
        (_arrivals.Now, _arrivals.Heard, _arrivals.Position) = (Instant.FromSeconds(record.Now), Instant.FromSeconds(record.Heard), position);
        foreach (var (device, time, values) in record.Readings)
        {
            _arrivals.Readings.Begin(Fleet.Channel(device, values[0].Item1).Device, Instant.FromSeconds(time));
            foreach (var (channel, value) in values)
                _arrivals.Readings.Add(Fleet.Channel(device, channel), value);
            _arrivals.Readings.End();
        }

        foreach (var command in record.Commands)
            _arrivals.Add(command);
        var outcome = Fleet.Detector.Fold(Fleet.Room.Take(_arrivals));
        foreach (var alert in outcome.Alerts)
            Said.Add((position, alert.Device, Text(alert)));
        foreach (var state in outcome.States)
            Said.Add((position, state.Device, $"{state with { UsualIntervals = null! }} {string.Join(' ', state.UsualIntervals)}"));
        foreach (var score in outcome.Scores)
            Said.Add((position, score.Channel.Device.Name, $"{FoldLawTests.Bits(score)}"));
        foreach (var notice in outcome.Notices)
            Said.Add((position, notice.Device.Name, $"{notice.Model} {notice.News} {string.Join(' ', notice.Missing)} {string.Join(' ', notice.Strangers)}"));
        foreach (var reply in outcome.Replies)
            Said.Add((position, reply.Device ?? "", $"{reply.Done} {reply.Message} {string.Join(' ', reply.Normals.OrderBy(n => n.Id, StringComparer.Ordinal))}"));
        Said.Add((position, "", $"{outcome.Duplicates} duplicates, {outcome.Late} late"));
    }

    /// <summary>Copies the next changed devices.</summary>
    /// <returns>Whether a pass is over.</returns>
    public bool Copy(int maxBytes)
    {
        var into = new DeviceStates();
        var over = Fleet.Detector.CopyChanged(into, maxBytes);
        for (var i = 0; i < into.Count; i++)
            Kept[into.DeviceOf(i).Name] = (into.PositionOf(i), into[i].ToArray());
        return over;
    }

    public void CopyAll()
    {
        while (!Copy(int.MaxValue / 2))
        {
        }
    }

    public byte[] Common()
    {
        var to = new ArrayBufferWriter<byte>();
        Fleet.Detector.SaveCommon(to);
        return to.WrittenSpan.ToArray();
    }

    /// <summary>The waiting room, its channels as "device/channel" by number in <paramref name="names"/>.</summary>
    public byte[] Room(List<string> names)
    {
        var to = new ArrayBufferWriter<byte>();
        Fleet.Room.Save(to, channel =>
        {
            if (names.IndexOf(channel.ToString()) < 0)
                names.Add(channel.ToString());
            return names.IndexOf(channel.ToString());
        });
        return to.WrittenSpan.ToArray();
    }

    /// <summary>Names devices and channels in the order in which another life met them, as a store does: the order of a device's channels is the order in which their numbers are summed.</summary>
    public void Meet(Life other)
    {
        foreach (var channel in other.Fleet.Registry.Devices.SelectMany(d => d.Channels))
            Fleet.Channel(channel.Device.Name, channel.Name);
    }

    public Anew Restore(string name, long position, byte[] state)
    {
        Assert.True(Fleet.Registry.TryGetDevice(name, out var device, out _, name));
        Kept[name] = (position, state);
        return Fleet.Detector.Restore(device, position, state);
    }

    public void RestoreRoom(byte[] room, List<string> names) =>
        Fleet.Room.Restore(room, id => id < names.Count ? Fleet.Channel(names[(int)id].Split('/')[0], names[(int)id].Split('/')[1]) : null);

    public void Dispose() => Fleet.Dispose();

    private static string Text(AlertEvent alert)
    {
        var to = new ArrayBufferWriter<byte>();
        AlertJson.WriteData(alert, to);
        return Encoding.UTF8.GetString(to.WrittenSpan);
    }

    /// <summary>
    /// Eight devices with several channels, some of groups, through all that a detector has state for: wonders, silences, values that stand still, readings that overtake each other or come twice,
    /// commands about alerts that it has raised, and normals that expire.
    /// </summary>
    public static (List<Record> Journal, Life Life) Live(ulong seed, int steps)
    {
        var random = new Seeded(seed);
        var journal = new List<Record>();
        var life = new Life(2);
        var level = new double[8];
        var opened = new List<string>();
        var meant = new Queue<DetectorCommand>();          // of d5's wonders and d0's silences, so that the next of them is suppressed
        var deaf = 0.0;
        for (var step = 0; step < steps; step++)
        {
            var now = 1_700_000_000.0 + step;
            deaf += random.Chance(0.005) ? 3 : 0;
            var readings = new List<(string, double, (string, double)[])>();
            for (var d = 0; d < level.Length; d++)
            {
                level[d] = (0.9 * level[d]) + random.NextNormal();
                var (silent, stuck) = (d % 3 == 0 && step % 200 > 130, d % 3 == 1 && step % 250 > 160);
                var value = stuck ? 20 + d : 20 + d + level[d] + (random.Chance(0.01) || (d == 5 && step % 60 < 3) ? 40 : 0);
                if (silent || random.Chance(0.05))
                    continue;
                var time = now + (0.01 * d) - (random.Chance(0.1) ? 1.5 : 0);
                var values = FoldLawTests.Channels(time, value);
                readings.Add(($"d{d}", time, step > 100 && d == 2 && step % 90 < 40 ? values[..1] : values));
                if (random.Chance(0.03))
                    readings.Add(readings[^1]);
            }

            Go(new Record(now + 0.2, now + 0.2 - deaf, readings, meant.TryDequeue(out var call) ? [call] : opened.Count > 0 && random.Chance(0.12) ? [Command()] : []));
            Go(new Record(now + 0.7, now + 0.7 - deaf, [], []));
        }

        return (journal, life);

        void Go(Record record)
        {
            var before = life.Said.Count;
            journal.Add(record);
            life.Fold(record, journal.Count);
            foreach (var (_, device, said) in life.Said.Skip(before).Where(s => s.Said.Contains("\"opened\"", StringComparison.Ordinal)))
            {
                opened.Add(Id(said));
                if (device == "d5" || (device == "d0" && said.Contains("\"silence\"", StringComparison.Ordinal)))
                    meant.Enqueue(new CallNormal(opened[^1], null));
            }
        }

        DetectorCommand Command() => random.Next(8) switch
        {
            0 => new SetSensitivity(300 + random.Next(700), null),
            1 => new SetSensitivity(random.Chance(0.5) ? null : 200 + random.Next(800), $"d{random.Next(8)}"),
            2 => new ListNormal(null),
            3 => new UndoNormal(opened[random.Next(opened.Count)]),
            4 => new CallNormal(opened[^1], TimeSpan.FromSeconds(40)),
            5 => new CallNormal(opened[random.Next(opened.Count)], TimeSpan.FromSeconds(100)),
            _ => new CallNormal(opened[Math.Max(0, opened.Count - 1 - random.Next(5))], null),
        };
    }

    private static string Id(string alert)
    {
        using var json = System.Text.Json.JsonDocument.Parse(alert);
        return json.RootElement.GetProperty("alertId").GetString()!;
    }
}
