namespace StreamRnn.Simulators;

/// <summary>What a channel measures and how its instrument shows it.</summary>
/// <param name="Name">The channel's name in payloads and topics.</param>
/// <param name="Unit">Unit, for people.</param>
/// <param name="Resolution">The instrument's smallest step: every value is a multiple of it.</param>
/// <param name="Lowest">The instrument shows nothing below this, not even at a fault.</param>
/// <param name="Highest">The instrument shows nothing above this, not even at a fault.</param>
/// <param name="Spread">A quarter of the range that holds 99 of 100 normal values: the measure for the size of faults.</param>
/// <param name="CanDip">False where normal values rest at the lowest value already, so that a dip could not be seen.</param>
public sealed record ChannelSpec(
    string Name, string Unit, double Resolution, double Lowest, double Highest, double Spread, bool CanDip = true)
{
    /// <summary>Digits after the point on the wire.</summary>
    public int Decimals { get; } = DecimalsOf(Resolution);

    /// <summary>The value as the instrument shows it: within its range, a multiple of its resolution.</summary>
    public double Show(double value) =>
        Math.Round(Math.Round(Math.Clamp(value, Lowest, Highest) / Resolution) * Resolution, Decimals) + 0.0; // + 0.0: no "-0.0" on the wire

    private static int DecimalsOf(double resolution)
    {
        var decimals = 0;
        for (var step = resolution; decimals < 9 && Math.Abs(step - Math.Round(step)) > 1e-9; step *= 10)
            decimals++;
        return decimals;
    }
}
