using System.Globalization;

namespace StreamRnn.Host.Evaluation;

/// <summary>The figures as Markdown: for the terminal and for a file.</summary>
internal static class EvaluationTable
{
    public static string Of(EvaluationResults results)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        Write(text, results);
        return text.ToString();
    }

    public static void Write(TextWriter text, EvaluationResults results)
    {
        List<Action> sections = [];
        if (results.Figures.Count > 0)
            sections.Add(() => WriteLabelled(text, results.Figures, results.Budget));
        if (results.Ablated.Count > 0)
            sections.Add(() => Ablation.Write(text, [.. results.Figures, .. results.Ablated]));
        if (results.Weeks.Count > 0)
            sections.Add(() => WeekTable.Write(text, results.Weeks, results.Week, results.Budget));
        var skill = new SkillTable([.. results.Skills, .. DetectionReport.SkillsOf(results.Weeks)]);
        if (!skill.IsEmpty)
            sections.Add(() => skill.Write(text));
        for (var n = 0; n < sections.Count; n++)
        {
            if (n > 0)
                text.WriteLine();
            sections[n]();
        }
    }

    private static void WriteLabelled(TextWriter text, IReadOnlyList<CorpusFigures> figures, double budget)
    {
        text.WriteLine("| corpus | detector | series | VUS-PR | recall at .5 | at 1 | at 2 false alarms per 1,000 normal rows |");
        text.WriteLine("|---|---|---:|---:|---:|---:|---:|");
        foreach (var f in figures)
            text.WriteLine($"| {f.Corpus} | {f.Detector} | {f.Series} | {Say(f.VusPr)} | {Say(f.RecallAtHalf)} | {Say(f.RecallAtOne)} | {Say(f.RecallAtTwo)} |");
        foreach (var detector in figures.Select(f => f.Detector).Distinct())
        {
            var mine = figures.Where(f => f.Detector == detector).ToList();
            if (mine.Count < 2)
                continue;
            text.WriteLine($"| **macro** | **{detector}** | {mine.Sum(f => f.Series)} | {Mean(mine, f => f.VusPr)} | {Mean(mine, f => f.RecallAtHalf)} | {Mean(mine, f => f.RecallAtOne)} | {Mean(mine, f => f.RecallAtTwo)} |");
        }

        text.WriteLine();
        text.WriteLine("± is one standard error, by drawing the corpus anew from its series. One threshold per corpus, picked on it: optimistic, and equally so for all.");
        WriteNab(text, [.. figures.Where(f => f.Nab is not null)]);
        WriteSkab(text, [.. figures.Where(f => f.Skab is not null)]);
        WriteAlerts(text, [.. figures.Where(f => f.Alerts is not null)], budget);
    }

    private static void WriteNab(TextWriter text, List<CorpusFigures> figures)
    {
        if (figures.Count == 0)
            return;
        text.WriteLine();
        text.WriteLine("| NAB score | standard | reward low FP | reward low FN | threshold |");
        text.WriteLine("|---|---:|---:|---:|---:|");
        foreach (var f in figures)
            text.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {f.Detector} | {f.Nab!["standard"].Score:0.0} | {f.Nab["reward_low_FP_rate"].Score:0.0} | {f.Nab["reward_low_FN_rate"].Score:0.0} | {f.Nab["standard"].Threshold:0.0000} |"));
    }

    private static void WriteSkab(TextWriter text, List<CorpusFigures> figures)
    {
        if (figures.Count == 0)
            return;
        text.WriteLine();
        text.WriteLine("| SKAB outlier | F1 | false alarm rate % | miss rate % | threshold |");
        text.WriteLine("|---|---:|---:|---:|---:|");
        foreach (var f in figures)
            text.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {f.Detector} | {f.Skab!.Value.F1:0.000} | {f.Skab.Value.FalseAlarmRate:0.0} | {f.Skab.Value.MissRate:0.0} | {f.Skab.Value.Threshold:0.0000} |"));
    }

    private static void WriteAlerts(TextWriter text, List<CorpusFigures> figures, double budget)
    {
        if (figures.Count == 0)
            return;
        text.WriteLine();
        text.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"The alerts that the service would have sent, silence left out, with its own rules at its configured budget: {budget:0.###} false per device and week. Budgeted: the false alarms that this allows in the corpus's normal time by its own timestamps, which in some corpora are row numbers."));
        text.WriteLine();
        text.WriteLine("| corpus | anomalies | found | alerts | precision | false | budgeted | realised / budgeted | false per 1,000 normal rows | median delay, rows |");
        text.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var f in figures)
            text.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {f.Corpus} | {f.Alerts!.Windows} | {f.Alerts.Found} | {f.Alerts.Alarms} | {Number(f.Alerts.Precision, "0.00")} | {f.Alerts.False} | {f.NormalWeeks * budget:0.0} | {f.Alerts.False / (f.NormalWeeks * budget):0.00} | {1000.0 * f.Alerts.False / Math.Max(1, f.NormalRows):0.00} | {Number(f.Alerts.MedianDelay, "0")} |"));
    }

    private static string Number(double value, string format) => double.IsNaN(value) ? "n/a" : value.ToString(format, CultureInfo.InvariantCulture);

    private static string Say(Figure figure) => double.IsNaN(figure.StandardError)
        ? string.Create(CultureInfo.InvariantCulture, $"{figure.Value:0.000}")
        : string.Create(CultureInfo.InvariantCulture, $"{figure.Value:0.000} ± {figure.StandardError:0.000}");

    /// <summary>Corpora are drawn apart, so their errors add as squares; one of a single series has none to add.</summary>
    private static string Mean(List<CorpusFigures> figures, Func<CorpusFigures, Figure> of)
    {
        var all = figures.Select(of).ToList();
        return "**" + Say(new Figure(all.Average(f => f.Value), Math.Sqrt(all.Where(f => !double.IsNaN(f.StandardError)).Sum(f => f.StandardError * f.StandardError)) / all.Count)) + "**";
    }
}
