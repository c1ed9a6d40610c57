using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Host.Replay;

/// <summary>
/// Lives a recorded series through the same detector as the service: each row is one entry whose time of arrival is the row's own time, and before each
/// row the clock ticks, so that a silence in the record is noticed when it happens and not at its end.
/// </summary>
/// <param name="own">A net of the user's own for the files' devices; null: the base model alone.</param>
/// <param name="maxLateness">How long readings wait to be put back in order.</param>
internal sealed class Replayer(DetectionOptions detection, AlertOptions alerts, BaseModel model, NetModel? own = null, TimeSpan maxLateness = default)
{
    private static readonly TimeSpan JustBefore = TimeSpan.FromMicroseconds(1);

    /// <summary>Replays one file with a detector of its own: files do not influence each other.</summary>
    /// <param name="outcome">Is told what came of each entry, valid during the call.</param>
    /// <param name="afterRow">Called with the time of each row of the file when it is through, whether or not anything of it was used.</param>
    /// <returns>Readings that had at least one value.</returns>
    /// <exception cref="UsageException">A row cannot be used.</exception>
    /// <param name="history">Of the same device: what it is to know before the first row.</param>
    public long Play(SeriesFile file, Action<Outcome> outcome, CancellationToken cancel, Action<Instant>? afterRow = null, History? history = null)
    {
        var registry = new DeviceRegistry(maxChannels: Math.Max(256, file.Channels.Count), groupOf: _ => own is null ? -1 : 0);
        if (!registry.TryGetDevice(file.Device, out var device, out var refusal))
            throw new UsageException($"{file.Path}: the file names the device, but {refusal}.");
        var channels = file.Channels.Select(name => registry.TryGetChannel(device, name, out var channel, out var why)
            ? channel : throw new UsageException($"{file.Path}: {why}.")).ToArray();
        using var detector = new Detector(detection, alerts, model, registry, own is null ? [] : [own]);
        history?.Fold(detector, registry, device, history.Until, _ => { }, _ => { });
        var room = new WaitingRoom(maxLateness);
        var tick = new Arrivals();
        var row = new Arrivals();
        Instant? last = null, before = null;
        var readings = 0L;
        foreach (var (time, values) in file.Rows())
        {
            cancel.ThrowIfCancellationRequested();
            // Time of arrival never runs backwards, even where the record's does: there it goes on by the record's own steps.
            var now = last is { } arrived && before is { } previous && arrived >= time ? arrived + (time > previous ? time - previous : TimeSpan.Zero) : time;
            if (last < now)
            {
                tick.Now = tick.Heard = now + -JustBefore;
                outcome(detector.Fold(room.Take(tick)));
            }

            row.Readings.Clear();
            row.Readings.Begin(device, time);
            for (var i = 0; i < values.Length; i++)
            {
                if (!double.IsNaN(values[i]))
                    row.Readings.Add(channels[i], values[i]);
            }

            row.Readings.End();
            row.Now = row.Heard = now;
            row.Ticket = ++readings;
            outcome(detector.Fold(room.Take(row)));
            afterRow?.Invoke(time);
            (last, before) = (now, time);
        }

        if (room.TryFlush(out var rest))
            outcome(detector.Fold(rest));
        if (last is { } end)
        {
            tick.Now = tick.Heard = end;
            outcome(detector.Fold(room.Take(tick)));
        }

        return readings;
    }
}
