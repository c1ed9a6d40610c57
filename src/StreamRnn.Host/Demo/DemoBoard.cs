using System.Globalization;
using System.Text.Json;
using StreamRnn.Alerts;
using StreamRnn.Host.Subscribing;
using StreamRnn.Host.Watch;
using StreamRnn.Simulators;

namespace StreamRnn.Host.Demo;

/// <summary>How a line is meant.</summary>
internal enum Tone { Plain, Fault, Alert, Calm, Miss }

/// <summary>
/// What the demo's subscriber knows, from messages alone: each device's latest values with their bands, its phase, the faults and alerts. A fold over messages.
/// </summary>
/// <param name="tell">Is told each thing worth a line, with its time on the demo's clock.</param>
internal sealed class DemoBoard(DemoPlan plan, string root, Action<TimeSpan, Tone, string> tell)
{
    private readonly Dictionary<string, DeviceView> _devices = [];
    private readonly Dictionary<string, AlertEvent> _open = [];

    public sealed class DeviceView(string name)
    {
        public string Name { get; } = name;

        /// <summary>Channel → the latest sample.</summary>
        public SortedDictionary<string, ChannelView> Channels { get; } = new(StringComparer.Ordinal);

        /// <summary>As published: warming-up, ready, alerting, silent.</summary>
        public string Phase { get; set; } = "unknown";
        public int Seen { get; set; }
        public int Needed { get; set; }
        public double Score { get; set; }
        public double Threshold { get; set; }
    }

    public readonly record struct ChannelView(double Value, double? Expected, double? Lower, double? Upper);

    public Scoreboard Score { get; } = new(plan.Scenario.Labels.Count, plan.Aftermath);

    /// <summary>In the order of the plan.</summary>
    public IEnumerable<DeviceView> Devices => plan.Scenario.Devices.Where(d => _devices.ContainsKey(d.Name)).Select(d => _devices[d.Name]);

    public int OpenAlerts => _open.Count;

    /// <summary>The device's channel to look at: the one that an alert tells of, else the one that faults hit.</summary>
    public string ChannelOf(DeviceView device) =>
        _open.Values.FirstOrDefault(a => a.Device == device.Name && a.Channel is not null && device.Channels.ContainsKey(a.Channel))?.Channel
        ?? plan.Scenario.Devices.First(d => d.Name == device.Name).Kind.Channels[0].Name;

    public static string[] Topics(string root, string labels) => [$"{root}/alerts/#", $"{root}/devices/+/state", $"{root}/devices/+/+/score", labels];

    /// <summary>Takes a message that came at this time.</summary>
    public void Take(News.Message message, TimeSpan at)
    {
        if (message.Topic == plan.Scenario.Options.LabelsTopic)
            TakeLabel(message, at);
        else if (message.Topic.StartsWith($"{root}/alerts/", StringComparison.Ordinal) && CloudEvent.TryRead(message.Payload, out var alert, out _))
            TakeAlert(alert, at);
        else if (message.Topic.Split('/') is [.., var device, "state"])
            TakeState(Device(device), message.Payload, at);
        else if (message.Topic.Split('/') is [.., var owner, var channel, "score"])
            TakeScore(Device(owner), channel, message.Payload);
    }

    private void TakeLabel(News.Message message, TimeSpan at)
    {
        using var json = JsonDocument.Parse(message.Payload);
        var label = Label.Parse(json.RootElement.GetRawText());
        if (json.RootElement.GetProperty("event").GetString() == "start")
        {
            var fault = Score.Inject(label, at, (label.End - label.Start) / plan.Speed);
            var where = label.Channel is null ? label.Device : $"{label.Device} {label.Channel}";
            var size = label.Size is { } s ? string.Create(CultureInfo.InvariantCulture, $", size {s:0.##} {label.Unit}") : "";
            tell(at, Tone.Fault, string.Create(CultureInfo.InvariantCulture,
                $"FAULT {fault.Number} of {Score.Planned}: {label.Kind} on {where}, for {(fault.End - fault.Onset).TotalSeconds:0.0} s{size}"));
        }
        else if (Score.Faults.FirstOrDefault(f => f.Label.Device == label.Device && f.Label.Kind == label.Kind) is { } ended)
            tell(at, Tone.Plain, $"fault {ended.Number} ends: {label.Kind} on {label.Device}");
    }

    private void TakeAlert(AlertEvent alert, TimeSpan at)
    {
        if (alert.Status == AlertStatus.Resolved)
        {
            _open.Remove(alert.AlertId);
            tell(at, Tone.Calm, $"resolved: {alert.Summary}");
            return;
        }

        _open[alert.AlertId] = alert;
        if (alert.Status == AlertStatus.Updated)
            return;
        var belongs = Score.Open(alert, at);
        var says = belongs is not { } b ? "belongs to no fault: a false alarm"
            : string.Create(CultureInfo.InvariantCulture, $"{(b.Finds ? "finds" : "again")} fault {b.Fault.Number}, {(at - b.Fault.Onset).TotalSeconds:0.0} s after its onset");
        tell(at, belongs is null ? Tone.Miss : Tone.Alert, $"ALERT {AlertWords.Of(alert.Severity)} {AlertWords.Of(alert.Kind)}: {alert.Summary} [{says}]");
    }

    private void TakeState(DeviceView device, byte[] payload, TimeSpan at)
    {
        using var json = JsonDocument.Parse(payload);
        var before = device.Phase;
        device.Phase = json.RootElement.GetProperty("phase").GetString()!;
        if (json.RootElement.TryGetProperty("seen", out var seen))
            (device.Seen, device.Needed) = (seen.GetInt32(), json.RootElement.GetProperty("needed").GetInt32());
        if (before == "warming-up" && device.Phase == "ready")
            tell(at, Tone.Plain, $"{device.Name} is ready: it knows what to expect of {string.Join(", ", device.Channels.Keys)}");
    }

    private static void TakeScore(DeviceView device, string channel, byte[] payload)
    {
        using var json = JsonDocument.Parse(payload);
        device.Channels[channel] = new ChannelView(Number("value") ?? double.NaN, Number("expected"), Number("lower"), Number("upper"));
        (device.Score, device.Threshold) = (Number("score") ?? 0, Number("threshold") ?? 1);

        double? Number(string name) => json.RootElement.TryGetProperty(name, out var number) ? number.GetDouble() : null;
    }

    private DeviceView Device(string name)
    {
        if (!_devices.TryGetValue(name, out var device))
            _devices.Add(name, device = new DeviceView(name));
        return device;
    }

    /// <summary>A device in one line, as plain text: <c>freezer-01 temperature -18.1 (expected -19.2 to -17.8) ready</c>.</summary>
    public string Describe(DeviceView device)
    {
        var channel = ChannelOf(device);
        var view = device.Channels.GetValueOrDefault(channel, new ChannelView(double.NaN, null, null, null));
        var band = view.Lower is null ? "" : $" (expected {AlertLine.Number(view.Lower)} to {AlertLine.Number(view.Upper)})";
        return $"{device.Name} {channel} {AlertLine.Number(view.Value)}{band} {PhaseOf(device)}";
    }

    public static string PhaseOf(DeviceView device) => device.Phase == "warming-up"
        ? string.Create(CultureInfo.InvariantCulture, $"warming up {device.Seen}/{device.Needed}") : device.Phase;
}
