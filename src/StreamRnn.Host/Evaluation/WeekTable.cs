using System.Globalization;
using StreamRnn.Alerts;
using StreamRnn.Simulators.Faults;

namespace StreamRnn.Host.Evaluation;

/// <summary>The simulated week as Markdown.</summary>
internal static class WeekTable
{
    public static void Write(TextWriter text, IReadOnlyList<WeekFigures> kinds, WeekOptions options, double budget)
    {
        var learning = WeekPlan.Learning(options);
        text.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Simulated devices: {options.Devices} of each kind for {options.Days} days at the kind's own cadence, seed {options.Seed}, once without faults and once with up to {options.Faults} a device, of every kind that suits it, "
            + $"from day {learning.TotalDays:0.#} on. A fault is found when an alert of its device opens from its onset until {WeekPlan.Aftermath} readings after its end; every other alert is false. Budget: {budget:0.###} per device and week."));
        text.WriteLine();
        text.WriteLine("| kind | readings | faults | found | delay, abrupt | false per device and week, clean | of it in the first days | between faults | realised / budget | false alerts were |");
        text.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|---|");
        foreach (var kind in kinds)
        {
            text.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {kind.Kind} | {kind.Readings:N0} | {kind.Planned} | {Share(kind.Found, kind.Planned)} | {Delay(kind.Abrupt)} | {kind.CleanRate:0.00} | {kind.CleanAlarms.Count(a => a.At <= learning) / kind.DeviceWeeks:0.00} "
                + $"| {kind.FaultyRate:0.00} | {kind.CleanRate / budget:0.00} | {Said(kind.CleanAlarms.Select(a => a.Kind).Concat(kind.FaultyAlarms))} |"));
        }

        if (kinds.Count > 1)
        {
            var weeks = kinds.Sum(k => k.DeviceWeeks);
            var clean = kinds.Sum(k => k.CleanAlarms.Count) / weeks;
            text.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| **all** | {kinds.Sum(k => k.Readings):N0} | {kinds.Sum(k => k.Planned)} | **{Share(kinds.Sum(k => k.Found), kinds.Sum(k => k.Planned))}** | **{Delay(FaultFigures.Sum(FaultKind.Spike, kinds.Select(k => k.Abrupt)))}** "
                + $"| **{clean:0.00}** | {kinds.Sum(k => k.CleanAlarms.Count(a => a.At <= learning)) / weeks:0.00} | {kinds.Sum(k => k.FaultyAlarms.Count) / kinds.Sum(k => k.FaultyWeeks):0.00} | {clean / budget:0.00} | |"));
        }

        text.WriteLine();
        text.WriteLine("Found of planned, and the median delay: readings from the onset to the alert, the first touched one is 1. \\* abrupt.");
        text.WriteLine();
        text.WriteLine($"| fault | {string.Join(" | ", kinds.Select(k => k.Kind))} | all | delay |");
        text.WriteLine("|---|" + string.Concat(kinds.Select(_ => "---:|")) + "---:|---:|");
        foreach (var fault in FaultKind.All)
        {
            var each = kinds.Select(k => k.Faults.FirstOrDefault(f => f.Kind == fault)).ToList();
            var all = FaultFigures.Sum(fault, each.OfType<FaultFigures>());
            if (all.Planned == 0)
                continue;
            text.WriteLine($"| {fault}{(WeekPlan.IsAbrupt(fault) ? " \\*" : "")} | {string.Join(" | ", each.Select(f => f is null ? "" : $"{f.Found} of {f.Planned}"))} | {Share(all.Found, all.Planned)} | {Delay(all)} |");
        }
    }

    private static string Share(int found, int planned) => planned == 0 ? "n/a" : (found / (double)planned).ToString("P0", CultureInfo.InvariantCulture);

    private static string Delay(FaultFigures figures) => figures.Delays.Count == 0 ? "n/a" : figures.MedianDelay.ToString("0", CultureInfo.InvariantCulture);

    private static string Said(IEnumerable<AlertKind> alerts) =>
        string.Join(", ", alerts.GroupBy(k => k).OrderByDescending(g => g.Count()).Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Count()} {AlertWords.Of(g.Key)}")));
}
