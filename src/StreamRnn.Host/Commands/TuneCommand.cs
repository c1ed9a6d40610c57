using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Host.Configuration;
using StreamRnn.Host.Evaluation;
using StreamRnn.Host.Watch;

namespace StreamRnn.Host.Commands;

/// <summary><c>tune</c>: what each budget of false alarms would have sent of recorded readings.</summary>
internal static class TuneCommand
{
    private const string Usual = "0.1,0.3,1,3,10,30";
    private const double Least = 0.001, Most = 1000;
    private const string Key = "StreamRnn:Detection:FalseAlarmsPerDevicePerWeek";
    private const string Allowed = "a list of numbers from 0.001 to 1000, separated by commas";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        var data = new Option<string[]>("--data")
        {
            Description = "Recorded rows, one device a file, as for 'replay', or a folder of such files. Columns named label or anomaly (0 or 1), or NAB's combined_windows.json, tell which alerts are false.",
            HelpName = "FILE|DIR …",
            Required = true,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = true,
        };
        var budgets = new Option<double[]>("--budgets")
        {
            Description = $"False alarms per device and week to try: {Allowed}. The configured one is tried too. Default: {Usual}.",
            HelpName = "N,N,…",
            DefaultValueFactory = _ => [.. Usual.Split(',').Select(text => double.Parse(text, CultureInfo.InvariantCulture))],
            CustomParser = OptionOf.Parser("--budgets", Allowed, text =>
            {
                var all = text.Split(',').Select(part => double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : double.NaN).ToArray();
                return (all.All(number => number is >= Least and <= Most), all);
            }),
        };
        var show = new Option<double?>("--show")
        {
            Description = "The budget whose alerts are listed. Default: the configured one.",
            HelpName = "N",
            CustomParser = OptionOf.Parser<double?>("--show", "a number from 0.001 to 1000", text => (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is >= Least and <= Most, number)),
        };
        var first = OptionOf.Whole("--first", "How many of its alerts are listed.", 10, 0, 1_000_000);
        var json = new Option<bool>("--json") { Description = "One JSON object instead of lines." };
        var verb = new Verb("tune", "Replay recorded readings and tell what each budget of false alarms would have sent, so that you can choose one.")
        {
            Options = { data, budgets, show, first, json },
            Examples =
            [
                ("streamrnn tune --data office.csv", "Six budgets, and the alerts at the configured one."),
                ("streamrnn tune --data week --budgets 0.5,1,2 --show 2", "All files of a folder, and the alerts at two a week."),
                ("streamrnn tune --data week/*.csv --json > tune.json", "For scripts."),
            ],
            Notes =
            [
                $"What you choose goes into {Key}. It is a promise about normal readings: true anomalies come on top, and what a recording holds of them is not known here unless it is labelled. "
                    + "Every device begins with nothing learned, so the first days of a recording show more alerts than a service that has been running.",
                "Exit code 0: it was tried, 2: a file or the command line cannot be used, 78: the configuration was refused.",
            ],
        };
        verb.SetAction((parsed, cancel) => Task.Run(
            () => Run(parsed.GetRequiredValue(data), parsed.GetRequiredValue(budgets), parsed.GetValue(show), parsed.GetValue(first), parsed.GetValue(json), parsed.InvocationConfiguration, cancel), cancel));
        return verb;
    }

    private static int Run(string[] paths, double[] budgets, double? shown, int first, bool json, InvocationConfiguration console, CancellationToken cancel)
    {
        var settings = Settings.Load(Directory.GetCurrentDirectory(), []);
        var configured = settings.Detection.FalseAlarmsPerDevicePerWeek;
        List<(LabelledSeries, bool)> files = [.. paths.SelectMany(path => Directory.Exists(path) ? Corpus.AllIn(path) : [Corpus.One(path)])];
        double[] tried = [.. budgets.Append(configured).Append(shown ?? configured).Distinct().Order()];
        var run = new BudgetTrials(files, settings.Detection, settings.Alerts, BaseModel.Load(), settings.Ingest.MaxLateness);
        Recordings recordings;
        IReadOnlyList<BudgetTrial> trials;
        Lock gate = new();
        using (var progress = new ProgressLine(console.Error, "tune", () => run.Done))
        {
            (recordings, trials) = run.Run(tried, () =>
            {
                lock (gate)
                    progress.Show(always: true);
            }, cancel);
        }

        var chosen = trials.Single(trial => trial.Budget == (shown ?? configured));
        if (json)
            WriteJson(console.Output, recordings, trials, chosen, configured, first);
        else
            Write(console.Output, recordings, trials, chosen, configured, first);
        return ExitCode.Fine;
    }

    private static void Write(TextWriter output, Recordings recordings, IReadOnlyList<BudgetTrial> trials, BudgetTrial chosen, double configured, int first)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Counted(recordings.Devices, "device")}, {Counted(recordings.Readings, "reading")}, {recordings.Weeks:0.##} weeks in all{(recordings.Weeks < 1 ? ": so little that rates a week say little" : "")}"
            + $"{(recordings.Anomalies > 0 ? Invariant($"; {Counted(recordings.Anomalies, "labelled anomaly", "labelled anomalies")}") : "")}"));
        output.WriteLine();
        var hasLabels = !double.IsNaN(recordings.NormalWeeks);
        output.WriteLine("  budget  alerts  per device and week  devices  major or worse" + (hasLabels ? "  found  false  per device and week  of budget" : ""));
        foreach (var trial in trials)
        {
            var rate = trial.False / recordings.NormalWeeks;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(trial.Budget == configured ? "*" : " ")} {trial.Budget,6:0.###}  {trial.Opened.Count,6}  {trial.Opened.Count / recordings.Weeks,19:0.00}  {trial.Devices,7}  {trial.Opened.Count(o => o.Worst >= Severity.Major),14}"
                + $"{(hasLabels ? Invariant($"  {trial.Found,5}  {trial.False,5}  {rate,19:0.00}  {rate / trial.Budget,9:0.00}") : "")}"));
        }

        output.WriteLine("* is configured. Budget: false alarms per device and week" + (hasLabels ? "; false: outside labelled anomalies, per week of such time." : "."));
        output.WriteLine();
        var listed = Math.Min(first, chosen.Opened.Count);
        output.WriteLine(Invariant($"At {chosen.Budget:0.###}: ") + (chosen.Opened.Count == 0 ? "no alert." : listed == chosen.Opened.Count ? Invariant($"{Counted(listed, "alert")}.") : Invariant($"the first {listed} of {Counted(chosen.Opened.Count, "alert")}.")));
        foreach (var (alert, worst) in chosen.Opened.Take(listed))
            output.WriteLine(AlertLine.Of(alert with { Severity = worst }));
        output.WriteLine();
        output.WriteLine($"To choose one: \"FalseAlarmsPerDevicePerWeek\" in section StreamRnn:Detection of appsettings.json, or {Key.Replace(":", "__", StringComparison.Ordinal)} in the environment.");
    }

    private static void WriteJson(TextWriter output, Recordings recordings, IReadOnlyList<BudgetTrial> trials, BudgetTrial chosen, double configured, int first) =>
        output.WriteLine(JsonSerializer.Serialize(new
        {
            recordings.Devices,
            recordings.Readings,
            Weeks = Finite(recordings.Weeks),
            NormalWeeks = Finite(recordings.NormalWeeks),
            LabelledAnomalies = double.IsNaN(recordings.NormalWeeks) ? (int?)null : recordings.Anomalies,
            Configured = configured,
            Budgets = trials.Select(trial => new
            {
                trial.Budget,
                Alerts = trial.Opened.Count,
                PerDeviceAndWeek = Finite(trial.Opened.Count / recordings.Weeks),
                DevicesWithAlerts = trial.Devices,
                MajorOrWorse = trial.Opened.Count(o => o.Worst >= Severity.Major),
                Found = double.IsNaN(recordings.NormalWeeks) ? (int?)null : trial.Found,
                FalseAlarms = double.IsNaN(recordings.NormalWeeks) ? (int?)null : trial.False,
                FalsePerDeviceAndWeek = Finite(trial.False / recordings.NormalWeeks),
                OfBudget = Finite(trial.False / recordings.NormalWeeks / trial.Budget),
            }),
            Shown = chosen.Budget,
            Alerts = chosen.Opened.Take(first).Select(o => new
            {
                Time = o.Alert.EventTime.ToString(),
                o.Alert.Device,
                o.Alert.Channel,
                Kind = AlertWords.Of(o.Alert.Kind),
                Severity = AlertWords.Of(o.Worst),
                o.Alert.Summary,
            }),
        }, Json));

    private static double? Finite(double value) => double.IsFinite(value) ? Math.Round(value, 4) : null;

    private static string Counted(long count, string one, string? many = null) => Invariant($"{count:N0} {(count == 1 ? one : many ?? one + "s")}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
