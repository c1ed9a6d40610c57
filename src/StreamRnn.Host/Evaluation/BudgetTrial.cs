using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Host.Replay;
using StreamRnn.Pipeline;

namespace StreamRnn.Host.Evaluation;

/// <summary>What one budget would have sent of some recordings.</summary>
/// <param name="Budget">False alarms per device and week that are allowed.</param>
/// <param name="Opened">By time: each alert as it opened, and the worst that it became.</param>
/// <param name="Devices">Devices that raised any.</param>
/// <param name="False">Alerts on labelled recordings that touch no labelled anomaly.</param>
/// <param name="Found">Labelled anomalies in which an alert opened.</param>
internal sealed record BudgetTrial(double Budget, IReadOnlyList<(AlertEvent Alert, Severity Worst)> Opened, int Devices, int False, int Found);

/// <summary>Recordings with how long they are: a device-week is one device watched for a week.</summary>
/// <param name="Weeks">Device-weeks.</param>
/// <param name="NormalWeeks">Device-weeks of the labelled recordings outside labelled anomalies; NaN where nothing is labelled.</param>
/// <param name="Anomalies">Labelled anomalies.</param>
internal sealed record Recordings(int Devices, long Readings, double Weeks, double NormalWeeks, int Anomalies);

/// <summary>
/// Replays recordings through the product once for each budget: what is learned depends on which alerts are open, so one run cannot tell what another budget would have sent. Every device begins with
/// nothing learned.
/// </summary>
internal sealed class BudgetTrials(IReadOnlyList<(LabelledSeries Series, bool HasLabels)> files, DetectionOptions detection, AlertOptions alerts, BaseModel model, TimeSpan maxLateness)
{
    private readonly long _rows = files.Sum(file => (long)file.Series.Rows);
    private long _done;
    private int _budgets = 1;

    /// <summary>0..1, may be read while it runs.</summary>
    public double Done => Interlocked.Read(ref _done) / (double)Math.Max(1, _rows * _budgets);

    /// <param name="tell">Called now and then, from any thread.</param>
    public (Recordings Recordings, IReadOnlyList<BudgetTrial> Trials) Run(IReadOnlyList<double> budgets, Action tell, CancellationToken cancel)
    {
        _budgets = budgets.Count;
        var lives = new Life[files.Count * budgets.Count];
        Parallel.For(0, lives.Length, new ParallelOptions { CancellationToken = cancel }, i =>
        {
            var (series, budget) = (files[i / budgets.Count].Series, budgets[i % budgets.Count]);
            lives[i] = Live(series, new Replayer(detection with { FalseAlarmsPerDevicePerWeek = budget }, alerts, model, maxLateness: maxLateness), tell, cancel);
        });
        Life[] first = [.. files.Select((_, n) => lives[n * budgets.Count])];
        var labelled = Enumerable.Range(0, files.Count).Where(n => files[n].HasLabels).ToList();
        var recordings = new Recordings(
            files.Count, first.Sum(life => life.Readings), first.Sum(life => life.Weeks),
            labelled.Count == 0 ? double.NaN : labelled.Sum(n => first[n].NormalWeeks), labelled.Sum(n => files[n].Series.Windows.Count));
        return (recordings, [.. budgets.Select((budget, b) => Trial(budget, [.. files.Select((_, n) => lives[(n * budgets.Count) + b])], labelled))]);
    }

    private BudgetTrial Trial(double budget, Life[] lives, List<int> labelled)
    {
        var counts = EventCounts.Sum(labelled.Select(n => EventCounts.OfAlerts(files[n].Series with { Skip = 0 }, lives[n].Opened.Select(o => o.Row))));
        return new BudgetTrial(
            budget, [.. lives.SelectMany(life => life.Opened.Select(o => (o.Alert, life.Worst[o.Alert.AlertId]))).OrderBy(o => o.Alert.EventTime)],
            lives.Count(life => life.Opened.Count > 0),
            labelled.Sum(n => lives[n].Opened.Count(o => !files[n].Series.Label[o.Row])), counts.Found);
    }

    private Life Live(LabelledSeries series, Replayer replayer, Action tell, CancellationToken cancel)
    {
        using var file = SeriesFile.Open(series.Path);
        var life = new Life();
        var (clock, normal, row) = (new NormalClock(series with { Skip = 0, Label = new bool[series.Rows] }), new NormalClock(series with { Skip = 0 }), 0);
        life.Readings = replayer.Play(file, outcome =>
        {
            foreach (var e in outcome.Alerts)
            {
                if (e.Status == AlertStatus.Opened)
                    life.Opened.Add((e, Math.Min(row, series.Rows - 1)));
                life.Worst[e.AlertId] = (Severity)Math.Max((int)e.Severity, (int)life.Worst.GetValueOrDefault(e.AlertId));
            }
        }, cancel, time =>
        {
            clock.Pass(row, time);
            normal.Pass(row, time);
            row++;
            if (row % 256 == 0)
            {
                Interlocked.Add(ref _done, 256);
                tell();
            }
        });
        (life.Weeks, life.NormalWeeks) = (clock.Weeks, normal.Weeks);
        return life;
    }

    /// <summary>One recording under one budget.</summary>
    private sealed class Life
    {
        public List<(AlertEvent Alert, int Row)> Opened { get; } = [];
        public Dictionary<string, Severity> Worst { get; } = [];
        public long Readings { get; set; }
        public double Weeks { get; set; }
        public double NormalWeeks { get; set; }
    }
}
