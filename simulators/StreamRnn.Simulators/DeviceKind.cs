using StreamRnn.Simulators.Devices;

namespace StreamRnn.Simulators;

/// <summary>A kind of device that can be simulated.</summary>
/// <param name="Name">Name on the command line, and the first part of the devices' names.</param>
/// <param name="Description">One line for people.</param>
/// <param name="Every">Usual time between two readings, where nothing else is asked for.</param>
/// <param name="Channels">The first is the one that faults hit where no channel is named.</param>
/// <param name="Create">Makes a device.</param>
/// <param name="Irregular">Readings come when something happens; a fault then begins with a reading and lasts a number of readings.</param>
public sealed record DeviceKind(
    string Name, string Description, TimeSpan Every, IReadOnlyList<ChannelSpec> Channels, Func<DeviceBirth, SimulatedDevice> Create,
    bool Irregular = false)
{
    public override string ToString() => Name;
}

/// <summary>The kinds of device that there are.</summary>
public static class DeviceKinds
{
    /// <summary>All kinds, in the order in which they are dealt out.</summary>
    public static IReadOnlyList<DeviceKind> All { get; } =
        [Thermostat.Description, Freezer.Description, Wearable.Description, Market.Description, Account.Description, Pump.Description];

    public static string AllNames => string.Join(", ", All.Select(k => k.Name));

    /// <exception cref="ArgumentException">No such kind; the message lists those that there are.</exception>
    public static DeviceKind Named(string name) =>
        All.FirstOrDefault(k => string.Equals(k.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no kind of device '{name}'. Kinds: {AllNames}.");
}
