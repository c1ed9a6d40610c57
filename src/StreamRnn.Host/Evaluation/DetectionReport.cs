using System.Globalization;
using StreamRnn.Detection;
using StreamRnn.Host.Commands;

namespace StreamRnn.Host.Evaluation;

/// <summary>All that one evaluation measured.</summary>
/// <param name="Weeks">Empty where nothing was simulated.</param>
/// <param name="Ablated">Figures of the product without each of its parts; empty where that was not asked for.</param>
internal sealed record EvaluationResults(
    IReadOnlyList<CorpusFigures> Figures, IReadOnlyList<(string Corpus, IReadOnlyList<SeriesSkill> Series)> Skills, IReadOnlyList<WeekFigures> Weeks, WeekOptions Week, double Budget,
    IReadOnlyList<CorpusFigures> Ablated, bool IsNabCarried);

/// <summary>The product's figures beside what they should be, and then everything that was measured, in Markdown with commit, seed and processor in its head.</summary>
internal static class DetectionReport
{
    private sealed record Goal(string What, string Measured, string Wanted, bool? Met);

    public static string Of(EvaluationResults results, BaseModel model, string commandLine)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        text.WriteLine($"# Detection on {Machine.Processor}");
        text.WriteLine();
        text.WriteLine($"streamrnn {VersionCommand.Version}, base model {model.Id} {model.Version}, seed {results.Week.Seed}, {Machine.System}. Made by `{commandLine}`.");
        text.WriteLine();
        WriteGoals(text, results);
        text.WriteLine();
        EvaluationTable.Write(text, results);
        return text.ToString();
    }

    private static void WriteGoals(StringWriter text, EvaluationResults results)
    {
        text.WriteLine("| | measured | goal | |");
        text.WriteLine("|---|---|---|---|");
        foreach (var goal in Goals(results))
            text.WriteLine($"| {goal.What} | {goal.Measured} | {goal.Wanted} | {goal.Met switch { null => "", true => "met", false => "missed" }} |");
    }

    private static IEnumerable<Goal> Goals(EvaluationResults results)
    {
        var product = results.Figures.Where(f => f.Detector == ProductJudge.ProductName).ToList();
        if (product.Count > 0)
        {
            var (volume, half, one) = (product.Average(f => f.VusPr.Value), product.Average(f => f.RecallAtHalf.Value), product.Average(f => f.RecallAtOne.Value));
            yield return new Goal("all corpora, macro: VUS-PR / event recall at .5 / at 1 false event per 1,000 normal rows", Say($"{volume:0.000} / {half:0.000} / {one:0.000}"), "≥ .42 / ≥ .70 / ≥ .80", volume >= .42 && half >= .70 && one >= .80);
        }

        var real = new SkillTable(results.Skills);
        if (real.OverAll(12, s => s.OfBest) is { Value: not double.NaN } skill)
            yield return new Goal("forecast skill of recordings, 12 steps: error over the best of persistence, seasonal persistence, online autoregression, median over series (mean of the corpora's medians)",
                Say($"{skill.Value:0.000} ± {skill.StandardError:0.000} ({real.Macro(12, s => s.OfBest).Value:0.000})"), "≤ .85", skill.Value <= .85);
        if (new SkillTable(SkillsOf(results.Weeks)).OverAll(12, s => s.OfBest) is { Value: not double.NaN } simulated)
            yield return new Goal("the same of simulated devices", Say($"{simulated.Value:0.000} ± {simulated.StandardError:0.000}"), "≤ .85", simulated.Value <= .85);
        foreach (var nab in product.Where(f => f.Nab is not null))
        {
            var score = nab.Nab!["standard"].Score;
            yield return new Goal($"NAB ({nab.Corpus}), standard, one threshold{(results.IsNabCarried ? " chosen elsewhere" : ", chosen on it")}", Say($"{score:0.0}"), "≥ 75", score >= 75);
            yield return new Goal($"NAB ({nab.Corpus}), VUS-PR", Say($"{nab.VusPr.Value:0.000}"), "≥ .40", nab.VusPr.Value >= .40);
        }

        foreach (var skab in product.Where(f => f.Skab is not null).Select(f => f.Skab!.Value))
            yield return new Goal("SKAB outlier F1, false alarm rate, miss rate; one threshold", Say($"{skab.F1:0.000}, {skab.FalseAlarmRate:0.0} %, {skab.MissRate:0.0} %"), "≥ .82, ≤ 15 %, ≤ 15 %", skab.F1 >= .82 && skab.FalseAlarmRate <= 15 && skab.MissRate <= 15);
        if (results.Weeks.Count == 0)
            yield break;
        var (weeks, found) = (results.Weeks, results.Weeks.Sum(w => w.Found) / (double)Math.Max(1, results.Weeks.Sum(w => w.Planned)));
        var rate = weeks.Sum(w => w.CleanAlarms.Count) / weeks.Sum(w => w.DeviceWeeks);
        var delay = FaultFigures.Sum(Simulators.Faults.FaultKind.Spike, weeks.Select(w => w.Abrupt)).MedianDelay;
        yield return new Goal("simulated devices: faults found / false alarms per device and week / median delay of abrupt faults, readings", Say($"{100 * found:0} % / {rate:0.00} / {delay:0}"), "≥ 95 % / ≤ 1 / ≤ 3", found >= .95 && rate <= 1 && delay <= 3);
        var (least, most) = (weeks.Min(w => w.CleanRate / results.Budget), weeks.Max(w => w.CleanRate / results.Budget));
        yield return new Goal("realised over budgeted false alarms, simulated devices without faults, kind by kind", Say($"{least:0.00} to {most:0.00}"), ".5 to 2", least >= .5 && most <= 2);
    }

    public static IReadOnlyList<(string, IReadOnlyList<SeriesSkill>)> SkillsOf(IReadOnlyList<WeekFigures> weeks) => [.. weeks.Select(w => ("simulated " + w.Kind, w.Skill))];

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
