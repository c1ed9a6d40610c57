using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using StreamRnn.Host.Forecasting;

namespace StreamRnn.Host.Commands;

/// <summary><c>forecast</c>: the next rows of a recorded series, with intervals.</summary>
internal static class ForecastCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE.csv")
        {
            Description = "A recorded series, as for 'replay': the first column is the time, the others are channels; for an empty cell the last value stands.",
        };
        var steps = Whole("--steps", "How many rows ahead, 1 to 10000.", 48, 1, 10_000);
        var model = new Option<string?>("--model") { Description = "A model file of 'train'. Default: a small net is trained on the file itself, on the spot.", HelpName = "MODEL" };
        var seconds = Whole("--seconds", "How long to train where there is no model, 1 to 3600.", 8, 1, 3600);
        var paths = Whole("--paths", "How many futures are drawn, 20 to 20000.", 400, 20, 20_000);
        var picture = new Option<string?>("--out") { Description = "Draw the last values, the forecast and its intervals into this PNG, 1600 x 900.", HelpName = "PLOT.png" };
        var json = new Option<bool>("--json") { Description = "One JSON object a step instead of the table." };
        var seed = new Option<ulong>("--seed") { Description = "Where chance comes from.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var verb = new Verb("forecast", "Forecast the next rows of a recorded series: median and intervals of many futures that a net draws by feeding its predictions back.")
        {
            Arguments = { file },
            Options = { steps, model, seconds, paths, picture, json, seed },
            Examples =
            [
                ("streamrnn forecast office.csv --steps 96 --out office.png", "Trains a small net on the file for a few seconds, prints a table and draws a picture."),
                ("streamrnn forecast pump.csv --steps 60 --model pump.model --json", "With a model that was trained before, for another program."),
            ],
            Notes =
            [
                "Where there is no model, two small nets are trained on the file, one that predicts changes and one that predicts values; the last fifth of the file is held out and forecast by both, the better is used, and how it fared is said.",
                "Intervals are what the net believes. A model of loss mse or mae predicts points only: it has none.",
            ],
        };
        verb.SetAction((parsed, cancel) => Task.Run(
            () => Forecasting.SeriesForecast.Run(
                new ForecastRequest(
                    parsed.GetRequiredValue(file), parsed.GetValue(steps), parsed.GetValue(model), TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(paths),
                    parsed.GetValue(picture), parsed.GetValue(json), parsed.GetValue(seed)),
                parsed.InvocationConfiguration,
                cancel),
            CancellationToken.None));
        return verb;
    }

    private static Option<int> Whole(string name, string description, int usual, int least, int most)
    {
        var option = new Option<int>(name)
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"{description} Default: {usual}."),
            HelpName = "N",
            DefaultValueFactory = _ => usual,
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var value) && (value < least || value > most))
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; allowed are {least} to {most}."));
        });
        return option;
    }
}
