using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <content>What is told of a device: its phase, its scores, and what an alert says beyond its verdict.</content>
public sealed partial class Shard
{
    /// <summary>Tells the device's phase when it changes, and every tenth reading of warm-up.</summary>
    private void Move(Device device, ref DeviceRow about, Instant time, Outcome outcome)
    {
        var phase = _book.HasOpen(device, AlertFamily.Silence) ? Phase.Silent
            : _book.HasOpen(device, AlertFamily.Values) || _book.HasOpen(device, AlertFamily.Stuck) ? Phase.Alerting
            : about.Count < DeviceRow.WarmUp ? Phase.WarmingUp : Phase.Ready;
        var changed = (Phase)about.Phase != phase || about.Count == 1;
        if (changed)
            (about.Phase, about.PhaseSince) = ((byte)phase, time.Microseconds);
        if (changed || (phase == Phase.WarmingUp && about.Count % 10 == 0))
            TellState(device, ref about, outcome);
    }

    /// <summary>The states of devices that were heard, from <paramref name="slot"/> on, until the outcome has <paramref name="most"/>.</summary>
    /// <returns>Whether none is left behind <paramref name="slot"/>, which is where to go on.</returns>
    internal bool TellStates(Outcome outcome, ref int slot, int most)
    {
        for (; slot < _deviceAt.Count; slot++)
        {
            if (outcome.States.Count >= most)
                return false;
            if (_deviceAt[slot] is { } device && slot < _devices.Capacity && _devices[slot].Count > 0)
                TellState(device, ref _devices[slot], outcome);
        }

        return true;
    }

    private void TellState(Device device, ref DeviceRow about, Outcome outcome)
    {
        var intervals = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var channel in device.Channels)
        {
            if (channel.Slot < _channels.Count && _series[channel.Slot].Count > 1)
                intervals[channel.Name] = Math.Round(_series[channel.Slot].Interval, 3);
        }

        outcome.States.Add(new DeviceState(
            device.Name, (Phase)about.Phase, Math.Min(about.Count, DeviceRow.WarmUp), DeviceRow.WarmUp, new Instant(about.PhaseSince), intervals, _normals.CountOf(device)));
    }

    private void Show(ReadingBatch batch, int index, in Fading fading, double threshold, Phase phase, Outcome outcome)
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
                Verdict.ScoreOf(_options.LeftOut.HasFlag(ScoreParts.Holding) ? fading.Now : fading.Held), Verdict.ScoreOf(threshold), phase)
            {
                Onset = Verdict.ScoreOf(fading.Onset),
                Now = Verdict.ScoreOf(fading.Now),
                Rarity = row.Rarity,
                Evidence = _foresight[i].Calibrated,
            });
        }
    }

    /// <summary>The forecasts as they were made, before anything of the batch was judged or learned.</summary>
    private void TellForecasts(ReadingBatch batch, Outcome outcome)
    {
        var samples = batch.Samples;
        for (var i = 0; i < samples.Length; i++)
        {
            if (!_foresight.IsDropped(i))
                outcome.Forecasts.Add(new Foreseen(samples[i].Channel, samples[i].Time, samples[i].Value, _foresight.ForecastsOf(i, _series[samples[i].Channel.Slot].Count > 0)));
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
            ref var series = ref _series[channel.Slot];
            var (belongs, rarity) = verdict.Kind switch
            {
                AlertKind.Silence => (series.Silent, 1),
                AlertKind.Stuck => (series.Still.Stuck, 1),
                _ => (IsFresh(channel, verdict.EventTime), series.Rarity),
            };
            if (!belongs)
                continue;
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
            Since = verdict.Kind == AlertKind.Stuck && row.Still.Run > 0 ? new Instant(row.Still.RunSince) : null,
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
}
