using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <summary>
/// Some devices, one thread: entries in, alerts out. Owns the rows of its devices and series, their hidden and cell states, and their open alerts.
/// Reads no clock, draws no randomness: the same entries make the same outcomes, bit for bit, whatever batch a reading comes in.
/// A reading's way: <see cref="Admit"/> (order) → <see cref="Foresee"/> (step the nets) → <see cref="Judge"/> (score, alert) → <see cref="Learn"/>.
/// </summary>
public sealed class Shard : IDisposable
{
    /// <summary>So many late readings in a row mean that the device's clock was set back; its new time is taken for true.</summary>
    public const int LateReadingsToAdopt = 10;

    private readonly ForecastNet _net;
    private readonly StateBank _states;
    private readonly Rows<SeriesRow> _series = new();
    private readonly Rows<DeviceRow> _devices = new();
    private readonly List<Channel> _channels = [];          // by slot
    private readonly SilenceWatch _watch = new();
    private readonly List<Device> _silent = [];             // devices with an open silence alert
    private readonly AlertBook _book;
    private readonly Foresight _foresight;
    private readonly GroupForesight[] _groups;
    private DetectionOptions _options;
    private Instant _now, _heard;
    private ReadingBatch? _batch;                           // what is being judged: its values are not in the rows yet
    private int _index;

    public Shard(DetectionOptions detection, AlertOptions alerts, BaseModel model, IReadOnlyList<NetModel> groups)
    {
        _options = detection;
        _net = new ForecastNet(model.Layers);
        _states = StateBank.ForLstm(_net.Units);
        _book = new AlertBook(alerts, new ModelName(model.Id, model.Version), Describe);
        _foresight = new Foresight(_net);
        _groups = [.. groups.Select(group => new GroupForesight(group))];
    }

    public int SeriesCount => _channels.Count;

    public int OpenAlerts => _book.Open.Count;

    /// <summary>Takes effect with the next reading and forgets nothing.</summary>
    public void Set(DetectionOptions options) => _options = options;

    /// <summary>Folds this shard's part of one entry, and looks at the clock.</summary>
    public void Fold(IReadOnlyList<ReadingBatch> batches, Instant now, Instant heard, Outcome outcome)
    {
        (_now, _heard) = (now, heard);
        foreach (var batch in batches)
        {
            Admit(batch, outcome);
            Foresee(batch, outcome);
            for (var i = 0; i < batch.ReadingCount; i++)
            {
                (_batch, _index) = (batch, i);
                Judge(batch, i, outcome);
                _batch = null;
            }
        }

        if (_options.Silence)
            Listen(outcome);
    }

    /// <summary>The learned row of a series, for tests and checkpoints.</summary>
    public ref readonly SeriesRow SeriesAt(int slot) => ref _series[slot];

    /// <summary>Hidden and cell state of a series, [h | c].</summary>
    public ReadOnlySpan<float> StateAt(int slot) => _states.Row(slot);

    /// <summary>State of a device's sequence in the net of its group; empty where it has none.</summary>
    public ReadOnlySpan<float> GroupStateOf(Device device) => GroupOf(device) is { } group ? group.StateOf(device) : [];

    public void Dispose()
    {
        foreach (var group in _groups)
            group.Dispose();
        _states.Dispose();
        _foresight.Dispose();
    }

    /// <summary>Which samples are taken: a reading at its series' last time with its last value is a duplicate, one before it is late; a recurrent state cannot go back.</summary>
    private void Admit(ReadingBatch batch, Outcome outcome)
    {
        _foresight.Begin(batch.SampleCount);
        var samples = batch.Samples;
        for (var i = 0; i < batch.ReadingCount; i++)
        {
            var (duplicates, late, start) = (0, 0, batch.Start(i));
            var reading = batch[i];
            for (var k = 0; k < reading.Length; k++)
            {
                var slot = reading[k].Channel.Slot;
                while (_channels.Count <= slot)
                    _channels.Add(reading[k].Channel);
                _channels[slot] = reading[k].Channel;
                _series.EnsureSlot(slot);
                ref var row = ref _series[slot];
                var time = reading[k].Time.Microseconds;
                if (row.Count > 0 && time <= row.LastTime)
                {
                    if (time == row.LastTime && Bounded(reading[k].Value) == row.Last)
                    {
                        duplicates++;
                        _foresight.Drop(start + k);
                        continue;
                    }

                    if (time < row.LastTime && ++row.LateRun < LateReadingsToAdopt)
                    {
                        late++;
                        _foresight.Drop(start + k);
                        continue;
                    }

                    if (time < row.LastTime)
                        row.LastTime = time;
                }

                row.LateRun = 0;
            }

            outcome.Readings++;
            outcome.Duplicates += duplicates > 0 ? 1 : 0;
            outcome.Late += late > 0 ? 1 : 0;
        }

        if (samples.Length > 0)
            _states.EnsureRows(_channels.Count);
    }

