using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using StreamRnn.Host.Models;
using StreamRnn.Nets;
using StreamRnn.Nets.Training;
using StreamRnn.Simulators;

namespace StreamRnn.Host.Commands;

/// <summary><c>train</c>: a net for a user's own devices, from their recorded rows.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var options = new TrainOptions();
        var verb = new Verb("train", "Train a net on recorded rows of your own devices, several channels together, for 'run' and 'replay' to predict with.")
        {
            Examples =
            [
                ("streamrnn train --data pump-*.csv --out pump.model", "A net for devices like these, judged on the last fifth of each file."),
                ("streamrnn train --data pump.csv --net net.json --out pump.model --time 5m", "With layers of your own, within five minutes."),
                ("streamrnn train --data pump.csv --out pump.model --search 10m", "With the best net that ten minutes find for these rows."),
                ("streamrnn replay new.csv --model pump.model", "What it finds in rows that it has not seen."),
            ],
            Notes =
            [
                "The net is given a row and predicts the next one; nothing is labelled. Then name topics and model in the configuration and start 'run': "
                + "\"Groups\": [{ \"Match\": \"devices/pump/#\", \"Model\": \"pump.model\" }].",
                "net.json: {\"layers\":[{\"type\":\"lstm\",\"units\":64},{\"type\":\"rnnOutput\",\"units\":8,\"loss\":\"mae\",\"residual\":true}]}; "
                + $"types: {string.Join(", ", LayerKind.All.Select(kind => kind.Type))}; losses: {string.Join(", ", LossKind.Names)}; residual: the change from the row given is predicted.",
                "Ctrl-C ends the training and keeps the best net so far. Exit code 0: a model was written, 2: the command line or a file cannot be used, or training diverged; nothing was written then.",
            ],
        };
        foreach (var option in options.All)
            verb.Add(option);
        verb.SetAction((parsed, cancel) => Task.Run(() => Run(options, parsed, cancel), CancellationToken.None));
        return verb;
    }

    private static int Run(TrainOptions options, ParseResult parsed, CancellationToken cancel)
    {
        var (output, plan) = (parsed.InvocationConfiguration.Output, options.PlanOf(parsed));
        var history = new ModelHistory(parsed.GetRequiredValue(options.Out));
        history.RequireWritable();
        var data = TrainingData.Read(parsed.GetRequiredValue(options.Data), parsed.GetRequiredValue(options.Gaps) == "carry", parsed.GetValue(options.HoldOut), cancel);
        output.WriteLine(data.Say());
        var net = NetOf(parsed.GetValue(options.Net), data.Columns.Count, plan.Seed);
        output.Write(net.Describe());

        var (search, time) = (parsed.GetValue(options.Search), parsed.GetValue(options.Time));
        if (search is not null && time is not null)
            throw new UsageException("--search and --time are both given; --search says how long the search takes, its final training included.");
        (net, var ended, var how) = search is { } budget
            ? Search(net.Topology, data, plan, budget, parsed.InvocationConfiguration, cancel)
            : Train(net, data, plan, time, parsed.InvocationConfiguration, cancel);
        var id = parsed.GetValue(options.Id) ?? Path.GetFileNameWithoutExtension(history.Path);
        var error = data.Judge(new NetModel(net, data.Columns, data.Normaliser, id));
        var notes = new Dictionary<string, string>(data.Notes(), StringComparer.Ordinal)
        {
            ["training"] = how,
        };
        if (error is not null)
            notes["error"] = error.Say();
        var model = new NetModel(net, data.Columns, data.Normaliser, id, notes);
        var dropped = history.Write(model, parsed.GetValue(options.Keep));
        Tell(output, ended, error, model, history, dropped);
        return ExitCode.Fine;
    }

    private static (Net Net, string Ended, string How) Train(Net net, TrainingData data, TrainingPlan plan, TimeSpan? time, InvocationConfiguration console, CancellationToken cancel)
    {
        try
        {
            using var trainer = new Trainer(net, data.Set, plan);
            using var progress = new TrainingLine(console, plan, time);
            var end = trainer.Train(progress, time is null ? null : progress.Spent, cancel);
            return (net, Ended(end), How(plan, string.Create(CultureInfo.InvariantCulture, $"{end.Epochs} epochs, {end.Rows} rows")));
        }
        catch (Exception e) when (e is DivergedException or ArgumentException)
        {
            throw new UsageException(e.Message + ". Nothing was written.");
        }
    }

    private static (Net Net, string Ended, string How) Search(Topology start, TrainingData data, TrainingPlan plan, TimeSpan budget, InvocationConfiguration console, CancellationToken cancel)
    {
        try
        {
            var output = console.Output;
            output.WriteLine($"Searching for {Durations.Say(budget)}:");
            var began = Stopwatch.GetTimestamp();
            var result = new TopologySearch(data.Set, start, plan).Run(() => Stopwatch.GetElapsedTime(began) / budget, new Teller<Candidate>(candidate =>
            {
                output.WriteLine($"{SearchTable.Line(candidate, won: false)}  ({Stopwatch.GetElapsedTime(began):hh\\:mm\\:ss})");
                output.Flush();
            }), cancel);
            output.WriteLine();
            output.Write(SearchTable.Of(result));
            output.WriteLine(cancel.IsCancellationRequested
                ? string.Create(CultureInfo.InvariantCulture, $"Cut short: on the rows held out, net {result.Winner.Number} has loss {result.Found:0.0000}.")
                : SearchTable.Verdict(result));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"To train it again: --lr {result.LearningRate} and --net with {result.Net.Topology.ToJson()}"));
            output.Write(result.Net.Describe());
            var tried = string.Create(CultureInfo.InvariantCulture, $"found by a search of {Durations.Say(budget)} over {result.Candidates.Count} nets, held-out loss {result.Found:0.0000} against {result.Start:0.0000} of the net it began with");
            return (result.Net, cancel.IsCancellationRequested ? "Stopped when asked: the best net so far is kept." : "The search is over; the better net is kept.", How(plan with { LearningRate = result.LearningRate }, tried));
        }
        catch (OperationCanceledException)
        {
            throw new UsageException("stopped before anything was learned. Nothing was written.");
        }
        catch (Exception e) when (e is DivergedException or DataException or ArgumentException)
        {
            throw new UsageException(e.Message + ". Nothing was written.");
        }
    }

    private static string How(TrainingPlan plan, string rest) => string.Create(CultureInfo.InvariantCulture,
        $"{plan.Optimiser}, learning rate {plan.LearningRate}, {plan.Lanes} side by side, chunks of {plan.Chunk}, {rest}, seed {plan.Seed}");

    private static string Ended(TrainingResult end) => end.End switch
    {
        TrainingEnd.Cancelled => $"Stopped when asked, in epoch {end.Epochs}: the best net so far is kept.",
        TrainingEnd.NoBetter => $"Ended after epoch {end.Epochs}: the rows held out were predicted no better for a while; the best net is kept.",
        _ => $"Ended after epoch {end.Epochs}; the best net is kept.",
    };

    private static Net NetOf(string? path, int channels, ulong seed)
    {
        try
        {
            var topology = path is null
                ? new Topology(new LayerSpec("lstm") { Units = 48 }, new LayerSpec("rnnOutput") { Units = channels, Loss = "mae", Residual = true })
                : Topology.Parse(File.ReadAllText(path));
            var net = new Net(topology, channels, Seeded.For(seed, 1));
            if (net.Output is null)
                throw new UsageException($"--net {path}: the last layer is '{topology.Layers[^1].Type}'; expected is rnnOutput, which predicts.");
            if (net.Output.Loss.Name == "crossEntropy")
                throw new UsageException($"--net {path}: loss 'crossEntropy' predicts classes; rows of numbers are predicted with mse, mae, quantile or studentT.");
            return net.Output.Loss.Targets == channels ? net
                : throw new UsageException($"--net {path}: rnnOutput predicts {net.Output.Loss.Targets} values; the data have {channels} channels: write \"units\":{channels}.");
        }
        catch (TopologyException e)
        {
            throw new UsageException($"--net {path}: {e.Message}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--net {path} cannot be read: {e.Message}");
        }
    }

    private static void Tell(TextWriter output, string ended, HeldOutError? error, NetModel model, ModelHistory history, IReadOnlyList<string> dropped)
    {
        output.WriteLine(ended);
        if (error is not null)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Mean absolute error on the {error.Rows} rows held out:"));
            output.Write(error.Table());
            output.WriteLine($"in units of each column's spread, mean of the columns: {error.Say()}");
            if (error.InScales > error.PersistenceInScales)
                output.WriteLine("It predicts worse than 'nothing changes': train longer, on more rows, or with another net, before it is put to work.");
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Written: {history.Path}, model {model.Id}, version {model.Version}, {new FileInfo(history.Path).Length / 1024.0:0} KiB."));
        if (history.All() is { Count: > 1 } all)
            output.WriteLine($"Earlier versions kept: {string.Join(", ", all.SkipLast(1).Select(k => k.Model.Version))}{(dropped.Count > 0 ? $"; dropped: {string.Join(", ", dropped)}" : "")}.");
    }
}
