using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using StreamRnn.Detection;
using StreamRnn.Host.Configuration;
using StreamRnn.Host.Evaluation;

namespace StreamRnn.Host.Commands;

/// <summary><c>evaluate</c>: the product and some baselines on labelled corpora, and the product on simulated devices.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        var options = new EvaluateOptions();
        var verb = new Verb("evaluate", "Measure the detector on labelled corpora, beside simple detectors that go through the same scoring stage, and on simulated devices.")
        {
            Arguments = { options.Folder },
            Examples =
            [
                ("streamrnn evaluate corpora/nab --detector streamrnn", "NAB's three profiles, VUS-PR, recall at a budget, forecast skill."),
                ("streamrnn evaluate corpora --out results --plots", "All corpora in a folder, with a page of pictures."),
                ("streamrnn evaluate --simulated --kind freezer", "A week of 20 freezers, with faults and without."),
                ("streamrnn evaluate corpora --simulated --ablate --report detection.md", "Everything, as a report to be kept."),
            ],
            Notes =
            [
                "Layouts: nab has combined_windows.json beside its categories; skab has columns anomaly and changepoint; generic has a column label (0 or 1), and a manifest.csv in the folder above may name rows for training. "
                    + "CSV files without labels (time first, then channels) count for forecast skill only. Labels are never shown to a detector; every series begins with nothing learned.",
                "Budget and alert rules are those of the configuration (StreamRnn:Detection, StreamRnn:Alerts). To choose a budget for recordings of your own, see 'streamrnn tune'.",
            ],
        };
        foreach (var option in options.All)
            verb.Add(option);
        verb.SetAction((parsed, cancel) => Task.Run(() => Run(options, parsed, cancel), cancel));
        return verb;
    }

    private static int Run(EvaluateOptions options, ParseResult parsed, CancellationToken cancel)
    {
        options.Check(parsed);
        var console = parsed.InvocationConfiguration;
        var (folder, output, report, draws) = (parsed.GetValue(options.Folder), parsed.GetValue(options.Out), parsed.GetValue(options.Report), parsed.GetValue(options.Plots));
        var settings = Settings.Load(Directory.GetCurrentDirectory(), []);
        var model = BaseModel.Load();
        var judges = JudgesOf(parsed.GetValue(options.Detector) ?? ["all"], new ProductJudge(settings.Detection, settings.Alerts, model, draws));
        List<IJudge> ablated = !parsed.GetValue(options.Ablate) ? []
            : [.. Ablation.Parts.Select(part => new ProductJudge(settings.Detection with { LeftOut = part.Part }, settings.Alerts, model, tellsForecasts: false, name: Ablation.NameOf(part.Name)))];
        if (ablated.Count > 0 && !judges.Any(j => j is ProductJudge))
            throw new UsageException("--ablate compares with streamrnn, which --detector leaves out.");
        var carried = parsed.GetValue(options.Load) is { } load ? ResultFiles.LoadThresholds(load) : null;
        var corpora = folder is null ? [] : Corpus.Find(folder, LayoutOf(parsed.GetValue(options.Layout)));
        if (folder is not null && !corpora.Any(c => c.HasLabels) && (ablated.Count > 0 || !judges.Any(j => j is ProductJudge)))
            throw new UsageException($"{folder} has no labels, so only forecast skill can be measured, and that of the product alone: leave out {(ablated.Count > 0 ? "--ablate" : "--detector")}.");
        foreach (var file in new[] { output is null ? null : Path.Combine(output, "table.md"), report })
            RequireWritable(file);

        var began = Stopwatch.GetTimestamp();
        var page = new EvaluationPage();
        var corpusRun = new CorpusEvaluation(corpora, [.. judges, .. ablated], carried);
        var week = options.WeekOf(parsed);
        var weekRun = new SimulatedWeek(week, settings.Detection, settings.Alerts, model, settings.Ingest.MaxLateness);
        Lock gate = new();
        using (var progress = new ProgressLine(console.Error, "evaluate", () => corpusRun.Done))
        {
            corpusRun.Run((corpus, judge, series, judgement) =>
            {
                if (output is not null && judges.Contains(judge))
                    ResultFiles.Write(corpora.Count == 1 ? output : Path.Combine(output, corpus.Name), judge.Name, series, judgement);
                lock (gate)
                    progress.Show(always: true);
            },
            (corpus, judge, judgements) =>
            {
                if (draws && judge is ProductJudge && judges.Contains(judge))
                    page.Draw(output!, corpus, judgements, cancel);
            }, cancel);
        }

        IReadOnlyList<WeekFigures> weeks = [];
        if (parsed.GetValue(options.Simulated))
        {
            using var progress = new ProgressLine(console.Error, "simulated devices", () => weekRun.Done);
            weeks = weekRun.Run(() =>
            {
                lock (gate)
                    progress.Show(always: true);
            }, cancel);
        }

        var isAblated = corpusRun.Figures.ToLookup(f => ablated.Any(judge => judge.Name == f.Detector));
        var results = new EvaluationResults([.. isAblated[false]], corpusRun.Skills, weeks, week, settings.Detection.FalseAlarmsPerDevicePerWeek, [.. isAblated[true]], carried is not null);
        var table = EvaluationTable.Of(results);
        console.Output.Write(table);
        console.Output.WriteLine(Said(corpora, judges.Count, weeks, Stopwatch.GetElapsedTime(began)));
        if (parsed.GetValue(options.Save) is { } save)
            ResultFiles.SaveThresholds(save, results.Figures.FirstOrDefault(f => f.Nab is not null && f.Detector == ProductJudge.ProductName)?.Nab
                ?? throw new UsageException("--save-thresholds: streamrnn was not scored on a corpus of NAB's layout."));
        if (output is not null)
        {
            File.WriteAllText(Path.Combine(output, "table.md"), table);
            if (draws)
                page.Save(output, table);
            console.Output.WriteLine($"written into {output}");
        }

        if (report is not null)
        {
            File.WriteAllText(report, DetectionReport.Of(results, model, $"streamrnn {string.Join(' ', parsed.Tokens.Select(token => token.Value))}"));
            console.Output.WriteLine($"report written to {report}");
        }

        return ExitCode.Fine;
    }

    private static List<IJudge> JudgesOf(string[] names, ProductJudge product)
    {
        List<IJudge> known = [product, .. BaselineJudge.All];
        return names.Contains("all") ? known : [.. names.Distinct().Select(name => known.FirstOrDefault(j => j.Name == name)
            ?? throw new UsageException($"--detector {name} is not known; known are {string.Join(", ", known.Select(j => j.Name))} and all."))];
    }

    private static string Said(IReadOnlyList<Corpus> corpora, int detectors, IReadOnlyList<WeekFigures> weeks, TimeSpan took)
    {
        List<string> parts = [];
        if (corpora.Count > 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture,
                $"{corpora.Count} {(corpora.Count == 1 ? "corpus" : "corpora")}, {corpora.Sum(c => c.Series.Sum(s => (long)s.Rows)):N0} rows, {detectors} {(detectors == 1 ? "detector" : "detectors")}"));
        if (weeks.Count > 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{weeks.Count} {(weeks.Count == 1 ? "kind" : "kinds")} of simulated devices, {weeks.Sum(w => w.Readings):N0} readings"));
        return string.Create(CultureInfo.InvariantCulture, $"{string.Join("; ", parts)} in {took.TotalSeconds:0} s");
    }

    /// <summary>What is written at the end is tried before the work begins.</summary>
    private static void RequireWritable(string? file)
    {
        if (file is null)
            return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            File.AppendAllText(file, "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file} cannot be written: {e.Message}");
        }
    }

    private static Layout? LayoutOf(string? name) => name switch
    {
        null => null,
        "nab" => Layout.Nab,
        "skab" => Layout.Skab,
        "generic" => Layout.Generic,
        _ => throw new UsageException($"--layout {name} is not known; known are nab, skab, generic."),
    };
}
