using System.CommandLine;
using System.Globalization;
using StreamRnn.Host.Demo;
using StreamRnn.Simulators;

namespace StreamRnn.Host.Commands;

/// <summary><c>demo</c>: everything at once, with faults and a score.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var length = new Option<TimeSpan>("--for")
        {
            Description = $"How long, {Durations.Allowed}; at least {Durations.Say(DemoPlan.Shortest)}. The faults are spread over it. Default: {Durations.Say(DemoPlan.Usual)}.",
            HelpName = "TIME",
            DefaultValueFactory = _ => DemoPlan.Usual,
            CustomParser = result =>
            {
                if (Durations.TryParse(result.Tokens[0].Value, out var time) && time >= DemoPlan.Shortest)
                    return time;
                result.AddError($"--for is '{result.Tokens[0].Value}'; allowed is a length of time of at least {Durations.Say(DemoPlan.Shortest)}, {Durations.Allowed}.");
                return default;
            },
        };
        var seed = new Option<long>("--seed") { Description = "Which devices, faults and noise; the same seed, the same story. Default: 1.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var port = new Option<int?>("--port")
        {
            Description = "Port of the embedded broker. Default: 1883, or any free one where that is taken.",
            HelpName = "N",
            Validators =
            {
                result =>
                {
                    if (result.Tokens is [var token] && (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) || n > 65535))
                        result.AddError($"--port is '{token.Value}'; allowed is 0 (any free port) to 65535.");
                },
            },
        };
        var store = new Option<string?>("--store") { Description = "Where what is learned is kept until the next demonstration. Default: a folder for each seed in the user's local application data.", HelpName = "DIR" };
        var noBrowser = new Option<bool>("--no-browser") { Description = "Do not open the web page; there is none yet, so this changes nothing." };
        var verb = new Verb("demo", "See it work: broker, devices with faults, detection and alerts in one process, with a score at the end.")
        {
            Options = { length, seed, port, store, noBrowser },
            Examples =
            [
                ("streamrnn demo", "Two minutes: warm-up, five faults, the alerts that find them."),
                ("streamrnn demo --for 5m --seed 7 > demo.txt", "Another story, as plain lines."),
            ],
            Notes =
            [
                "Nothing is installed or configured. What is learned is kept: stop it with Ctrl-C, or kill it, start it again, and it goes on. Devices live fast: each sends the readings of hours within minutes. A fault counts as found when an alert of its device opens "
                + "between the fault's onset and 40 readings after its end; further alerts in that time belong to the fault; any other alert counts as a false alarm.",
                "Exit code 0: it ran, or was stopped with Ctrl-C, 2: wrong command line.",
            ],
        };
        verb.SetAction(async (parsed, cancel) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var live = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
            await new DemoShow(new DemoPlan(parsed.GetValue(length), parsed.GetValue(seed)), parsed.GetValue(port), parsed.GetValue(store), live, output, TimeProvider.System).RunAsync(cancel).ConfigureAwait(false);
            return ExitCode.Fine;
        });
        return verb;
    }
}
