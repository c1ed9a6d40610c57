using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using StreamRnn.Detection;
using StreamRnn.Host.Configuration;
using StreamRnn.Host.Evaluation;

namespace StreamRnn.Host.Commands;

/// <summary><c>evaluate</c>: the product and some baselines on labelled corpora.</summary>
internal static class EvaluateCommand
{
    private sealed record Options(string Folder, Layout? Layout, string? Out, string[] Detectors, bool Plots, string? Save, string? Load);

    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "A corpus, or a folder of corpora; one without labels is good for forecast skill only." };
        var layout = new Option<string?>("--layout") { Description = "nab, skab or generic; told from the files where it is not given.", HelpName = "LAYOUT" };
        var results = new Option<string?>("--out") { Description = "Write every row's score in NAB's result layout, the table and a page into this folder.", HelpName = "RESULTS" };
        var detector = new Option<string[]>("--detector")
        {
            Description = $"streamrnn, {string.Join(", ", BaselineJudge.All.Select(b => b.Name))}, or all.",
            HelpName = "NAME",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => ["all"],
        };
        var plots = new Option<bool>("--plots") { Description = "With --out: draw every series with value, band, score, labelled windows and alerts, and a page of them." };
        var save = new Option<string?>("--save-thresholds") { Description = "Keep NAB's best thresholds of streamrnn, to be carried to another corpus.", HelpName = "FILE.json" };
        var load = new Option<string?>("--load-thresholds") { Description = "Score NAB at thresholds that were saved on another corpus: the honest way.", HelpName = "FILE.json" };
        var verb = new Verb("evaluate", "Measure the detector on labelled corpora, beside simple detectors that go through the same scoring stage.")
        {
            Arguments = { folder },
            Options = { layout, results, detector, plots, save, load },
            Examples =
            [
                ("streamrnn evaluate corpora/nab --detector streamrnn", "NAB's three profiles, VUS-PR, recall at a budget."),
                ("streamrnn evaluate corpora --out results --plots", "All corpora in a folder, with a page of pictures."),
            ],
            Notes =
            [
                "Layouts: nab has combined_windows.json beside its categories; skab has columns anomaly and changepoint; generic has a column label (0 or 1), and a manifest.csv in the folder above may name rows for training. "
                    + "CSV files without labels (time first, then channels) count for forecast skill only. "
                    + "Labels are never shown to a detector; every series begins with nothing learned.",
            ],
        };
        verb.SetAction((parsed, cancel) => Task.Run(
            () => Run(
                new Options(parsed.GetRequiredValue(folder), LayoutOf(parsed.GetValue(layout)), parsed.GetValue(results), parsed.GetValue(detector) ?? ["all"], parsed.GetValue(plots), parsed.GetValue(save), parsed.GetValue(load)),
                parsed.InvocationConfiguration, cancel),
            cancel));
        return verb;
    }

    private static int Run(Options options, InvocationConfiguration console, CancellationToken cancel)
    {
        if (options.Plots && options.Out is null)
            throw new UsageException("--plots needs --out, the folder to draw into.");
        var settings = Settings.Load(Directory.GetCurrentDirectory(), []);
        List<IJudge> known = [new ProductJudge(settings.Detection, settings.Alerts, BaseModel.Load(), options.Plots), .. BaselineJudge.All];
        var judges = options.Detectors.Contains("all") ? known : [.. options.Detectors.Select(name => known.FirstOrDefault(j => j.Name == name)
            ?? throw new UsageException($"--detector {name} is not known; known are {string.Join(", ", known.Select(j => j.Name))} and all."))];
        var carried = options.Load is null ? null : ResultFiles.LoadThresholds(options.Load);
        var corpora = Corpus.Find(options.Folder, options.Layout);
        if (options.Out is not null)
            RequireWritable(options.Out);
        if (!judges.Any(j => j is ProductJudge) && !corpora.Any(c => c.HasLabels))
            throw new UsageException($"{options.Folder} has no labels, so only forecast skill can be measured, and that of the product alone: leave out --detector.");
        var rows = corpora.Sum(c => c.Series.Sum(s => (long)s.Rows));
        var (done, all) = (0L, corpora.Sum(c => c.Series.Sum(s => (long)s.Rows) * judges.Count(judge => c.HasLabels || judge is ProductJudge)));
        List<CorpusFigures> figures = [];
        List<(string Corpus, IReadOnlyList<SeriesSkill> Series)> skills = [];
        var page = new EvaluationPage();
        var began = Stopwatch.GetTimestamp();
        using (var progress = new ProgressLine(console.Error, "evaluate", () => Interlocked.Read(ref done) / (double)all))
        {
            foreach (var corpus in corpora)
                foreach (var judge in judges.Where(judge => corpus.HasLabels || judge is ProductJudge))
                {
                    var judgements = new Judgement[corpus.Series.Count];
                    Parallel.ForEach(Enumerable.Range(0, corpus.Series.Count), new ParallelOptions { CancellationToken = cancel }, n =>
                    {
                        judgements[n] = judge.Judge(corpus.Series[n], cancel);
                        if (options.Out is not null)
                            ResultFiles.Write(FolderOf(options.Out, corpus, corpora.Count), judge.Name, corpus.Series[n], judgements[n]);
                        Interlocked.Add(ref done, corpus.Series[n].Rows);
                        lock (page)
                            progress.Show(always: true);
                    });
                    if (judge is ProductJudge)
                        skills.Add((corpus.Name, [.. judgements.SelectMany(j => j.Skill)]));
                    if (corpus.HasLabels)
                        figures.Add(CorpusFigures.Of(corpus, judge.Name, judgements, judge.Name == "streamrnn" ? carried : null));
                    if (options.Plots && judge is ProductJudge)
                        page.Draw(options.Out!, corpus, judgements, cancel);
                }
        }

        var table = EvaluationTable.Of(figures, new SkillTable(skills));
        console.Output.Write(table);
        console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{corpora.Count} {(corpora.Count == 1 ? "corpus" : "corpora")}, {rows:N0} rows, {judges.Count} {(judges.Count == 1 ? "detector" : "detectors")} in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s"));
        if (options.Save is not null)
            ResultFiles.SaveThresholds(options.Save, figures.FirstOrDefault(f => f.Nab is not null && f.Detector == "streamrnn")?.Nab
                ?? throw new UsageException("--save-thresholds: streamrnn was not scored on a corpus of NAB's layout."));
        if (options.Out is not null)
        {
            Directory.CreateDirectory(options.Out);
            File.WriteAllText(Path.Combine(options.Out, "table.md"), table);
            if (options.Plots)
                page.Save(options.Out, table);
            console.Output.WriteLine($"written into {options.Out}");
        }

        return ExitCode.Fine;
    }

    private static void RequireWritable(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "table.md"), "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--out {folder} cannot be written: {e.Message}");
        }
    }

    private static string FolderOf(string results, Corpus corpus, int corpora) => corpora == 1 ? results : Path.Combine(results, corpus.Name);

    private static Layout? LayoutOf(string? name) => name switch
    {
        null => null,
        "nab" => Layout.Nab,
        "skab" => Layout.Skab,
        "generic" => Layout.Generic,
        _ => throw new UsageException($"--layout {name} is not known; known are nab, skab, generic."),
    };
}