    /// <summary>Steps the base model for all samples together, and each group's net for its devices: forecasts of these values, and of those 11 readings on, none of which was looked at.</summary>
    private void Foresee(ReadingBatch batch, Outcome outcome)
    {
        var samples = batch.Samples;
        for (var i = 0; i < samples.Length; i++)
        {
            if (!_foresight.IsDropped(i) && _series[samples[i].Channel.Slot].Count > 0)
                _foresight.Look(i, samples[i].Channel.Slot, _series[samples[i].Channel.Slot], samples[i].Time.Microseconds);
        }

        _foresight.Step(_states);
        if (_groups.Length == 0)
            return;
        for (var i = 0; i < batch.ReadingCount; i++)
        {
            if (GroupOf(batch[i][0].Channel.Device) is { } group && Begins(group, batch, i))
                group.Look(batch[i][0].Channel.Device, _series, outcome);
        }

        foreach (var group in _groups)
            group.Step(outcome);
        for (var i = 0; i < samples.Length; i++)
        {
            if (GroupOf(samples[i].Channel.Device) is { } group && group.PredictionOf(samples[i].Channel) is var prediction && !double.IsNaN(prediction))
                _foresight[i].Near = Bounded(prediction);
        }
    }

    private bool Begins(GroupForesight group, ReadingBatch batch, int index)
    {
        for (var k = 0; k < batch[index].Length; k++)
        {
            if (!_foresight.IsDropped(batch.Start(index) + k) && group.Begins(batch[index][k].Channel))
                return true;
        }

        return false;
    }

    private GroupForesight? GroupOf(Device device) => device.Group < 0 ? null : device.Group < _groups.Length ? _groups[device.Group]
        : throw new ArgumentException($"device '{device}' is of group {device.Group}; this detector has the nets of {_groups.Length} groups");

    private void Judge(ReadingBatch batch, int index, Outcome outcome)
    {
        var reading = batch[index];
        var start = batch.Start(index);
        var device = reading[0].Channel.Device;
        var (taken, top, topRarity) = (0, -1, -1.0);
        for (var k = 0; k < reading.Length; k++)
        {
            if (_foresight.IsDropped(start + k))
                continue;
            taken++;
            ref var row = ref _series[reading[k].Channel.Slot];
            if (row.Count == 0)
                continue;
            ref var seen = ref _foresight[start + k];
            seen.Raw = Evidence.Of(row, Bounded(reading[k].Value), seen.Near);
            seen.Calibrated = seen.Raw.Calibrated(row);
            seen.Combined = seen.Calibrated.Combined;
            row.Rarity = (float)Math.Min(row.AllTail.Rarity(seen.Combined), 1e6);
            row.Expected = seen.Near;
            if (row.Rarity > topRarity)
                (top, topRarity) = (k, row.Rarity);
        }

        if (taken == 0)
            return;

        _devices.EnsureSlot(device.Slot);
        ref var about = ref _devices[device.Slot];
        var time = reading[0].Time;
        var (combined, rarest) = CombineChannels(device, time);
        var rarity = about.Rarity(combined, rarest, about.Channels);
        var budget = _options.FalseAlarmsPerDevicePerWeek;
        var threshold = about.Threshold(budget);
        var wasOpen = _book.HasOpen(device, AlertFamily.Values);
        var kind = top < 0 ? AlertKind.PredictionError : KindOf(_foresight[start + top].Calibrated.Strongest);
        var channel = top < 0 ? null : reading[top].Channel;
        var told = _book.Observe(new Verdict(device, kind, channel, time, _now, Math.Min(rarity, DeviceRow.MostRarity), threshold, about.MayOpen, about.ReadingsPerWeek));
        if (told is not null)
        {
            outcome.Alerts.Add(told);
            if (told.Status == AlertStatus.Opened)
                about.AlertOpened();
        }

        // Learning stops while an alert is open, the reading that opened it included.
        var isOpen = _book.HasOpen(device, AlertFamily.Values);
        var learns = !isOpen;
        var adopted = told is { Resolution: Resolution.Adopted };
        for (var k = 0; k < reading.Length; k++)
        {
            if (!_foresight.IsDropped(start + k))
                Learn(reading[k], start + k, learns, adopted);
        }

        about.Learn(time.Microseconds, combined, budget, learns && wasOpen == isOpen);
        EndSilence(device, outcome);
        Move(device, ref about, time, outcome);
        if (_options.KeepScores)
            Show(batch, index, rarity, threshold, (Phase)about.Phase, outcome);
    }

