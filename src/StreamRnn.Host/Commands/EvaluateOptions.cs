using System.CommandLine;
using StreamRnn.Host.Evaluation;
using StreamRnn.Simulators;

namespace StreamRnn.Host.Commands;

/// <summary>The options of <c>evaluate</c>.</summary>
internal sealed class EvaluateOptions
{
    private static readonly WeekOptions Usual = new(DeviceKinds.All);

    public Argument<string?> Folder { get; } = new("DIR")
    {
        Description = "A corpus, or a folder of corpora; one without labels is good for forecast skill only. Not needed with --simulated.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public Option<string?> Layout { get; } = new("--layout") { Description = "nab, skab or generic; told from the files where it is not given.", HelpName = "LAYOUT" };

    public Option<string?> Out { get; } = new("--out") { Description = "Write every row's score in NAB's result layout, the table and a page into this folder.", HelpName = "RESULTS" };

    public Option<string[]> Detector { get; } = new("--detector")
    {
        Description = $"{ProductJudge.ProductName}, {string.Join(", ", BaselineJudge.All.Select(b => b.Name))}, or all.",
        HelpName = "NAME",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => ["all"],
    };

    public Option<bool> Plots { get; } = new("--plots") { Description = "With --out: draw every series with value, band, score, labelled windows and alerts, and a page of them." };

    public Option<string?> Save { get; } = new("--save-thresholds") { Description = "Keep NAB's best thresholds of streamrnn, to be carried to another corpus.", HelpName = "FILE.json" };

    public Option<string?> Load { get; } = new("--load-thresholds") { Description = "Score NAB at thresholds that were saved on another corpus: the honest way.", HelpName = "FILE.json" };

    public Option<bool> Ablate { get; } = new("--ablate") { Description = "Also measure the product without each part of its score: what it is worth, with paired errors." };

    public Option<string?> Report { get; } = new("--report") { Description = "Write the goals and all tables, with commit, seed and processor in the head, into this file.", HelpName = "FILE.md" };

    public Option<bool> Simulated { get; } = new("--simulated") { Description = "Simulate devices of every kind, once without faults and once with, and measure what is found and what is false." };

    public Option<string[]> Kind { get; } = new("--kind")
    {
        Description = $"With --simulated, which kinds: {DeviceKinds.AllNames}. Default: all.",
        HelpName = "NAME",
        AllowMultipleArgumentsPerToken = true,
        CustomParser = result =>
        {
            foreach (var token in result.Tokens.Where(token => !DeviceKinds.All.Any(kind => kind.Name == token.Value)))
                result.AddError($"--kind is '{token.Value}'; allowed is one of {DeviceKinds.AllNames}.");
            return [.. result.Tokens.Select(token => token.Value)];
        },
    };

    public Option<int> Devices { get; } = OptionOf.Whole("--devices", "With --simulated, devices of each kind.", Usual.Devices, 1, 10_000);

    public Option<int> Days { get; } = OptionOf.Whole("--days", "With --simulated, how long they are watched.", Usual.Days, 1, 365);

    public Option<int> Faults { get; } = OptionOf.Whole("--faults", "With --simulated, faults of a device at most.", Usual.Faults, 1, 100);

    public Option<long> Seed { get; } = OptionOf.Seed("With --simulated, which devices and faults.");

    public IEnumerable<Option> All => [Layout, Out, Detector, Plots, Save, Load, Ablate, Report, Simulated, Kind, Devices, Days, Faults, Seed];

    /// <exception cref="UsageException">Options that do not go together.</exception>
    public void Check(ParseResult parsed)
    {
        var isSimulated = parsed.GetValue(Simulated);
        if (!isSimulated && new Option[] { Kind, Devices, Days, Faults, Seed }.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } vain)
            throw new UsageException($"{vain.Name} is for --simulated.");
        if (parsed.GetValue(Folder) is null && !isSimulated)
            throw new UsageException("there is nothing to evaluate: expected is a folder of recordings, --simulated, or both.");
        if (parsed.GetValue(Folder) is null && new Option[] { Layout, Out, Detector, Save, Load, Ablate }.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } needsFolder)
            throw new UsageException($"{needsFolder.Name} needs DIR, a folder of recordings.");
        if (parsed.GetValue(Plots) && parsed.GetValue(Out) is null)
            throw new UsageException("--plots needs --out, the folder to draw into.");
    }

    public WeekOptions WeekOf(ParseResult parsed) => new(
        parsed.GetValue(Kind) is { Length: > 0 } names ? [.. DeviceKinds.All.Where(kind => names.Contains(kind.Name))] : DeviceKinds.All,
        parsed.GetValue(Devices), parsed.GetValue(Days), parsed.GetValue(Seed), parsed.GetValue(Faults));
}
