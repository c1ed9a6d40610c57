using StreamRnn.Simulators;
using StreamRnn.Simulators.Faults;

namespace StreamRnn.Host.Evaluation;

/// <summary>What is simulated to measure detection where the truth is known: some devices of each kind, at the cadence usual for it, once without faults and once with.</summary>
/// <param name="Devices">Of each kind.</param>
/// <param name="Faults">Most faults of a device; fewer where readings are so rare that they would run into each other.</param>
internal sealed record WeekOptions(IReadOnlyList<DeviceKind> Kinds, int Devices = 20, int Days = 7, long Seed = 1, int Faults = 4);

/// <summary>
/// Where faults lie, a pure function of the options. Nothing happens on the first two of seven parts, for a day has to be seen before it is known. The rest of a device's time is divided evenly among
/// its faults, each begins where the seed says within its part and is over so long before the part ends that the detector has come to rest. The kinds of fault that suit the kind of device, disturbances that
/// should not alert among them, are shuffled and dealt to the devices in turn; duration and size are the simulator's usual ones.
/// </summary>
internal static class WeekPlan
{
    /// <summary>Readings after a fault in which an alert still belongs to it: the way back to normal is a jump too. As in the demo.</summary>
    public const int Aftermath = 40;

    /// <summary>Readings between faults at least: the aftermath, and an alert's refractory time.</summary>
    private const int Rest = 140;

    // A Monday: five days of work, then a weekend.
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Values jump at the onset; of the others a part has to pass before anything is to be seen.</summary>
    public static bool IsAbrupt(FaultKind kind) =>
        kind == FaultKind.Spike || kind == FaultKind.Dip || kind == FaultKind.LevelShift || kind == FaultKind.NoiseBurst || kind == FaultKind.FraudBurst;

    public static IEnumerable<FaultKind> Suiting(DeviceKind kind) => FaultKind.All.Where(fault => fault.WholeDevice || fault.Suits(kind, kind.Channels[0]));

    public static TimeSpan Learning(WeekOptions options) => TimeSpan.FromDays(options.Days * 2 / 7.0);

    public static Scenario Clean(WeekOptions options, DeviceKind kind) => Create(options, kind, []);

    public static Scenario Faulty(WeekOptions options, DeviceKind kind)
    {
        var planned = Create(options, kind, Faults(options, kind));
        // Where readings come when something happens, a fault lasts for a number of them and may reach into the next one's part: that one is left out.
        var kept = planned.Labels.Where((label, i) => !planned.Labels.Take(i).Any(
            before => before.Device == label.Device && label.Start < before.End + (Rest * kind.Every))).ToHashSet();
        return kept.Count == planned.Labels.Count ? planned : Create(options, kind, Faults(options, kind).Where((_, i) => kept.Contains(planned.Labels[i])));
    }

    private static Scenario Create(WeekOptions options, DeviceKind kind, IEnumerable<Fault> faults) =>
        Scenario.Create(options.Seed, [kind.Name], options.Devices, Start, faults, new ScenarioOptions { Length = TimeSpan.FromDays(options.Days) });

    private static IEnumerable<Fault> Faults(WeekOptions options, DeviceKind kind)
    {
        var random = SeededRandom.For(options.Seed, $"week {kind.Name}");
        FaultKind[] suiting = [.. Suiting(kind)];
        var from = Learning(options);
        var span = TimeSpan.FromDays(options.Days) - from;
        var longest = suiting.Max(fault => fault.Readings) + Rest;
        var each = Math.Max(1, Math.Min(options.Faults, (int)(span / (longest * kind.Every))));
        var devices = Create(options, kind, []).Devices;
        Queue<FaultKind> deck = new();
        for (var n = 0; n < devices.Count * each; n++)
        {
            // Every kind comes up equally often, and none always after the same one: what an alert does to the next must not fall on one kind.
            if (deck.Count == 0)
                deck = new(suiting.OrderBy(_ => random.Uniform()).ToList());
            var fault = deck.Dequeue();
            var part = span / each;
            var need = (fault.Readings + Rest) * kind.Every;
            var at = from + (n % each * part) + (random.Uniform() * (part > need ? part - need : TimeSpan.Zero));
            yield return new Fault(fault, at, devices[n / each].Name);
        }
    }
}
