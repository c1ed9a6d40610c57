using System.Security.Cryptography;
using System.Text;
using StreamRnn.Readings;

namespace StreamRnn.Alerts;

/// <summary>
/// The alerts of one shard's devices: at most one open alert of a device and family. A verdict moves the alert of its own family; a reading of a device whose
/// silence alert is open is therefore observed twice, as values and as a silence that is over (kind silence, rarity 0).
/// Not safe for several threads: the shard's thread owns it. The same verdicts make the same events, ids and bodies.
/// </summary>
/// <param name="options">The rules.</param>
/// <param name="model">Which model makes the predictions, unless an event's details name another.</param>
/// <param name="describe">What an event tells beyond its verdict; asked only when an event is made, for the kind and the channel that the event is about.</param>
public sealed partial class AlertBook(AlertOptions options, ModelName model, Func<Verdict, AlertDetails> describe)
{
    // 10^−300 is rare enough; keeps every published number finite.
    private const double RarestTold = 300;

    private readonly SortedDictionary<long, AlertEvent> _open = [];
    private Entry?[] _entries = [];      // by the device's slot; null: nothing is remembered
    private long _opened;

    /// <summary>The last event of each open alert, in the order of opening. A view, not a copy.</summary>
    public IReadOnlyCollection<AlertEvent> Open => _open.Values;

    public bool IsOpen(Device device) => Find(device) is { } entry && (entry.Values.IsOpen || entry.Silence.IsOpen || entry.Stuck.IsOpen);

    public bool HasOpen(Device device, AlertFamily family) =>
        Find(device) is { } entry && entry.StateOf(family).IsOpen;

    internal AlertState StateOf(Device device, AlertFamily family) => Find(device) is { } entry ? entry.StateOf(family) : default;

    /// <summary>One verdict. Without an open alert and nothing anomalous this is one look into an array.</summary>
    /// <returns>The event to publish, or null.</returns>
    /// <exception cref="ArgumentException">The device's slot is another device's: it belongs to another shard.</exception>
    public AlertEvent? Observe(in Verdict verdict)
    {
        var entry = Find(verdict.Device);
        if (entry is null)
        {
            if (!verdict.IsAnomalous || !verdict.MayOpen)
                return null;
            entry = Remember(verdict.Device);
        }

        var family = AlertLife.FamilyOf(verdict.Kind);
        ref var state = ref entry.StateOf(family);
        (state, var transition) = AlertLife.Step(state, verdict, options);
        if (transition == AlertTransition.None)
        {
            // Silence and stuck are observed only when there is something to see, so the readings of values let their past fade too.
            entry.Silence = AlertLife.Forget(entry.Silence, verdict.EventTime, options);
            entry.Stuck = AlertLife.Forget(entry.Stuck, verdict.EventTime, options);
            if (entry.Values == default && entry.Silence == default && entry.Stuck == default)
                _entries[verdict.Device.Slot] = null;
            return null;
        }

        ref var order = ref entry.OrderOf(family);
        var told = Tell(state, verdict);
        if (transition == AlertTransition.Opened)
            order = ++_opened;
        if (transition == AlertTransition.Resolved)
            _open.Remove(order);
        else
            _open[order] = told;
        return told;
    }

    /// <summary>Whether <see cref="Observe"/> would open an alert. Only looks.</summary>
    public bool WouldOpen(in Verdict verdict)
    {
        if (!verdict.IsAnomalous || !verdict.MayOpen)
            return false;
        var entry = Find(verdict.Device);
        var state = entry is null ? default : entry.StateOf(AlertLife.FamilyOf(verdict.Kind));
        return !state.IsOpen && AlertLife.Step(state, verdict, options).Transition == AlertTransition.Opened;
    }

    /// <summary>Resolves an open alert because a person said that it is normal. It is forgotten: what comes next is not the same thing coming again.</summary>
    /// <returns>The event to publish; null where the device's open alert of this family is another one, or none.</returns>
    public AlertEvent? Close(Device device, AlertFamily family, string alertId, Instant eventTime, Instant detectedAt)
    {
        if (Find(device) is not { } entry)
            return null;
        ref var state = ref entry.StateOf(family);
        var order = entry.OrderOf(family);
        if (!state.IsOpen || !_open.TryGetValue(order, out var last) || last.AlertId != alertId)
            return null;
        var resolvedAt = eventTime < state.OpenedAt ? state.OpenedAt : eventTime;
        var told = last with
        {
            Status = AlertStatus.Resolved,
            Resolution = Resolution.Feedback,
            Sequence = state.Sequence + 1,
            EventTime = eventTime,
            DetectedAt = detectedAt,
            ResolvedAt = resolvedAt,
            Count = state.Count,
        };
        _open.Remove(order);
        state = default;
        return told with { Summary = Summary.Of(told, null) };
    }

