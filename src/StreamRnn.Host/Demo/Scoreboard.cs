using System.Globalization;
using StreamRnn.Alerts;
using StreamRnn.Simulators;

namespace StreamRnn.Host.Demo;

/// <summary>
/// Who was right. A fault is found when an alert of its device opens after the fault's onset and no later than <paramref name="aftermath"/> after its end;
/// further alerts within that time belong to it too. Any other alert is a false alarm. Delays are counted from the onset to the arrival of the alert at
/// the subscriber, by the clock.
/// </summary>
internal sealed class Scoreboard(int faults, TimeSpan aftermath)
{
    private readonly List<Injected> _faults = [];

    /// <summary>A fault that was injected.</summary>
    public sealed class Injected(int number, Label label, TimeSpan onset, TimeSpan end)
    {
        /// <summary>1, 2, …</summary>
        public int Number { get; } = number;
        public Label Label { get; } = label;

        /// <summary>On the demo's clock.</summary>
        public TimeSpan Onset { get; } = onset;
        public TimeSpan End { get; } = end;

        /// <summary>From the onset to the first alert; null as long as it is not found.</summary>
        public TimeSpan? Delay { get; internal set; }
    }

    public IReadOnlyList<Injected> Faults => _faults;

    public int Found => _faults.Count(f => f.Delay is not null);

    public int FalseAlarms { get; private set; }

    /// <summary>Faults that will have been injected in the end.</summary>
    public int Planned { get; } = faults;

    /// <param name="at">Onset, on the demo's clock.</param>
    /// <param name="lasts">By the clock.</param>
    public Injected Inject(Label label, TimeSpan at, TimeSpan lasts)
    {
        var fault = new Injected(_faults.Count + 1, label, at, at + lasts);
        _faults.Add(fault);
        return fault;
    }

    /// <summary>Takes an alert that opened.</summary>
    /// <returns>The fault to which it belongs, and whether this is the alert that finds it; null for a false alarm.</returns>
    public (Injected Fault, bool Finds)? Open(AlertEvent alert, TimeSpan at)
    {
        // The latest onset, should two faults of a device follow each other closely.
        var fault = _faults.LastOrDefault(f => f.Label.Device == alert.Device && at >= f.Onset && at <= f.End + aftermath);
        if (fault is null)
        {
            FalseAlarms++;
            return null;
        }

        var finds = fault.Delay is null;
        fault.Delay ??= at - fault.Onset;
        return (fault, finds);
    }

    /// <summary><c>faults found F of N, false alarms A, median delay D s</c>; N counts the faults injected so far, and without a found one D is a dash.</summary>
    public string Line()
    {
        var delays = _faults.Where(f => f.Delay is not null).Select(f => f.Delay!.Value.TotalSeconds).Order().ToList();
        var median = delays.Count == 0 ? "-"
            : ((delays[(delays.Count - 1) / 2] + delays[delays.Count / 2]) / 2).ToString("0.0", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"faults found {Found} of {_faults.Count}, false alarms {FalseAlarms}, median delay {median} s");
    }
}
