using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <content>Silence: which series are overdue, and the alerts that say so.</content>
public sealed partial class Shard
{
    private void Listen(Outcome outcome)
    {
        ListenToHushed(outcome);
        foreach (var device in _silent)
        {
            var channel = FirstSilent(device);
            if (channel is not null && !Has(device))
                Observe(device, channel, new Instant(_series[channel.Slot].LastTime + _heard.Microseconds - _series[channel.Slot].LastHeard), SilenceWatch.Rarity(_series[channel.Slot], SilenceAsked(channel.Slot), SilenceRarity(channel.Slot), _heard.Microseconds), outcome);
        }

        while (_watch.NextOverdue(_series, _heard.Microseconds, LookAt) is >= 0 and var slot)
        {
            ref var row = ref _series[slot];
            row.Silent = true;
            var device = _channels[slot].Device;
            if (_book.HasOpen(device, AlertFamily.Silence))
                continue;                                    // one incident, one alert
            // The whole device is silent when none of its channels was heard after this one.
            var whole = true;
            foreach (var other in device.Channels)
                whole &= other.Slot >= _channels.Count || _series[other.Slot].LastHeard <= row.LastHeard;
            var due = row.LastTime + (long)(1e6 * SilenceWatch.Deadline(row, SilenceRarity(slot)));
            if (Hushes(device, whole ? null : _channels[slot], slot, new Instant(due), outcome))
                continue;
            if (Observe(device, whole ? null : _channels[slot], new Instant(due), SilenceWatch.Rarity(row, SilenceAsked(slot), SilenceRarity(slot), _heard.Microseconds), outcome))
                _silent.Add(device);
        }
    }

    /// <summary>The silence is over when no channel of the device is overdue any more.</summary>
    private void EndSilence(Device device, Outcome outcome)
    {
        // Not by whether any is silent: what becomes of a device does not depend on others.
        if (!_book.HasOpen(device, AlertFamily.Silence) || FirstSilent(device) is not null)
            return;
        Observe(device, null, new Instant(_devices[device.Slot].LastTime), 0, outcome);
        if (!_book.HasOpen(device, AlertFamily.Silence))
            _silent.Remove(device);
    }

    private Channel? FirstSilent(Device device)
    {
        foreach (var channel in device.Channels)
        {
            if (channel.Slot < _channels.Count && _series[channel.Slot].Silent)
                return channel;
        }

        return null;
    }

    private bool Observe(Device device, Channel? channel, Instant eventTime, double rarity, Outcome outcome)
    {
        ref var about = ref _devices[device.Slot];
        var threshold = about.Asked(BudgetOf(about));
        var before = _book.StateOf(device, AlertFamily.Silence);
        var told = _book.Observe(new Verdict(device, AlertKind.Silence, channel, eventTime, _now, rarity, threshold, true, about.ReadingsPerWeek));
        if (_book.StateOf(device, AlertFamily.Silence) != before)
            Changed(device);
        if (told is null)
            return false;
        outcome.Alerts.Add(told);
        if (told.Status == AlertStatus.Opened)
            _normals.Opened(told, device, channel, Glimpse(device, channel, null, 0));
        Move(device, ref about, eventTime, outcome);
        return told.Status == AlertStatus.Opened;
    }

    /// <summary>How rare a silence of this series must be to be told: as its budget asks, and more while there are hours of the week that were not seen.</summary>
    private double SilenceRarity(int slot) => SilenceAsked(slot) + _series[slot].Still.Unseen(_series[slot].LastTime);

    private double SilenceAsked(int slot) => _devices[_channels[slot].Device.Slot].Asked(BudgetOf(_devices[_channels[slot].Device.Slot]));
}