    /// <summary>
    /// An alert's id: the first 16 hexadecimal digits of SHA-256 over device, kind and opening time in microseconds. The same input has the same id,
    /// and it may stand in a topic.
    /// </summary>
    public static string IdOf(string device, AlertKind kind, Instant openedAt)
    {
        var text = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{device}\n{AlertWords.Of(kind)}\n{openedAt.Microseconds}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
    }

    private AlertEvent Tell(in AlertState state, in Verdict verdict)
    {
        var device = verdict.Device;
        var about = verdict with { Kind = state.Kind, Channel = state.Channel < 0 ? null : device.Channels[state.Channel] };
        var details = describe(about);
        var rarity = double.IsNaN(verdict.Rarity) ? 0 : Math.Clamp(verdict.Rarity, 0, RarestTold);
        var perWeek = double.IsFinite(verdict.ReadingsPerWeek) ? Math.Max(verdict.ReadingsPerWeek, 0) : 0;
        var resolved = state.Phase == AlertPhase.Resolved;
        var told = new AlertEvent
        {
            AlertId = IdOf(device.Name, state.Kind, state.OpenedAt),
            Sequence = state.Sequence,
            Status = resolved ? AlertStatus.Resolved : state.Sequence == 0 ? AlertStatus.Opened : AlertStatus.Updated,
            Kind = state.Kind,
            Severity = state.Severity,
            Device = device.Name,
            Channel = about.Channel?.Name,
            Unit = details.Unit,
            OpenedAt = state.OpenedAt,
            EventTime = verdict.EventTime,
            DetectedAt = verdict.DetectedAt,
            ResolvedAt = resolved ? state.ResolvedAt : null,
            Resolution = resolved ? state.Resolution : null,
            Value = Finite(details.Value),
            Expected = Finite(details.Expected),
            Lower = Finite(details.Lower),
            Upper = Finite(details.Upper),
            Score = Verdict.ScoreOf(rarity),
            FalseAlarmsPerWeek = perWeek * Math.Pow(10, -rarity),
            Contributions = details.Contributions,
            Recent = details.Recent,
            Summary = "",
            Count = state.Count,
            Flapping = state.Flapping,
            ModelId = (details.Model ?? model).Id,
            ModelVersion = (details.Model ?? model).Version,
        };
        return told with { Summary = Summary.Of(told, details.UsualInterval, details.Since) };
    }

    private static double? Finite(double? number) => number is { } x && double.IsFinite(x) ? x : null;

    private Entry? Find(Device device)
    {
        var entry = device.Slot < _entries.Length ? _entries[device.Slot] : null;
        if (entry is not null && !ReferenceEquals(entry.Device, device))
            ThrowOtherShard(device, entry.Device);
        return entry;
    }

    private Entry Remember(Device device)
    {
        if (device.Slot >= _entries.Length)
            Array.Resize(ref _entries, Math.Max(device.Slot + 1, _entries.Length * 2));
        return _entries[device.Slot] = new Entry(device);
    }

    private static void ThrowOtherShard(Device device, Device owner) => throw new ArgumentException(
        $"device '{device}' (shard {device.Shard}, slot {device.Slot}) has the slot of '{owner}' (shard {owner.Shard}); an alert book serves the devices of one shard",
        nameof(device));

    private sealed class Entry(Device device)
    {
        public readonly Device Device = device;
        public AlertState Values;
        public AlertState Silence;
        public AlertState Stuck;
        private long _values, _silence, _stuck;

        public ref AlertState StateOf(AlertFamily family)
        {
            if (family == AlertFamily.Silence)
                return ref Silence;
            return ref family == AlertFamily.Stuck ? ref Stuck : ref Values;
        }

        public ref long OrderOf(AlertFamily family)
        {
            if (family == AlertFamily.Silence)
                return ref _silence;
            return ref family == AlertFamily.Stuck ? ref _stuck : ref _values;
        }
    }
}
