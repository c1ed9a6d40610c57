namespace StreamRnn.Simulators.Faults;

/// <summary>A fault at work on the readings of its device. Between its start and its end only, and never on the device itself.</summary>
internal sealed class FaultEffect(PlannedFault fault, SeededRandom random)
{
    private double _stuckAt = double.NaN;
    private int _count;

    public FaultKind Kind => fault.Kind;

    public Label Label => fault.Label;

    public int Device => fault.Device;

    /// <summary>How many readings came before this one since the onset; counts it.</summary>
    public int Count() => _count++;

    /// <summary>Changes the values of one reading. Faults of transport change none.</summary>
    /// <param name="reading">The reading; its values are overwritten.</param>
    /// <param name="before">The values shown last before the onset, where there are any.</param>
    /// <param name="usual">The slow mean of each channel's own values.</param>
    public void Change(SimulatedReading reading, double[]? before, double[] usual)
    {
        var c = fault.Channel;
        if (c < 0)
            return;
        var values = reading.Values;
        if (Kind == FaultKind.Silence)
        {
            values[c] = double.NaN;
            return;
        }

        if (double.IsNaN(_stuckAt))
            _stuckAt = before?[c] ?? values[c];
        var value = values[c];
        if (Kind == FaultKind.Spike || Kind == FaultKind.LevelShift)
            value += fault.Size;
        else if (Kind == FaultKind.Dip)
            value -= fault.Size;
        else if (Kind == FaultKind.Drift)
            value += fault.Size * ((reading.Time - Label.Start) / (Label.End - Label.Start));
        else if (Kind == FaultKind.Stuck)
            value = _stuckAt;
        else if (Kind == FaultKind.NoiseBurst)
            value += fault.Size * random.Normal();
        else if (Kind == FaultKind.PatternSwap)
            value = usual[c] + fault.Size * (Math.Sin(2 * Math.PI * _count++ / 9) + 0.15 * random.Normal());
        values[c] = reading.Channels[c].Show(value);
    }

    /// <summary>The payments of a stolen card: about a dozen, large, far away, at times of their own within the label.</summary>
    public IEnumerable<SimulatedReading> Payments(SimulatedDevice account)
    {
        var time = Label.Start;
        var between = (Label.End - Label.Start) / 12;
        while (true)
        {
            time = Scenario.WholeMilliseconds(time + between * random.Uniform(0.5, 1.5));
            if (time >= Label.End)
                yield break;
            var amount = random.LogNormal(fault.Size, 0.35);
            var distance = random.LogNormal(3000, 0.5);
            yield return new SimulatedReading(account.Name, time, account.Kind.Channels,
                [account.Kind.Channels[0].Show(amount), account.Kind.Channels[1].Show(distance)]);
        }
    }
}
