using System.CommandLine;
using System.Globalization;
using StreamRnn.Host.Explaining;
using StreamRnn.Host.Replay;
using StreamRnn.Simulators;

namespace StreamRnn.Host.Commands;

/// <summary><c>explain</c>: an alert of the journal, lived again: what was forecast, what came, and which evidence spoke.</summary>
internal static class ExplainCommand
{
    private const int Usual = 60, InText = 8;

    public static Command Create()
    {
        var alert = new Argument<string>("ALERT") { Description = "The alertId, or the id of one of its events, or as much of its beginning as no other alert has; or a device, for its last alert." };
        var store = StoreOption.Create();
        var json = new Option<bool>("--json") { Description = "One JSON object for programs: the events, whether they came again, and every reading around them with all its evidence." };
        var plot = new Option<string?>("--plot") { Description = "Draw value, expected band, score and the alert into this PNG, 1600 x 900; of the channels that had a part in it.", HelpName = "OUT.png" };
        var around = new Option<Around?>("--around")
        {
            Description = $"How much before and after it: a number of readings, or a time {Durations.Allowed}. Default: {InText} readings in the text, {Usual} in picture and JSON.",
            HelpName = "N",
            CustomParser = OptionOf.Parser("--around", $"a number of readings from 0 to 100000, or a time {Durations.Allowed}", Parse),
        };
        var verb = new Verb("explain", "Show what led to an alert: the readings around it, what was forecast, and which evidence spoke.")
        {
            Arguments = { alert },
            Options = { plot, json, around, store },
            Examples =
            [
                ("streamrnn explain 6611b71114880f3b", "What was seen, what was expected, and where it opened, peaked and closed."),
                ("streamrnn explain freezer-1", "The last alert of a device."),
                ("streamrnn explain 6611 --plot freezer.png --around 2h", "By the beginning of its id; and a picture of two hours before and after."),
                ("streamrnn explain 6611b71114880f3b-2 --json", "By an event of it, for another program."),
            ],
            Notes =
            [
                "The journal is lived again through the same detector, so this is what it saw then, and the alert itself comes again; it is said whether it is the same, and why not. The service may run meanwhile. Sensitivity, rules and groups are those of the configuration found here.",
                "Evidence is in decades: 3 is what normal readings of this channel reach once in a thousand. range: a value beyond all that was seen; level: it has moved; near, far: off the forecast 1 and 12 readings ahead; window: the last errors are larger or smaller than usual.",
                "Exit code 0: the same alert came again, 1: it differs, 2: no such alert is kept, or the store cannot be used, 78: the configuration was refused.",
            ],
        };
        verb.SetAction((parsed, cancel) => Task.Run(
            () => Run(parsed.GetRequiredValue(alert), parsed.GetValue(store), parsed.GetValue(around), parsed.GetValue(plot), parsed.GetValue(json), parsed.InvocationConfiguration, cancel), cancel));
        return verb;
    }

    private static int Run(string asked, string? store, Around? around, string? plot, bool json, InvocationConfiguration console, CancellationToken cancel)
    {
        Plot.RequirePng("--plot", plot);
        using var replayer = JournalReplayer.Open(store, keepScores: true);
        var told = AlertSearch.Find(asked, replayer.Journal, replayer.Registry.Devices);
        Explanation about;
        using (var progress = new ProgressLine(console.Error, "explain", () => replayer.Done))
            about = Explanation.Of(told, replayer, around ?? new Around(Usual, null), () => progress.Show(), cancel);
        if (json)
            ExplainJson.Write(about, console.Output);
        else
            ExplainText.Write(about, around is null ? InText : around.Value.Time is null ? around.Value.Readings : int.MaxValue, console.Output);
        if (plot is null)
            return about.IsSame ? ExitCode.Fine : ExitCode.Findings;

        var recording = new Recording(about.Opening.Device);
        foreach (var sample in about.Samples.Where(s => about.Channels.Any(c => c.Name == s.Channel.Name)))
            recording.Add(sample);
        recording.Add(about.Last);
        Plot.Save(recording, plot);
        (json ? console.Error : console.Output).WriteLine($"\ndrawn into {plot}");
        return about.IsSame ? ExitCode.Fine : ExitCode.Findings;
    }

    private static (bool, Around?) Parse(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var readings) ? (readings <= 100_000, new Around(readings, null))
        : (Durations.TryParse(text, out var time), new Around(0, time));
}