    private void Learn(in Sample sample, int i, bool learns, bool adopted)
    {
        ref var row = ref _series[sample.Channel.Slot];
        var (x, time) = (Bounded(sample.Value), sample.Time.Microseconds);
        var isFirst = row.Count == 0;
        if (isFirst)
        {
            Learning.First(ref row, x, time);
            _devices[sample.Channel.Device.Slot].Channels++;
        }

        GroupOf(sample.Channel.Device)?.Came(sample.Channel);
        row.LastHeard = _heard.Microseconds;
        if (isFirst || row.Silent)
        {
            row.Silent = false;
            _watch.Watch(sample.Channel.Slot, row, SilenceRarity(sample.Channel.Slot));
        }

        if (isFirst)
            return;
        ref var seen = ref _foresight[i];
        var near = _foresight.NearAnchors(i);
        var far = _foresight.FarAnchors(i);
        if (adopted)
            Learning.Adopt(ref row);
        if (learns)
        {
            seen.Raw.Learn(ref row, seen.Combined);
            Learning.Errors(ref row, x, near, seen.Near);
            Learning.Habits(ref row, x, time);
        }

        Learning.Await(ref row, seen.Far, far);
        Learning.Levels(ref row, x, time, near);
    }

    /// <summary>Over the channels heard of lately — within two of their usual intervals — so that channels which come one by one count together.</summary>
    /// <returns>The combination, and the rarest single channel.</returns>
    private (double Combined, double Rarest) CombineChannels(Device device, Instant time)
    {
        double squares = 0, rarest = 0;
        var fresh = 0;
        foreach (var channel in device.Channels)
        {
            if (!IsFresh(channel, time))
                continue;
            var rarity = Math.Min(_series[channel.Slot].Rarity, DeviceRow.Cap);
            rarest = Math.Max(rarest, _series[channel.Slot].Rarity);
            squares += rarity * rarity;
            fresh++;
        }

        return (DeviceRow.Combine(squares, Math.Max(1, fresh)), rarest);
    }

    private bool IsFresh(Channel channel, Instant time)
    {
        if (channel.Slot >= _channels.Count || _series[channel.Slot].Count == 0)
            return false;
        ref var row = ref _series[channel.Slot];
        return time.Microseconds - row.LastTime <= 2e6 * Math.Max(row.Interval, 1e-3);
    }

