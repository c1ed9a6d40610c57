namespace StreamRnn.Simulators;

/// <summary>The values of one simulated device at one instant.</summary>
/// <param name="Device">Name of the device.</param>
/// <param name="Time">When the device measured, in whole milliseconds, by the device's own clock.</param>
/// <param name="Channels">What is measured, one entry per value.</param>
/// <param name="Values">One value per channel, as its instrument shows it; NaN where the channel is absent from this reading.</param>
public sealed record SimulatedReading(string Device, DateTimeOffset Time, IReadOnlyList<ChannelSpec> Channels, double[] Values);
