using System.CommandLine;
using System.Globalization;
using StreamRnn.Host.Models;
using StreamRnn.Host.Replay;
using StreamRnn.Nets;
using StreamRnn.Nets.Training;
using StreamRnn.Readings;

namespace StreamRnn.Host.Forecasting;

/// <summary>A recorded series, a net that has read it to its end, and what the net says comes next. All values are in the channels' own units.</summary>
internal sealed class SeriesForecast
{
    /// <summary>The intervals that are told and drawn: 5 % to 95 %, and 25 % to 75 %.</summary>
    public const double Low = 0.05;
    public const double High = 0.95;

    private const double HeldOut = 0.2;

    private readonly NetModel _model;
    private readonly Forecast _forecast;

    private SeriesForecast(NetModel model, SequenceMatrix rows, IReadOnlyList<Instant> times, Forecast forecast) =>
        (_model, Rows, Times, _forecast) = (model, rows, times, forecast);

    public SequenceMatrix Rows { get; }

    /// <summary>Of the rows.</summary>
    public IReadOnlyList<Instant> Times { get; }

    public int Steps => _forecast.Steps;

    public bool HasIntervals => _forecast.HasIntervals;

    /// <summary>Of a step ahead, 0 the first: the usual distance of two rows after the one before.</summary>
    public Instant TimeOf(int step)
    {
        long[] gaps = [.. Times.Skip(1).Zip(Times, (b, a) => b.Microseconds - a.Microseconds).Order()];
        return new Instant(Times[^1].Microseconds + ((step + 1) * gaps[gaps.Length / 2]));
    }

    /// <summary>What channel c stays below with probability p at a step ahead.</summary>
    public double Quantile(int step, int channel, double p) => _model.Normaliser.Invert(channel, _forecast.Quantile(step, channel, p));

    /// <exception cref="UsageException">A file cannot be used.</exception>
    public static int Run(ForecastRequest request, InvocationConfiguration console, CancellationToken cancel)
    {
        Plot.RequirePng("--out", request.Picture);
        var said = request.Json ? console.Error : console.Output;
        var model = request.Model is null ? null : SavedModel.ReadForDevices(request.Model, "--model");
        var (rows, times) = Read(request.Path, model, cancel);
        string? judged = null;
        if (model is null)
            (model, judged) = Train(rows, request, said, cancel);
        var (state, y) = Read(model, rows, rows.Rows);
        var forecast = new SeriesForecast(model, rows, times, Forecast.Draw(model.Net, state, y, request.Steps, request.Paths, request.Seed));
        for (var step = 0; step < request.Steps; step++)
            for (var c = 0; c < rows.Width; c++)
                if (!double.IsFinite(forecast.Quantile(step, c, 0.05)) || !double.IsFinite(forecast.Quantile(step, c, 0.95)))
                    throw new UsageException($"the model {model.Id} predicts a value that is not finite for {rows.Columns[c]}, {step + 1} steps ahead: its weights have run away; train it again.");
        if (request.Json)
            ForecastText.WriteJson(forecast, console.Output);
        else
            ForecastText.WriteTable(forecast, console.Output);
        if (judged is not null)
            said.WriteLine(judged);
        if (!forecast.HasIntervals)
            said.WriteLine($"No intervals: {request.Model} was trained with loss {model.Net.Output!.Loss.Name}, which predicts points only.");
        if (request.Picture is not null)
        {
            ForecastPlot.Save(forecast, Path.GetFileNameWithoutExtension(request.Path), request.Picture);
            said.WriteLine($"Drawn into {request.Picture}.");
        }

        return ExitCode.Fine;
    }

    /// <summary>The rows, in the model's columns if there is a model, and their times.</summary>
    private static (SequenceMatrix Rows, IReadOnlyList<Instant> Times) Read(string path, NetModel? model, CancellationToken cancel)
    {
        var rows = TrainingRows.Read([path], carry: true, cancel)[0];
        using var file = SeriesFile.Open(path);
        List<Instant> times = [.. file.Rows().Select(row => row.Time)];
        times.RemoveRange(0, times.Count - rows.Rows); // rows before every channel has a value are left out
        if (model is null)
            return (rows, times);
        int[] places = [.. model.Columns.Select(column => rows.Columns.IndexOf(column) is >= 0 and var place
            ? place
            : throw new UsageException($"{path} has the channels {string.Join(", ", rows.Columns)}; the model {model.Id} expects {string.Join(", ", model.Columns)}."))];
        return (SequenceMatrix.FromRows(Enumerable.Range(0, rows.Rows).Select(r => places.Select(place => rows[r][place]).ToArray()), model.Columns, path), times);
    }

