using System.CommandLine;
using StreamRnn.Nets.Training;
using StreamRnn.Simulators;

namespace StreamRnn.Host.Commands;

/// <summary>The options of <c>train</c>, each with its range and default.</summary>
internal sealed class TrainOptions
{
    private static readonly TrainingPlan Usual = new();

    public Option<string[]> Data { get; } = new("--data")
    {
        Description = "Recorded rows, one device a file, as for 'replay': the first column is the time, the others are channels; columns named label, anomaly, is_anomaly or changepoint are not looked at. All files have the same channels.",
        HelpName = "FILE.csv …",
        Required = true,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
    };

    public Option<string> Out { get; } = new("--out")
    {
        Description = "The model file to write. What is there already is kept in MODEL.history, see 'streamrnn model'.",
        HelpName = "MODEL",
        Required = true,
    };

    public Option<string?> Net { get; } = new("--net")
    {
        Description = "The net's layers as JSON; rnnOutput has as many units as there are channels. Default: one lstm layer of 48 units that predicts changes by mean absolute error.",
        HelpName = "NET.json",
    };

    public Option<string?> Id { get; } = new("--id") { Description = "What alerts call the model. Default: the name of --out without its ending.", HelpName = "NAME" };

    public Option<string> Gaps { get; } = new("--gaps")
    {
        Description = "What an empty cell is: refuse (an error that names row and column) or carry (the last value stands for it). Default: refuse.",
        HelpName = "refuse|carry",
        DefaultValueFactory = _ => "refuse",
        CustomParser = OptionOf.Parser("--gaps", "refuse or carry", text => text is "refuse" or "carry" ? (true, text) : (false, "")),
    };

    public Option<double> HoldOut { get; } = OptionOf.Number("--holdout", "The last part of each file that is not learned but judged by: 0 to 0.9.", "SHARE", 0.2, 0, 0.9);

    public Option<int> Epochs { get; } = OptionOf.Whole("--epochs", "Times that all rows are learned at most. With --time the time alone decides unless this is given.", Usual.Epochs, 1, 1_000_000);

    public Option<TimeSpan?> Time { get; } = Length("--time", $"How long to train at most, {Durations.Allowed}. The result then depends on the machine's speed. Default: no limit.");

    public Option<TimeSpan?> Search { get; } = Length("--search",
        "Look for a better net than --net for so long: kinds, sizes and number of layers and the learning rate change, the promising learn on, and the winner meets the net it began with on the rows held out.");

    public Option<int> Patience { get; } = OptionOf.Whole("--patience", "Epochs without a better held-out loss after which training stops.", Usual.Patience, 1, 1_000_000);

    public Option<string> Optimiser { get; } = new("--optimizer")
    {
        Description = $"One of {string.Join(", ", StreamRnn.Nets.Training.Optimiser.Names)}. Default: {Usual.Optimiser}.",
        HelpName = "NAME",
        DefaultValueFactory = _ => Usual.Optimiser,
        CustomParser = OptionOf.Parser("--optimizer", $"one of {string.Join(", ", StreamRnn.Nets.Training.Optimiser.Names)}", text => (StreamRnn.Nets.Training.Optimiser.Names.Contains(text), text)),
    };

    public Option<double> Rate { get; } = OptionOf.Number("--lr", "The highest learning rate; it falls along a cosine.", "RATE", Usual.LearningRate, 1e-9, 10);

    public Option<int> Batch { get; } = OptionOf.Whole("--batch", "Sequences, or pieces of long ones, that are learned side by side.", Usual.Lanes, 1, 4096);

    public Option<int> Chunk { get; } = OptionOf.Whole("--chunk", "Rows of truncated back-propagation through time; the state is carried from chunk to chunk.", Usual.Chunk, 1, 4096);

    public Option<long> Seed { get; } = OptionOf.Seed("Where chance comes from: equal data, options and seed make an equal file on one machine.");

    public Option<int> Keep { get; } = OptionOf.Whole("--keep", "Earlier versions of --out that are kept.", 10, 0, 10_000);

    public IEnumerable<Option> All => [Data, Out, Net, Id, Gaps, HoldOut, Epochs, Time, Search, Patience, Optimiser, Rate, Batch, Chunk, Seed, Keep];

    public TrainingPlan PlanOf(ParseResult parsed) => new()
    {
        Lanes = parsed.GetValue(Batch),
        Chunk = parsed.GetValue(Chunk),
        Epochs = parsed.GetValue(Time) is not null && parsed.GetResult(Epochs) is null or { Implicit: true } ? int.MaxValue : parsed.GetValue(Epochs),
        Patience = parsed.GetValue(Patience),
        Optimiser = parsed.GetRequiredValue(Optimiser),
        LearningRate = parsed.GetValue(Rate),
        Seed = (ulong)parsed.GetValue(Seed),
    };

    private static Option<TimeSpan?> Length(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = OptionOf.Parser<TimeSpan?>(name, "a length of time above zero, " + Durations.Allowed, text => (Durations.TryParse(text, out var time) && time > TimeSpan.Zero, time)),
    };
}
