using System.Globalization;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <content>Commands, and what they lead to: episodes that were called normal open no alert.</content>
public sealed partial class Shard
{
    private const int EvidenceKinds = 5;

    private readonly NormalBook _normals;
    private double _configured;             // the configuration's budget
    private readonly float[] _evidence = new float[EvidenceKinds];
    private readonly List<(Device Device, Channel? Channel, int Slot)> _hushed = [];     // silences that were called normal and go on
    private float[] _rarities = [];

    /// <summary>Hands the verdict on values to the alert's life, unless it is like what was called normal.</summary>
    /// <param name="normal">Whether an episode that was called normal has become the level of the series.</param>
    private AlertEvent? Tell(in Verdict verdict, ReadingBatch batch, int index, Outcome outcome, out bool normal)
    {
        normal = false;
        var device = verdict.Device;
        var wouldOpen = _book.WouldOpen(verdict);
        if (!wouldOpen && !_normals.Follows(device))
            return _book.Observe(verdict);
        var isOpen = _book.HasOpen(device, AlertFamily.Values);
        var glimpse = Glimpse(device, _normals.ChannelOf(device) ?? verdict.Channel, batch, index);
        var hush = isOpen ? Hush.None : _normals.Observe(verdict, glimpse, wouldOpen, Odd(device, verdict.Threshold));
        normal = hush == Hush.Adopted;
        if (hush == Hush.Begins)
            TellState(device, ref _devices[device.Slot], outcome);
        var told = _book.Observe(hush == Hush.None ? verdict : verdict with { MayOpen = false });
        if (told is { Status: AlertStatus.Opened })
            _normals.Opened(told, device, verdict.Channel, Glimpse(device, verdict.Channel, batch, index));
        else if (isOpen)
            _normals.Extend(verdict, glimpse, told is not { Status: AlertStatus.Resolved });
        return told;
    }

    /// <summary>The rarity from which a channel by itself would open an alert of its device: beyond the cap it pays for being one of many.</summary>
    private double Odd(Device device, double threshold) =>
        _devices[device.Slot].Channels <= 1 ? threshold : Math.Max(DeviceRow.Cap, threshold + Math.Log10(_devices[device.Slot].Channels));

    private Glimpse Glimpse(Device device, Channel? channel, ReadingBatch? batch, int index)
    {
        if (_rarities.Length < device.Channels.Count)
            _rarities = new float[device.Channels.Count];
        var time = batch is null ? new Instant(_devices[device.Slot].LastTime) : batch[index][0].Time;
        foreach (var c in device.Channels)
            _rarities[c.Index] = IsFresh(c, time) ? _series[c.Slot].Rarity : 0;
        var glimpse = new Glimpse { Channels = _rarities.AsSpan(0, device.Channels.Count) };
        if (channel is null || channel.Slot >= _channels.Count)
            return glimpse;
        glimpse = glimpse with { State = StateAt(channel.Slot)[.._net.Units] };
        if (batch is null)
            return glimpse;
        for (var k = 0; k < batch[index].Length; k++)
        {
            var i = batch.Start(index) + k;
            ref var row = ref _series[channel.Slot];
            if (!ReferenceEquals(batch[index][k].Channel, channel) || _foresight.IsDropped(i) || row.Count == 0)
                continue;
            ref var seen = ref _foresight[i];
            var (x, floor) = (Bounded(batch[index][k].Value), Outlook.Floor(row));
            var (error, deviation) = ((x - seen.Near) / Math.Max(row.NearScale, floor), (x - row.Slow) / Math.Max(row.Spread, floor));
            (_evidence[0], _evidence[1], _evidence[2], _evidence[3], _evidence[4]) =
                ((float)seen.Calibrated.Range, (float)seen.Calibrated.Level, (float)seen.Calibrated.Near, (float)seen.Calibrated.Far, (float)seen.Calibrated.Window);
            return glimpse with
            {
                Error = error,
                Deviation = deviation,
                Upwards = (seen.Calibrated.Strongest == EvidenceKind.Level ? Learning.NextLevel(row, x) : error) >= 0,
                Evidence = _evidence,
            };
        }

        return glimpse;
    }

    private void Obey(DetectorCommand command, Outcome outcome)
    {
        if (WasObeyed(command, outcome))
            return;
        switch (command)
        {
            case CallNormal call:
                Call(call, outcome);
                break;
            case UndoNormal undo when _normals.Undo(undo.AlertId, undo.Device) is { } device:
                Changed(device);
                TellState(device, ref _devices[device.Slot], outcome);
                Reply(outcome, undo, $"Alert {undo.AlertId} of {device} is no longer called normal; episodes like it are reported again.", device);
                break;
            case ListNormal list:
                outcome.Replies.Add(new CommandReply(list, true, "", list.Device, [.. _normals.List(list.Device)]));
                break;
            case SetSensitivity set:
                Set(set, outcome);
                break;
        }
    }

