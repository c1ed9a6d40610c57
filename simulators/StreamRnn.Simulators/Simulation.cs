using StreamRnn.Simulators.Faults;

namespace StreamRnn.Simulators;

/// <summary>
/// One run of a scenario: devices live, faults are laid over what they send. Enumerated by one thread; <see cref="Inject"/> may be called
/// from any. Without injections it is a pure function of the scenario.
/// </summary>
public sealed class Simulation
{
    private enum What { FaultStarts, FaultEnds, Measures, Pays }

    private readonly record struct Next(What What, int Device = -1, FaultEffect? Fault = null, SimulatedReading? Reading = null);

    /// <summary>A device, and what faults need to know of it.</summary>
    private sealed class Speaker(SimulatedDevice device)
    {
        public readonly SimulatedDevice Device = device;
        public readonly List<FaultEffect> Faults = [];
        public readonly double[] Usual = new double[device.Kind.Channels.Count];
        public double[]? Shown;
        public SimulatedReading? Held;
        private int _count;

        public SimulatedReading Measure()
        {
            var reading = Device.Next();
            _count++;
            for (var i = 0; i < Usual.Length; i++)
                Usual[i] += (reading.Values[i] - Usual[i]) / Math.Min(_count, 1000);
            return reading;
        }
    }

    private readonly Scenario _scenario;
    private readonly Speaker[] _speakers;
    private readonly PriorityQueue<Next, (long Due, int Rank, long Order)> _queue = new();
    private readonly List<PlannedFault> _known;
    private readonly Lock _gate = new();
    private long _order;
    private long _now;
    private bool _begun;

    internal Simulation(Scenario scenario)
    {
        _scenario = scenario;
        _now = scenario.Start.UtcTicks;
        _known = [.. scenario.Faults];
        _speakers = [.. scenario.SwitchOn().Select(d => new Speaker(d))];
        for (var i = 0; i < _speakers.Length; i++)
            Enqueue(new Next(What.Measures, i), _speakers[i].Device.NextTime);
        for (var i = 0; i < _known.Count; i++)
            Enqueue(_known[i], i);
    }

    /// <summary>Simulated time of the last emission.</summary>
    public DateTimeOffset Now => new(Volatile.Read(ref _now), TimeSpan.Zero);

    /// <summary>Lets a fault begin now; its <see cref="Fault.At"/> does not matter. It takes effect with the device's next reading.</summary>
    /// <returns>The ground truth, which is also emitted when the fault starts and ends.</returns>
    /// <exception cref="ArgumentException">An unknown device or channel, or a fault that does not suit it; the message lists what there is.</exception>
    public Label Inject(Fault fault)
    {
        lock (_gate)
        {
            var planned = _scenario.Plan(fault with { At = Now - _scenario.Start + TimeSpan.FromMilliseconds(1) }, _known, device => _speakers[device].Device.Copy());
            _known.Add(planned);
            Enqueue(planned, _known.Count - 1);
            return planned.Label;
        }
    }

    /// <summary>All that is sent, in order of <see cref="Emission.Due"/>. A run can be enumerated once.</summary>
    public IEnumerable<Emission> Emissions()
    {
        if (_begun)
            throw new InvalidOperationException("A run can be enumerated once; call Scenario.Begin() for another.");
        _begun = true;
        while (TryStep(out var next, out var due))
        {
            foreach (var emission in Happen(next, due))
                yield return emission;
        }
    }

    /// <summary>What happens next; under the gate, so that an injected fault begins after all that was handed out and before all that will be.</summary>
    private bool TryStep(out Next next, out DateTimeOffset due)
    {
        lock (_gate)
        {
            due = default;
            if (!_queue.TryPeek(out next, out var key))
                return false;
            due = new DateTimeOffset(key.Due, TimeSpan.Zero);
            if (_scenario.Options.Length is { } length && (due > _scenario.Start + length || (due == _scenario.Start + length && next.What != What.FaultEnds)))
                return false;
            _queue.Dequeue();
            if (next.What == What.Measures)
                next = next with { Reading = Measure(next.Device) };
            Volatile.Write(ref _now, key.Due);
            return true;
        }
    }

    private SimulatedReading Measure(int device)
    {
        var reading = _speakers[device].Measure();
        Enqueue(new Next(What.Measures, device), _speakers[device].Device.NextTime);
        return reading;
    }