    private void Listen(Outcome outcome)
    {
        foreach (var device in _silent)
        {
            var channel = FirstSilent(device);
            if (channel is not null)
                Observe(device, channel, new Instant(_series[channel.Slot].LastTime + _heard.Microseconds - _series[channel.Slot].LastHeard), SilenceWatch.Rarity(_series[channel.Slot], SilenceRarity(channel.Slot), _heard.Microseconds), outcome);
        }

        while (_watch.NextOverdue(_series, _heard.Microseconds, SilenceRarity) is >= 0 and var slot)
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
            if (Observe(device, whole ? null : _channels[slot], new Instant(due), SilenceWatch.Rarity(row, SilenceRarity(slot), _heard.Microseconds), outcome))
                _silent.Add(device);
        }
    }

    /// <summary>The silence is over when no channel of the device is overdue any more.</summary>
    private void EndSilence(Device device, Outcome outcome)
    {
        if (_silent.Count == 0 || !_book.HasOpen(device, AlertFamily.Silence) || FirstSilent(device) is not null)
            return;
        Observe(device, null, new Instant(_devices[device.Slot].LastTime), 0, outcome);
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
        var threshold = about.Asked(_options.FalseAlarmsPerDevicePerWeek);
        var told = _book.Observe(new Verdict(device, AlertKind.Silence, channel, eventTime, _now, rarity, threshold, true, about.ReadingsPerWeek));
        if (told is null)
            return false;
        outcome.Alerts.Add(told);
        Move(device, ref about, eventTime, outcome);
        return told.Status == AlertStatus.Opened;
    }

    /// <summary>How rare a silence of this series must be to be told.</summary>
    private double SilenceRarity(int slot) => _devices[_channels[slot].Device.Slot].Asked(_options.FalseAlarmsPerDevicePerWeek);

    /// <summary>Tells the device's phase when it changes, and every tenth reading of warm-up.</summary>
    private void Move(Device device, ref DeviceRow about, Instant time, Outcome outcome)
    {
        var phase = _book.HasOpen(device, AlertFamily.Silence) ? Phase.Silent
            : _book.HasOpen(device, AlertFamily.Values) ? Phase.Alerting
            : about.Count < DeviceRow.WarmUp ? Phase.WarmingUp : Phase.Ready;
        var changed = (Phase)about.Phase != phase || about.Count == 1;
        if (changed)
            (about.Phase, about.PhaseSince) = ((byte)phase, time.Microseconds);
        if (!changed && !(phase == Phase.WarmingUp && about.Count % 10 == 0))
            return;
        var intervals = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var channel in device.Channels)
        {
            if (channel.Slot < _channels.Count && _series[channel.Slot].Count > 1)
                intervals[channel.Name] = Math.Round(_series[channel.Slot].Interval, 3);
        }

        outcome.States.Add(new DeviceState(
            device.Name, phase, Math.Min(about.Count, DeviceRow.WarmUp), DeviceRow.WarmUp, new Instant(about.PhaseSince), intervals));
    }

    private void Show(ReadingBatch batch, int index, double rarity, double threshold, Phase phase, Outcome outcome)
    {
        var reading = batch[index];
        for (var k = 0; k < reading.Length; k++)
        {
            var i = batch.Start(index) + k;
            if (_foresight.IsDropped(i))
                continue;
            ref var row = ref _series[reading[k].Channel.Slot];
            var expected = row.Count == 1 ? double.NaN : _foresight[i].Near;
            var half = row.HalfBand;
            outcome.Scores.Add(new ScoredSample(
                reading[k].Channel, reading[k].Time, reading[k].Value, expected, expected - half, expected + half,
                Verdict.ScoreOf(rarity), Verdict.ScoreOf(threshold), phase));
        }
    }

    private AlertDetails Describe(Verdict verdict)
    {
        var device = verdict.Device;
        double squares = 0;
        var parts = new List<(Channel Channel, double Square)>();
        foreach (var channel in device.Channels)
        {
            if (channel.Slot >= _channels.Count || _series[channel.Slot].Count == 0)
                continue;
            var isSilence = verdict.Kind == AlertKind.Silence;
            if (isSilence ? !_series[channel.Slot].Silent : !IsFresh(channel, verdict.EventTime))
                continue;
            var rarity = isSilence ? 1 : _series[channel.Slot].Rarity;
            parts.Add((channel, rarity * rarity));
            squares += rarity * rarity;
        }

        var main = verdict.Channel ?? (_devices[device.Slot].Channels == 1 ? device.Channels[0] : null);
        var details = new AlertDetails
        {
            Model = GroupOf(device) is { } group && group.Predicts(device) ? group.Name : null,
            Contributions = [.. parts.Where(p => p.Square > 0).OrderByDescending(p => p.Square).ThenBy(p => p.Channel.Index).Take(8)
                .Select(p => new Contribution(p.Channel.Name, p.Square / squares, ValueOf(p.Channel), ExpectedOf(p.Channel)))],
        };
        if (main is null || main.Slot >= _channels.Count)
            return details with { UsualInterval = Known(_devices[device.Slot].Interval) };
        ref var row = ref _series[main.Slot];
        var half = row.HalfBand;
        return details with
        {
            Value = ValueOf(main),
            Expected = ExpectedOf(main),
            Lower = ExpectedOf(main) - half,
            Upper = ExpectedOf(main) + half,
            UsualInterval = Known(row.Interval),
            Recent = RecentOf(main),
        };
    }

    private static double? Known(float interval) => interval > 0 ? interval : null;

    private double ValueOf(Channel channel)
    {
        if (_batch is not null)
        {
            foreach (var sample in _batch[_index])
            {
                if (ReferenceEquals(sample.Channel, channel))
                    return sample.Value;
            }
        }

        return _series[channel.Slot].Last;
    }

    private double ExpectedOf(Channel channel) => double.IsNaN(_series[channel.Slot].Expected) ? ValueOf(channel) : _series[channel.Slot].Expected;

    /// <summary>The last readings, oldest first, the one being judged included.</summary>
    private List<(Instant Time, double Value)> RecentOf(Channel channel)
    {
        ref var row = ref _series[channel.Slot];
        var recent = new List<(Instant Time, double Value)>(SeriesRow.RecentLength + 1);
        var time = row.LastTime;
        for (var i = 1; i <= Math.Min(row.Count, SeriesRow.RecentLength); i++)
        {
            var reading = row.Recent[(row.Count - i) % SeriesRow.RecentLength];
            recent.Add((new Instant(time), reading.Value));
            time -= (long)(1e6 * (double)reading.Gap);
        }

        recent.Reverse();
        if (_batch is not null)
        {
            foreach (var sample in _batch[_index])
            {
                if (ReferenceEquals(sample.Channel, channel))
                    recent.Add((sample.Time, sample.Value));
            }
        }

        return recent;
    }

    /// <summary>Values beyond 1e100 are taken as that: still absurd, but their differences and squares stay finite.</summary>
    private static double Bounded(double value) => Math.Clamp(value, -1e100, 1e100);

    private static AlertKind KindOf(EvidenceKind kind) => kind switch
    {
        EvidenceKind.Range => AlertKind.OutOfRange,
        EvidenceKind.Level => AlertKind.LevelShift,
        _ => AlertKind.PredictionError,
    };
}
