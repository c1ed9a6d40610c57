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
public sealed partial class Shard : IDisposable
{
    /// <summary>So many late readings in a row, at the device's own pace, mean that its clock was set back (or that it counts anew); its new time is taken for true.</summary>
    public const int LateReadingsToAdopt = 10;

    private const long AgainWithin = 500;                   // µs: gaps are remembered to seven digits
    private const double ShortestRun = 1;                   // s

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
    private bool _past;                                     // what is folded is history

    public Shard(DetectionOptions detection, AlertOptions alerts, BaseModel model, IReadOnlyList<NetModel> groups)
    {
        _model = new ModelName(model.Id, model.Version);
        (_options, _configured) = (detection, detection.FalseAlarmsPerDevicePerWeek);
        _net = new ForecastNet(model.Layers);
        _states = StateBank.ForLstm(_net.Units);
        _book = new AlertBook(alerts, _model, Describe);
        _normals = new NormalBook(alerts);
        _foresight = new Foresight(_net);
        _groups = [.. groups.Select(group => new GroupForesight(group))];
    }

    public int SeriesCount => _channels.Count;

    internal Instant Heard => _heard;

    internal long Position => Math.Max(_commonPosition, _position);

    public int OpenAlerts => _book.Open.Count;

    /// <summary>Takes effect with the next reading and forgets nothing.</summary>
    public void Set(DetectionOptions options) => (_options, _configured, _asked) = (options, options.FalseAlarmsPerDevicePerWeek, null);

