using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <content>Stuck: which series send one value over and over though they usually do not, and the alerts that say so.</content>
public sealed partial class Shard
{
    /// <summary>Decades above the threshold where siblings stand still too: rest is likelier than a defect then, so the severity is info; the alert is told all the same.</summary>
    private const double SharedExcess = 0.4;

    /// <summary>Judges a device's samples for standing still, before they are learned. One alert for all its channels.</summary>
    private void JudgeStuck(ReadingBatch batch, int index, Device device, ref DeviceRow about, Outcome outcome)
    {
        var reading = batch[index];
        var start = batch.Start(index);
        var threshold = about.Asked(BudgetOf(about));
        var isOpen = _book.HasOpen(device, AlertFamily.Stuck);
        var (rarest, channel) = (0.0, (Channel?)null);
        for (var k = 0; k < reading.Length; k++)
        {
            ref var row = ref _series[reading[k].Channel.Slot];
            if (_foresight.IsDropped(start + k) || row.Count == 0)
                continue;
            if (Bounded(reading[k].Value) != row.Last)
            {
                _normals.Ended(reading[k].Channel, AlertKind.Stuck, (reading[k].Time.Microseconds - row.Still.RunSince) / 1e6);
                row.Still.Free();
                continue;
            }

            // As many tries as channels (Bonferroni).
            if (about.Count >= DeviceRow.WarmUp && row.Still.Rarity(reading[k].Time.Microseconds) - Math.Log10(Math.Max(1, about.Channels)) > threshold)
                row.Still.Find();
            if (row.Still.Stuck && row.Still.Lasting(threshold) > rarest)
                (rarest, channel) = (row.Still.Lasting(threshold), reading[k].Channel);
        }

        if (!isOpen && channel is null)
            return;
        var stuck = 0;
        foreach (var other in device.Channels)
            stuck += other.Slot < _channels.Count && _series[other.Slot].Still.Stuck ? 1 : 0;
        if (stuck > 0 && channel is null)
            return;                                          // a reading of other channels: nothing new of those that are stuck
        if (stuck > 1)
            (rarest, channel) = (threshold + SharedExcess, stuck == about.Channels ? null : channel);
        var told = TellStuck(new Verdict(device, AlertKind.Stuck, channel, reading[0].Time, _now, rarest, threshold, true, about.ReadingsPerWeek), outcome);
        if (told is null)
            return;
        outcome.Alerts.Add(told);
        if (told.Resolution == Resolution.Adopted)
        {
            foreach (var other in device.Channels)
            {
                if (other.Slot < _channels.Count)
                    _series[other.Slot].Still.Adopt();
            }
        }

        if (told.Status == AlertStatus.Resolved)
            about.SinceAlert = Math.Min(about.SinceAlert, DeviceRow.Refractory - Outlook.FarSteps);    // forecasts made from the frozen value have to run out
    }
}