    private void Set(SetSensitivity set, Outcome outcome)
    {
        if (set.Device is null)
        {
            if (!HasCommon())
                Ask(set.FalseAlarmsPerWeek);
            outcome.Replies.Add(new CommandReply(set, true, string.Create(CultureInfo.InvariantCulture, $"The budget is {set.FalseAlarmsPerWeek ?? _configured} false alarms per device and week."), null, []));
        }
        else if (_channels.Find(c => c.Device.Name == set.Device)?.Device is { } device && device.Slot < _devices.Capacity)
        {
            ref var about = ref _devices[device.Slot];
            Changed(device);
            about.OwnBudget = (float)(set.FalseAlarmsPerWeek ?? 0);
            Reply(outcome, set, string.Create(CultureInfo.InvariantCulture, $"The budget of {device} is {set.FalseAlarmsPerWeek ?? _options.FalseAlarmsPerDevicePerWeek} false alarms a week."), device);
        }
    }

    private double BudgetOf(in DeviceRow about) => about.OwnBudget > 0 ? about.OwnBudget : _options.FalseAlarmsPerDevicePerWeek;

    private void Call(CallNormal call, Outcome outcome)
    {
        var until = call.For is { } time ? _now + time : default(Instant?);
        var (episode, refusal) = _normals.Call(call.AlertId, _now, until);
        if (refusal is not null)
            outcome.Replies.Add(new CommandReply(call, false, refusal, null, []));
        if (episode is null)
            return;
        var device = episode.Device;
        Changed(device);
        ref var about = ref _devices[device.Slot];
        var family = AlertLife.FamilyOf(episode.Kind);
        if (_book.Close(device, family, call.AlertId, new Instant(about.LastTime), _now) is { } told)
        {
            outcome.Alerts.Add(told);
            Settle(device, episode, family);
            Move(device, ref about, new Instant(about.LastTime), outcome);
        }

        // It was no incident, so it does not keep others from being told; what it cost of the budget is spent.
        about.SinceAlert = Math.Max(about.SinceAlert, DeviceRow.Refractory);
        TellState(device, ref about, outcome);
        Reply(outcome, call, $"Alert {call.AlertId} of {device} is called normal{(until is { } at ? $" until {at}" : "")}: episodes like it are not reported any more.", device);
    }

    private bool Hushes(Device device, Channel? channel, int slot, Instant due, Outcome outcome)
    {
        if (_normals.ObserveLasting(device, AlertKind.Silence, channel, new Instant(_series[slot].LastTime), due, SilentFor(slot)) == Hush.None)
            return false;
        Changed(device);
        _hushed.Add((device, channel, slot));
        TellState(device, ref _devices[device.Slot], outcome);
        return true;
    }

    /// <summary>A silence like one that was called normal is told after all when it lasts longer.</summary>
    private void ListenToHushed(Outcome outcome)
    {
        for (var i = _hushed.Count - 1; i >= 0; i--)
        {
            var (device, channel, slot) = _hushed[i];
            if (Has(device))
                continue;
            ref var row = ref _series[slot];
            var hush = row.Silent ? _normals.ObserveLasting(device, AlertKind.Silence, channel, new Instant(row.LastTime), default, SilentFor(slot)) : Hush.None;
            if (hush != Hush.GoesOn)
                Changed(device);
            if (hush != Hush.None)
                continue;
            _hushed.RemoveAt(i);
            var until = new Instant(row.LastTime + _heard.Microseconds - row.LastHeard);
            if (row.Silent && !_book.HasOpen(device, AlertFamily.Silence)
                && Observe(device, channel, until, SilenceWatch.Rarity(row, SilenceAsked(slot), SilenceRarity(slot), _heard.Microseconds), outcome))
                _silent.Add(device);
        }
    }

    /// <summary>Hands the verdict on standing still to the alert's life, unless such a run was called normal.</summary>
    private AlertEvent? TellStuck(in Verdict verdict, Outcome outcome)
    {
        var device = verdict.Device;
        if (!_book.WouldOpen(verdict))
            return _book.Observe(verdict);
        var slot = (verdict.Channel ?? device.Channels[0]).Slot;
        var began = new Instant(_series[slot].Still.RunSince);
        var hush = _normals.ObserveLasting(device, AlertKind.Stuck, verdict.Channel, began, verdict.EventTime, (verdict.EventTime - began).TotalSeconds);
        if (hush == Hush.Begins)
            TellState(device, ref _devices[device.Slot], outcome);
        if (hush != Hush.None)
            return null;
        var told = _book.Observe(verdict);
        if (told is not null)
            _normals.Opened(told, device, verdict.Channel, Glimpse(device, verdict.Channel, null, 0));
        return told;
    }

    private double SilentFor(int slot) => (_heard.Microseconds - _series[slot].LastHeard) / 1e6;

    /// <summary>What is going on belongs to what is normal: how long it lasts is learned when it ends.</summary>
    private void Settle(Device device, Episode episode, AlertFamily family)
    {
        if (family == AlertFamily.Silence)
        {
            _silent.Remove(device);
            if (FirstSilent(device) is { } silent)
                episode.Seconds = Math.Max(episode.Seconds, SilentFor(silent.Slot));
        }

        if (family != AlertFamily.Stuck)
            return;
        foreach (var channel in device.Channels)
        {
            if (channel.Slot < _channels.Count)
                _series[channel.Slot].Still.Adopt();
        }
    }

    private void Expire(Outcome outcome)
    {
        while (_normals.NextExpired(_now) is { } device)
        {
            Changed(device);
            TellState(device, ref _devices[device.Slot], outcome);
        }
    }

    private static void Reply(Outcome outcome, DetectorCommand command, string message, Device device) =>
        outcome.Replies.Add(new CommandReply(command, true, message, device.Name, []));
}