    /// <summary>Folds this shard's part of one entry, and looks at the clock.</summary>
    public void Fold(IReadOnlyList<ReadingBatch> batches, Instant now, Instant heard, Outcome outcome, bool past = false, long position = 0)
    {
        Begin(position);
        (_now, _heard, _past) = (now, heard, past);
        foreach (var batch in batches)
        {
            if (batch.Command is { } command)
                Obey(command, outcome);
            Admit(batch, outcome);
            Foresee(batch, outcome);
            if (_options.KeepForecasts)
                TellForecasts(batch, outcome);
            for (var i = 0; i < batch.ReadingCount; i++)
            {
                (_batch, _index) = (batch, i);
                Judge(batch, i, outcome);
                _batch = null;
            }
        }

        Expire(outcome);
        if (_options.Silence && !past)
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

    /// <summary>
    /// Which samples are taken: one whose number is not above the last, or without number one with the time and value of a reading that is still remembered, is a duplicate; another one before the last is
    /// late; a recurrent state cannot go back.
    /// </summary>
    private void Admit(ReadingBatch batch, Outcome outcome)
    {
        _foresight.Begin(batch.SampleCount);
        var samples = batch.Samples;
        for (var i = 0; i < batch.ReadingCount; i++)
        {
            var (duplicates, late, start) = (0, 0, batch.Start(i));
            var reading = batch[i];
            if (Has(reading[0].Channel.Device))
            {
                for (var k = 0; k < reading.Length; k++)
                    _foresight.Drop(start + k);
                continue;
            }

            Changed(reading[0].Channel.Device);
            for (var k = 0; k < reading.Length; k++)
            {
                var slot = reading[k].Channel.Slot;
                while (_channels.Count <= slot)
                    _channels.Add(reading[k].Channel);
                _channels[slot] = reading[k].Channel;
                _series.EnsureSlot(slot);
                ref var row = ref _series[slot];
                var order = OrderOf(ref row, reading[k]);
                if (order == Order.New)
                {
                    row.LastTime = Math.Min(row.LastTime, reading[k].Time.Microseconds);      // no later than it where a clock was set back
                    (row.LateRun, row.NextSequence) = (0, reading[k].Sequence + 1);
                    continue;
                }

                _foresight.Drop(start + k);
                duplicates += order == Order.Again ? 1 : 0;
                late += order == Order.Late ? 1 : 0;
            }

            outcome.Readings++;
            outcome.Duplicates += duplicates > 0 ? 1 : 0;
            outcome.Late += late > 0 ? 1 : 0;
        }

        if (samples.Length > 0)
            _states.EnsureRows(_channels.Count);
    }

    private enum Order { New, Again, Late }

    private Order OrderOf(ref SeriesRow row, in Sample sample)
    {
        var (time, sequence) = (sample.Time.Microseconds, sample.Sequence);
        if (row.Count == 0)
            return Order.New;
        if (sequence >= 0 && sequence < row.NextSequence)
            return sequence < row.NextSequence - 1 && BeginsAnew(ref row) ? Order.New : Order.Again;
        if (time > row.LastTime)
            return Order.New;
        var isSame = sequence < 0 && (time == row.LastTime ? Bounded(sample.Value) == row.Last : IsRemembered(row, Bounded(sample.Value), time));
        return isSame ? Order.Again : time == row.LastTime || BeginsAnew(ref row) ? Order.New : Order.Late;
    }

    /// <summary>
    /// Whether a reading from before the last is not late or sent again, but the device's clock or count begins anew: the tenth of such readings that come at the device's own pace. What a broker sends again
    /// after we were killed may be hundreds of readings, but they come at once.
    /// </summary>
    private bool BeginsAnew(ref SeriesRow row) =>
        ++row.LateRun >= LateReadingsToAdopt && (_past || (_heard.Microseconds - row.LastHeard) / 1e6 >= Math.Max(ShortestRun, 0.5 * row.LateRun * row.Usual));

    /// <summary>Whether a value of a time before the last is one of the recent readings, sent again.</summary>
    private static bool IsRemembered(in SeriesRow row, double value, long time)
    {
        var at = row.LastTime;
        for (var i = 1; i <= Math.Min(row.Count, SeriesRow.RecentLength) && at >= time - AgainWithin; i++)
        {
            var recent = row.Recent[(row.Count - i) % SeriesRow.RecentLength];
            if (recent.Value == value && Math.Abs(at - time) <= AgainWithin)
                return true;
            at -= (long)(1e6 * (double)recent.Gap);
        }

        return false;
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
        if (_options.LeftOut.HasFlag(ScoreParts.Net))
            _foresight.ForecastLastValues();
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
        var (taken, top, topRarity, oddest, interrupted) = (0, -1, -1.0, 0.0, false);
        for (var k = 0; k < reading.Length; k++)
        {
            if (_foresight.IsDropped(start + k))
                continue;
            taken++;
            ref var row = ref _series[reading[k].Channel.Slot];
            if (row.Count == 0)
                continue;
            interrupted |= Cadence.IsInterruption(row, (reading[k].Time.Microseconds - row.LastTime) / 1e6);
            ref var seen = ref _foresight[start + k];
            seen.Raw = Evidence.Of(row, Bounded(reading[k].Value), seen.Near, Cadence.NearStretch(row, reading[k].Time.Microseconds), Cadence.FarStretch(row, reading[k].Time.Microseconds)).Without(_options.LeftOut);
            seen.Calibrated = seen.Raw.Calibrated(row);
            seen.Combined = seen.Calibrated.Combined;
            row.Rarity = (float)Math.Min(row.AllTail.Rarity(seen.Combined), 1e6);
            row.Expected = seen.Near;
            oddest = Math.Max(oddest, Math.Max(seen.Calibrated.Range, seen.Calibrated.Near));
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
        var budget = BudgetOf(about);
        var threshold = about.Threshold(budget);
        var kind = top < 0 ? AlertKind.PredictionError : KindOf(_foresight[start + top].Calibrated.Strongest);
        var channel = top < 0 ? null : reading[top].Channel;
        var isOpen = _book.HasOpen(device, AlertFamily.Values);
        about.Settle(rarity, oddest, isOpen);
        // Only where an alert would open: whose clock was put on or back by an hour is not unusual.
        var mayOpen = about.MayOpen && !_past && !(channel is not null && rarity > threshold && !isOpen && PutClock(reading[top], ref about));
        var verdict = new Verdict(device, kind, channel, time, _now, Math.Min(rarity, DeviceRow.MostRarity), threshold, mayOpen, about.ReadingsPerWeek)
        {
            IsNewLevel = about.IsNewLevel,
        };
        var told = Tell(verdict, batch, index, outcome, out var normal);
        if (told is not null)
        {
            outcome.Alerts.Add(told);
            if (told.Status == AlertStatus.Opened)
                about.AlertOpened();
        }

        var adopted = normal || told is { Resolution: Resolution.Adopted };
        if (adopted)
            about.LevelAdopted();

        if (_options.Stuck && !_past)
            JudgeStuck(batch, index, device, ref about, outcome);

        about.Fading.Step(rarity, about.MayJudge && !_options.LeftOut.HasFlag(ScoreParts.Departure) ? Depart(reading, start, ref about, rarity) : 0);
        if (about.Count >= Burst.Settled && !adopted && !_options.LeftOut.HasFlag(ScoreParts.Bursts))
            about.Burst.Step(rarity);
        // What is usual is not learned while an alert is open or suppressed, the reading that opened it included.
        var learns = !_book.HasOpen(device, AlertFamily.Values) && !_normals.IsHushed(device);
        for (var k = 0; k < reading.Length; k++)
        {
            if (!_foresight.IsDropped(start + k))
                Learn(reading[k], start + k, learns, about.Burst.Lasts, adopted);
        }

        about.Learn(time.Microseconds, combined, budget, interrupted);
        EndSilence(device, outcome);
        Move(device, ref about, time, outcome);
        if (_options.KeepScores)
            Show(batch, index, about.Fading, threshold, (Phase)about.Phase, outcome);
    }

    /// <summary>How far the device is from where it was before something happened to it: see <see cref="Departure"/>.</summary>
    private double Depart(ReadOnlySpan<Sample> reading, int start, ref DeviceRow about, double rarity)
    {
        var device = reading[0].Channel.Device;
        if (!about.Departure.Lasts)
        {
            if (rarity <= Burst.Opens)
                return 0;
            about.Departure.Begin();
            foreach (var channel in device.Channels)
            {
                if (channel.Slot < _channels.Count && _series[channel.Slot].Count > 0)
                    _series[channel.Slot].Picture = Picture.Of(_series[channel.Slot]);
            }
        }

        for (var k = 0; k < reading.Length; k++)
        {
            ref var row = ref _series[reading[k].Channel.Slot];
            if (!_foresight.IsDropped(start + k) && row.Count > 0)
                row.Picture.Step(Bounded(reading[k].Value), row.LevelTail);
        }

        var (squares, fresh) = (0.0, 0);
        foreach (var channel in device.Channels)
        {
            if (!IsFresh(channel, reading[0].Time))
                continue;
            var apart = Math.Min(_series[channel.Slot].Picture.Rarity, DeviceRow.Cap);
            (squares, fresh) = (squares + (apart * apart), fresh + 1);
        }

        var departed = Math.Sqrt(squares / Math.Max(1, fresh));
        about.Departure.Step(departed, rarity);
        return departed;
    }

    private void Learn(in Sample sample, int i, bool learns, bool inBurst, bool adopted)
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
        if (row.Silent)
            _normals.Ended(sample.Channel, AlertKind.Silence, (_heard.Microseconds - row.LastHeard) / 1e6);
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
        if (!row.Still.Stuck)
            Learning.Tails(ref row, seen.Raw, seen.Combined, inBurst);
        if (learns && !row.Still.Stuck)
        {
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

    /// <summary>Values beyond 1e100 are taken as that: still absurd, but their differences and squares stay finite.</summary>
    private static double Bounded(double value) => Math.Clamp(value, -1e100, 1e100);

    private static AlertKind KindOf(EvidenceKind kind) => kind switch
    {
        EvidenceKind.Range => AlertKind.OutOfRange,
        EvidenceKind.Level => AlertKind.LevelShift,
        EvidenceKind.Window => AlertKind.Pattern,
        _ => AlertKind.PredictionError,
    };
}
