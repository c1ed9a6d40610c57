using StreamRnn.Alerts;
using StreamRnn.Host.Demo;
using StreamRnn.Simulators;
using StreamRnn.Simulators.Faults;

namespace StreamRnn.Host.Evaluation;

/// <summary>What became of the faults of one kind.</summary>
/// <param name="Delays">Of those found: readings that the device had to send from the onset to the alert, the first touched one is 1.</param>
internal sealed record FaultFigures(FaultKind Kind, int Planned, int Found, IReadOnlyList<int> Delays)
{
    public double MedianDelay => Delays.Count == 0 ? double.NaN : Delays.Order().ElementAt((Delays.Count - 1) / 2);

    public static FaultFigures Sum(FaultKind kind, IEnumerable<FaultFigures> all) =>
        all.Aggregate(new FaultFigures(kind, 0, 0, []), (a, b) => new FaultFigures(kind, a.Planned + b.Planned, a.Found + b.Found, [.. a.Delays, .. b.Delays]));
}

/// <summary>What the detector made of one kind of device.</summary>
/// <param name="Readings">Of both runs.</param>
/// <param name="Faults">By kind of fault, of those that are to be found.</param>
/// <param name="DeviceWeeks">Of one run: devices times weeks.</param>
/// <param name="CleanAlarms">Alerts in the run without faults: kind of alert, time since the start.</param>
/// <param name="FaultyWeeks">Device-weeks of the run with faults outside the faults and their aftermath.</param>
/// <param name="FaultyAlarms">Alerts in that time, disturbances that should not alert included.</param>
internal sealed record WeekFigures(
    string Kind, long Readings, IReadOnlyList<FaultFigures> Faults, double DeviceWeeks, IReadOnlyList<(AlertKind Kind, TimeSpan At)> CleanAlarms,
    double FaultyWeeks, IReadOnlyList<AlertKind> FaultyAlarms, IReadOnlyList<SeriesSkill> Skill)
{
    public double CleanRate => CleanAlarms.Count / DeviceWeeks;

    public double FaultyRate => FaultyAlarms.Count / FaultyWeeks;

    public int Planned => Faults.Sum(f => f.Planned);

    public int Found => Faults.Sum(f => f.Found);

    public FaultFigures Abrupt => FaultFigures.Sum(FaultKind.Spike, Faults.Where(f => WeekPlan.IsAbrupt(f.Kind)));

    public static WeekFigures Of(DeviceKind kind, SimulatedRun clean, SimulatedRun faulty)
    {
        var scenario = faulty.Scenario;
        var length = scenario.Options.Length!.Value;
        var aftermath = WeekPlan.Aftermath * kind.Every;
        var labels = scenario.Labels.Where(label => label.Anomalous).ToList();
        var board = new Scoreboard(labels.Count, aftermath);
        foreach (var label in labels)
            board.Inject(label, label.Start - scenario.Start, label.End - label.Start);
        var delays = new Dictionary<Label, int>();
        List<AlertKind> wrong = [];
        foreach (var (alert, at) in faulty.Opened)
        {
            if (board.Open(alert, at - scenario.Start) is not { } hit)
                wrong.Add(alert.Kind);
            else if (hit.Finds)
                delays.Add(hit.Fault.Label, Math.Max(1, Math.Max(Between(clean, hit.Fault.Label, at), Between(faulty, hit.Fault.Label, at))));
        }

        var weeks = scenario.Devices.Count * (length / TimeSpan.FromDays(7));
        var touched = labels.Sum(label => (Earlier(label.End + aftermath, scenario.Start + length) - label.Start) / TimeSpan.FromDays(7));
        return new WeekFigures(
            kind.Name, clean.Readings + faulty.Readings,
            [.. FaultKind.All.Select(fault => labels.Where(label => label.Kind == fault.Name).ToList() is var mine
                ? new FaultFigures(fault, mine.Count, mine.Count(delays.ContainsKey), [.. mine.Where(delays.ContainsKey).Select(label => delays[label])]) : null!).Where(f => f.Planned > 0)],
            weeks, [.. clean.Opened.Select(o => (o.Alert.Kind, o.At - scenario.Start))], weeks - touched, wrong, clean.Skill);
    }

    /// <summary>Readings of the label's device from the onset to a time. Counted in both runs: a silent device is counted by what it would have sent.</summary>
    private static int Between(SimulatedRun run, Label label, DateTimeOffset at) => run.Arrivals[label.Device].Count(time => time >= label.Start && time <= at);

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