    /// <summary>
    /// A small net for these rows, and how its forecasts fared on the last of them. Two are trained, each for half the time: one that predicts changes, which drifts as far as the rows do, and one that
    /// predicts values, which comes back to what it knows. The better forecaster is kept.
    /// </summary>
    private static (NetModel Model, string Judged) Train(SequenceMatrix rows, ForecastRequest request, TextWriter said, CancellationToken cancel)
    {
        if (rows.Rows < 60)
            throw new UsageException($"{request.Path} has {rows.Rows} rows; expected are at least 60 to train a net on them. With --model fewer will do.");
        var cut = TrainingSet.CutOf(rows.Rows - 1, HeldOut) + 1;
        var normaliser = Normaliser.Fit([rows.Slice(0, cut)]);
        said.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Training on {cut} of {rows.Rows} rows of {rows.Width} {(rows.Width == 1 ? "channel" : "channels")} for {request.Training.TotalSeconds:0} s …"));
        said.Flush();
        var data = TrainingSet.HoldOutTails([rows.ToSequence(normaliser)], HeldOut);
        (NetModel Model, ForecastTrial Trial)? best = null;
        foreach (var residual in new[] { true, false })
        {
            var net = new Net(
                new Topology(new LayerSpec("lstm") { Units = 32 }, new LayerSpec("rnnOutput") { Units = rows.Width, Loss = "studentT", Residual = residual }), rows.Width, Seeded.For(request.Seed, 0));
            var end = Learn(net, data, request, cancel);
            var model = new NetModel(net, rows.Columns, normaliser, "on-the-spot");
            var trial = ForecastTrial.Of(model, rows, cut, request);
            said.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(residual ? "changes" : "values"),-8} {end.Epochs} epochs, held-out loss {end.HeldOut:0.000} (negative log likelihood of the next row), pinball loss of forecasts {trial.Score:0.000}"));
            if (best is null || trial.Score < best.Value.Trial.Score)
                best = (model, trial);
        }

        return (best!.Value.Model, best.Value.Trial.Say(rows.Rows - cut));
    }

    private static TrainingResult Learn(Net net, TrainingSet data, ForecastRequest request, CancellationToken cancel)
    {
        var began = TimeProvider.System.GetTimestamp();
        var plan = new TrainingPlan { Lanes = 16, Chunk = 64, Epochs = 1_000_000, Patience = 200, LearningRate = 5e-3, Seed = request.Seed };
        try
        {
            using var trainer = new Trainer(net, data, plan);
            return trainer.Train(spent: () => Math.Min(1, TimeProvider.System.GetElapsedTime(began) / request.Training * 2), cancel: cancel);
        }
        catch (DivergedException e)
        {
            throw new UsageException($"{request.Path}: {e.Message}.");
        }
    }

    /// <summary>The net's state and outputs after the first <paramref name="count"/> rows.</summary>
    private static (float[] State, float[] Outputs) Read(NetModel model, SequenceMatrix rows, int count)
    {
        var (_, state, y) = States(model, rows, [count]).Single();
        return (state, y);
    }

    /// <summary>The net's state and outputs after as many rows as each of the places says.</summary>
    internal static IEnumerable<(int Place, float[] State, float[] Outputs)> States(NetModel model, SequenceMatrix rows, int[] places)
    {
        using var step = model.Net.Prepare();
        using var bank = model.Net.CreateBank(1);
        var (x, y) = (new float[rows.Width], new float[model.Net.Outputs]);
        for (var r = 0; r < rows.Rows; r++)
        {
            model.Normaliser.Apply(rows[r], x);
            step.Step(bank, [0], x, y);
            if (places.Contains(r + 1))
                yield return (r + 1, bank.Row(0).ToArray(), [.. y]);
        }
    }
}