    private Emission[] Happen(Next next, DateTimeOffset due)
    {
        var speaker = _speakers[next.Device];
        switch (next.What)
        {
            case What.FaultStarts:
                speaker.Faults.Add(next.Fault!);
                return [LabelEmission(next.Fault!.Label, due, LabelEdge.Start)];
            case What.FaultEnds:
                speaker.Faults.Remove(next.Fault!);
                return [.. Release(speaker, due), LabelEmission(next.Fault!.Label, due, LabelEdge.End)];
            case What.Pays:
                return Send(next.Reading!, due);
            default:
                return Speak(speaker, next.Reading!, due);
        }
    }

    /// <summary>A reading on its way out, past the faults that are at work.</summary>
    private Emission[] Speak(Speaker speaker, SimulatedReading reading, DateTimeOffset due)
    {
        if (speaker.Faults.Count == 0)
        {
            speaker.Shown = reading.Values;
            return Send(reading, due);
        }

        reading = reading with { Values = [.. reading.Values] };
        foreach (var fault in speaker.Faults)
            fault.Change(reading, speaker.Shown, speaker.Usual);
        var (silent, twice, overtaken) = (reading.Values.All(double.IsNaN), false, false);
        FaultEffect? malformed = null;
        foreach (var fault in speaker.Faults)
        {
            if (fault.Kind == FaultKind.Silence && fault.Label.Channel is null)
                silent = true;
            else if (fault.Kind == FaultKind.Duplicate)
                twice = true;
            else if (fault.Kind == FaultKind.OutOfOrder)
                overtaken = true;
            else if (fault.Kind == FaultKind.Malformed)
                malformed = fault;
            else if (fault.Kind == FaultKind.ClockSkew)
                reading = reading with { Time = reading.Time - TimeSpan.FromSeconds(fault.Label.Size!.Value) };
        }

        if (silent)
            return [];
        if (malformed is not null)
            return [new Emission(due, Topic(reading, _scenario.Options.PerChannel ? 0 : -1), Payloads.Malformed(reading, malformed.Count()))];
        if (overtaken && speaker.Held is null)
        {
            speaker.Held = reading;
            return [];
        }

        var sent = Send(reading, due);
        return [.. sent, .. twice ? sent : [], .. Release(speaker, due)];
    }

    /// <summary>The reading that another one has overtaken, if one waits.</summary>
    private Emission[] Release(Speaker speaker, DateTimeOffset due)
    {
        var held = speaker.Held;
        speaker.Held = null;
        return held is null ? [] : Send(held, due);
    }

    private Emission[] Send(SimulatedReading reading, DateTimeOffset due)
    {
        if (!_scenario.Options.PerChannel)
            return [new Emission(due, Topic(reading, -1), Payloads.Object(reading), reading)];
        var emissions = new List<Emission>(reading.Values.Length);
        for (var i = 0; i < reading.Values.Length; i++)
        {
            if (!double.IsNaN(reading.Values[i]))
                emissions.Add(new Emission(due, Topic(reading, i), Payloads.Bare(reading.Channels[i], reading.Values[i]), reading));
        }

        return [.. emissions];
    }

    private static string Topic(SimulatedReading reading, int channel) =>
        channel < 0 ? "devices/" + reading.Device : $"devices/{reading.Device}/{reading.Channels[channel].Name}";

    private Emission LabelEmission(Label label, DateTimeOffset due, LabelEdge edge) =>
        new(due, _scenario.Options.LabelsTopic, System.Text.Encoding.UTF8.GetBytes(label.ToJson(edge)), Label: label, Edge: edge);

    private void Enqueue(PlannedFault planned, int index)
    {
        var effect = new FaultEffect(planned, SeededRandom.For(_scenario.Seed, $"effect of fault {index}"));
        Enqueue(new Next(What.FaultStarts, planned.Device, effect), planned.Label.Start);
        Enqueue(new Next(What.FaultEnds, planned.Device, effect), planned.Label.End);
        if (planned.Kind != FaultKind.FraudBurst)
            return;
        foreach (var payment in effect.Payments(_speakers[planned.Device].Device))
            Enqueue(new Next(What.Pays, planned.Device, effect, payment), payment.Time);
    }

    private void Enqueue(Next next, DateTimeOffset due) => _queue.Enqueue(next, (due.UtcTicks, (int)next.What, _order++));
}
