using StreamRnn.Readings;

namespace StreamRnn.Alerts;

/// <content>What is remembered of a device's alerts, as bytes.</content>
public sealed partial class AlertBook
{
    private static readonly AlertFamily[] Families = Enum.GetValues<AlertFamily>();

    internal void Save(Device device, StateWriter to, ChannelOrder channels)
    {
        var entry = Find(device);
        to.Put(entry is not null);
        if (entry is null)
            return;
        foreach (var family in Families)
        {
            ref readonly var state = ref entry.StateOf(family);
            to.Put(state.Phase == AlertPhase.Quiet ? state : state with { Channel = channels.PlaceOf(state.Channel) });
            if (state.IsOpen)
                Save(_open[entry.OrderOf(family)], to);
        }
    }

    internal void Restore(Device device, ref StateReader from, ChannelOrder channels)
    {
        if (!from.Get<bool>())
            return;
        var entry = Remember(device);
        foreach (var family in Families)
        {
            var state = from.Get<AlertState>();
            entry.StateOf(family) = state.Phase == AlertPhase.Quiet ? state : state with { Channel = channels.At(state.Channel, from)?.Index ?? -1 };
            if (!state.IsOpen)
                continue;
            entry.OrderOf(family) = ++_opened;
            _open.Add(_opened, Read(device, ref from));
        }
    }

    private static void Save(AlertEvent told, StateWriter to)
    {
        to.PutText(told.AlertId);
        to.Put(told.Sequence);
        to.Put(told.Status);
        to.Put(told.Kind);
        to.Put(told.Severity);
        to.PutText(told.Channel);
        to.PutText(told.Unit);
        to.Put(told.OpenedAt);
        to.Put(told.EventTime);
        to.Put(told.DetectedAt);
        to.PutMaybe(told.ResolvedAt);
        to.PutMaybe(told.Resolution);
        to.PutMaybe(told.Value);
        to.PutMaybe(told.Expected);
        to.PutMaybe(told.Lower);
        to.PutMaybe(told.Upper);
        to.Put(told.Score);
        to.Put(told.FalseAlarmsPerWeek);
        to.Put(told.Contributions.Count);
        foreach (var part in told.Contributions)
        {
            to.PutText(part.Channel);
            to.Put(part.Share);
            to.Put(part.Value);
            to.Put(part.Expected);
        }

        to.Put(told.Recent.Count);
        foreach (var (time, value) in told.Recent)
        {
            to.Put(time);
            to.Put(value);
        }

        to.PutText(told.Summary);
        to.Put(told.Count);
        to.Put(told.Flapping);
        to.Put(told.Suppressed);
        to.PutText(told.ModelId);
        to.PutText(told.ModelVersion);
    }

    // Initialisers run in the order in which they are written: that of the bytes.
    private static AlertEvent Read(Device device, ref StateReader from) => new()
    {
        Device = device.Name,
        AlertId = from.GetName(),
        Sequence = from.Get<int>(),
        Status = from.Get<AlertStatus>(),
        Kind = from.Get<AlertKind>(),
        Severity = from.Get<Severity>(),
        Channel = from.GetText(),
        Unit = from.GetText(),
        OpenedAt = from.Get<Instant>(),
        EventTime = from.Get<Instant>(),
        DetectedAt = from.Get<Instant>(),
        ResolvedAt = from.GetMaybe<Instant>(),
        Resolution = from.GetMaybe<Resolution>(),
        Value = from.GetMaybe<double>(),
        Expected = from.GetMaybe<double>(),
        Lower = from.GetMaybe<double>(),
        Upper = from.GetMaybe<double>(),
        Score = from.Get<double>(),
        FalseAlarmsPerWeek = from.Get<double>(),
        Contributions = ReadContributions(ref from),
        Recent = ReadRecent(ref from),
        Summary = from.GetName(),
        Count = from.Get<int>(),
        Flapping = from.Get<bool>(),
        Suppressed = from.Get<bool>(),
        ModelId = from.GetName(),
        ModelVersion = from.GetName(),
    };

    private static Contribution[] ReadContributions(ref StateReader from)
    {
        var parts = new Contribution[from.GetCount(sizeof(int))];
        for (var i = 0; i < parts.Length; i++)
            parts[i] = new Contribution(from.GetName(), from.Get<double>(), from.Get<double>(), from.Get<double>());
        return parts;
    }

    private static (Instant, double)[] ReadRecent(ref StateReader from)
    {
        var recent = new (Instant, double)[from.GetCount(2 * sizeof(double))];
        for (var i = 0; i < recent.Length; i++)
            recent[i] = (from.Get<Instant>(), from.Get<double>());
        return recent;
    }
}
