namespace StreamRnn.Tests.Storage.Simulation;

/// <content>What must be true at the end.</content>
internal sealed partial class Simulation
{
    private string? Judge()
    {
        foreach (var (id, bodies) in _wire.Seen)
        {
            if (!_witness.Alerts.TryGetValue(id, out var body))
                return $"{id} was seen and is none: {bodies.First()}";
            if (bodies.Count > 1 || !bodies.Contains(body))
                return $"{id} was seen with {bodies.Count} bodies: {string.Join(" | ", bodies)}; it is {body}";
        }

        if (_witness.Alerts.Keys.FirstOrDefault(id => !_wire.Seen.ContainsKey(id) && !(_wire.Refused.Contains(id) && _plan.Prunes)) is { } lost)
            return $"{lost} was not seen: {_witness.Alerts[lost]}";
        foreach (var (device, order) in _wire.Order)
        {
            if (_wire.Refused.Count == 0 && !order.SequenceEqual(_witness.Order[device]))
                return $"the alerts of {device} came as {string.Join(' ', order)}, they were {string.Join(' ', _witness.Order[device])}";
        }

        if (_wire.Refused.Count == 0 && !_wire.Retained.SetEquals(_witness.Open))
            return $"retained as open are {string.Join(' ', _wire.Retained)}, open are {string.Join(' ', _witness.Open)}";
        if (_plan is { Crashes: 0, Faults: 0, Disconnects: 0 } && What.Repeated > 0)
            return $"{What.Repeated} alerts were repeated, and nothing had happened";
        if (_store!.Journal.Unsent().FirstOrDefault() is { } unsent)
            return $"{unsent.Id} is in the outbox as not sent";
        return Differs(Witness.StateOf(_detector!, _room, _registry), _witness.State(), "that of the journal's fold") ?? JudgeByTheScript();
    }

    private string? JudgeByTheScript()
    {
        if (_plan.Timed)
            return null;
        using var script = new Witness(_plan);
        foreach (var payload in Script.Make(_plan).Concat(Script.Last(_plan)))
            script.Fold(payload, Script.Start);
        script.Fold(null, Script.Start + TimeSpan.FromHours(1));
        if (script.Alerts.Keys.FirstOrDefault(id => !_witness.Alerts.ContainsKey(id)) is { } lost)
            return $"{lost} of the script did not come: {script.Alerts[lost]}";
        if (_witness.Alerts.FirstOrDefault(a => !script.Alerts.TryGetValue(a.Key, out var body) || body != a.Value) is { Key: not null } other)
            return $"{other.Key} is {other.Value}; by the script it is {script.Alerts.GetValueOrDefault(other.Key) ?? "none"}";
        return Differs(_witness.State(), script.State(), "that of the script");
    }

    private static string? Differs(SortedDictionary<string, string> found, SortedDictionary<string, string> expected, string of)
    {
        if (!found.Keys.SequenceEqual(expected.Keys))
            return $"devices are {string.Join(' ', found.Keys)}, expected {string.Join(' ', expected.Keys)}";
        foreach (var (device, bytes) in found)
        {
            var at = bytes.AsSpan().CommonPrefixLength(expected[device]);
            if (at < Math.Max(bytes.Length, expected[device].Length))
                return $"the state of {(device.Length > 0 ? device : "what waits")} is not {of}: {bytes.Length / 2} and {expected[device].Length / 2} bytes, another at {at / 2}";
        }

        return null;
    }
}
