using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using StreamRnn.Detection;
using StreamRnn.Training;

namespace StreamRnn.Host.Commands;

/// <summary><c>train-base</c>: makes the base model that the product ships, from nothing but a seed.</summary>
internal static class TrainBaseCommand
{
    public static Command Create()
    {
        var plan = new BaseModelPlan();
        var model = new Option<string>("--out") { Description = "The model file to write.", HelpName = "FILE", Required = true };
        var batches = new Option<int>("--batches") { Description = "Batches of 128 fresh synthetic series of 1,280 readings.", HelpName = "N", DefaultValueFactory = _ => plan.Batches };
        var units = new Option<int>("--units") { Description = "Units of the LSTM layer.", HelpName = "N", DefaultValueFactory = _ => plan.Units };
        var seed = new Option<ulong>("--seed") { Description = "Equal seeds make equal files on one kind of machine.", HelpName = "N", DefaultValueFactory = _ => plan.Seed };
        var verb = new Verb("train-base", "Train the base model that is shipped, on synthetic series that the program draws itself.")
        {
            Options = { model, batches, units, seed },
            Examples =
            [
                ("streamrnn train-base --out base.model", "The shipped model again: see the README for how long it takes."),
                ("streamrnn train-base --out quick.model --batches 20", "A quick look at how training goes."),
            ],
            Notes = ["Ctrl-C stops the training; nothing is written then."],
        };
        verb.SetAction((parsed, cancel) => Task.Run(
            () => Run(plan with { Batches = parsed.GetValue(batches), Units = parsed.GetValue(units), Seed = parsed.GetValue(seed) }, parsed.GetRequiredValue(model), parsed.InvocationConfiguration.Output, cancel),
            cancel));
        return verb;
    }

    private static int Run(BaseModelPlan plan, string path, TextWriter output, CancellationToken cancel)
    {
        if (plan.Batches is < 1 or > 1_000_000)
            throw new UsageException($"--batches is {plan.Batches}; allowed are 1 to 1000000.");
        if (plan.Units is < 1 or > 1024)
            throw new UsageException($"--units is {plan.Units}; allowed are 1 to 1024.");
        var culture = CultureInfo.InvariantCulture;
        var began = Stopwatch.GetTimestamp();
        var told = TimeSpan.Zero;
        output.WriteLine(string.Create(culture, $"{plan.Readings / 1e6:0} million synthetic readings, {plan.Units} units, seed {plan.Seed}"));
        var layers = new BaseModelTrainer(plan).Train(
            new Teller<TrainingProgress>(p =>
            {
                var elapsed = Stopwatch.GetElapsedTime(began);
                if (elapsed - told < TimeSpan.FromSeconds(10) && p.Batch < p.Batches)
                    return;
                told = elapsed;
                var left = elapsed * ((double)(p.Batches - p.Batch) / p.Batch);
                output.WriteLine(string.Create(culture,
                    $"batch {p.Batch,5} of {p.Batches}  loss {p.Loss:0.0000}  {p.Readings / elapsed.TotalSeconds / 1000:0} thousand readings/s  {elapsed:hh\\:mm\\:ss} gone  {left:hh\\:mm\\:ss} left"));
                output.Flush();
            }),
            cancel);
        var temporary = path + ".new";                   // never half a model under its name
        using (var file = File.Create(temporary))
        {
            BaseModel.Save(file, layers, "base", new Dictionary<string, string>
            {
                ["training"] = string.Create(culture, $"synthetic corpus, {plan.Batches} batches of {plan.Series} series of {plan.Length} readings, seed {plan.Seed}"),
            });
        }

        File.Move(temporary, path, overwrite: true);
        output.WriteLine(string.Create(culture, $"written to {path}, {new FileInfo(path).Length / 1024.0:0} KiB, after {Stopwatch.GetElapsedTime(began):hh\\:mm\\:ss}"));
        return ExitCode.Fine;
    }
}
