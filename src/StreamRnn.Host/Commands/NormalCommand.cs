using System.CommandLine;
using System.Text;
using System.Text.Json;
using StreamRnn.Host.Configuration;
using StreamRnn.Host.Service;
using StreamRnn.Host.Subscribing;
using StreamRnn.Simulators;

namespace StreamRnn.Host.Commands;

/// <summary><c>normal</c>: tells the running service that an alert was no fault, so that it does not report the like again.</summary>
internal static class NormalCommand
{
    public static Command Create()
    {
        var alert = new Argument<string?>("ALERT-ID") { Description = "The alertId of an alert that is open or among the last eight of its device.", Arity = ArgumentArity.ZeroOrOne };
        var broker = BrokerOption.Create("The broker of the service. Default: what the configuration says, else 127.0.0.1:1883.");
        var undo = new Option<bool>("--undo") { Description = "Report episodes like this alert's again." };
        var list = new Option<bool>("--list") { Description = "What is called normal now, and what was suppressed because of it." };
        var device = new Option<string?>("--device") { Description = "With --list: only of this device.", HelpName = "NAME" };
        var time = new Option<string?>("--for") { Description = $"For how long it is normal, {Durations.Allowed}. Default: until it is undone.", HelpName = "TIME" };
        var verb = new Verb("normal", "Say that an alert was no fault: episodes like it are not reported any more, different ones are.")
        {
            Arguments = { alert },
            Options = { broker, undo, list, device, time },
            Examples =
            [
                ("streamrnn normal 6611b71114880f3b", "The freezer defrosts every day: do not report that again."),
                ("streamrnn normal 6611b71114880f3b --for 14d", "There are craftsmen in the house for two weeks."),
                ("streamrnn normal --list", "What is called normal, and how often it was suppressed."),
                ("streamrnn normal --undo 6611b71114880f3b", "Report it again."),
            ],
            Notes =
            [
                "The alertId is in every alert. The same can be said to the topic streamrnn/cmd/normal by any MQTT client: {\"alertId\":\"…\"}, {\"undo\":\"…\"} or {\"list\":true}.",
                "Exit code 0: done, 2: refused, or a wrong command line, 70: no broker or no answer, 78: the configuration was refused.",
            ],
        };
        verb.SetAction(async (parsed, cancel) =>
        {
            var console = parsed.InvocationConfiguration;
            var payload = Payload(parsed.GetValue(alert), parsed.GetValue(undo), parsed.GetValue(list), parsed.GetValue(device), parsed.GetValue(time));
            var settings = Settings.Load(ServiceHost.SettingsFolder, BrokerOption.Keys(parsed.GetValue(broker)));
            var (answer, problem) = await new Question(settings.Mqtt, settings.Topics.Root).AskAsync("normal", payload, cancel).ConfigureAwait(false);
            if (answer is null)
            {
                console.Error.WriteLine($"streamrnn normal: {problem}");
                return ExitCode.Failure;
            }

            return Print(answer, console.Output, console.Error);
        });
        return verb;
    }

    internal static byte[] Payload(string? alert, bool undo, bool list, string? device, string? time)
    {
        if (list ? alert is not null || undo || time is not null : alert is null)
            throw new UsageException("expected is an ALERT-ID, an ALERT-ID with --undo, or --list.");
        if (undo && time is not null)
            throw new UsageException("--for says how long it is normal; it does not go with --undo.");
        if (device is not null && !list)
            throw new UsageException("--device goes with --list: an ALERT-ID is of one device.");
        if (time is not null && !Durations.TryParse(time, out _))
            throw new UsageException($"--for is '{time}'; allowed is a time {Durations.Allowed}.");
        var members = list ? new Dictionary<string, object> { ["list"] = true } : new Dictionary<string, object> { [undo ? "undo" : "alertId"] = alert! };
        if (device is not null)
            members["device"] = device;
        if (time is not null)
            members["for"] = Durations.Parse(time).ToString("c", System.Globalization.CultureInfo.InvariantCulture);
        return JsonSerializer.SerializeToUtf8Bytes(members);
    }

    internal static int Print(byte[] answer, TextWriter output, TextWriter error)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            var done = json.RootElement.GetProperty("done").GetBoolean();
            (done ? output : error).WriteLine(json.RootElement.GetProperty("message").GetString());
            if (json.RootElement.TryGetProperty("normal", out var all))
            {
                foreach (var known in all.EnumerateArray())
                    output.WriteLine(Line(known));
            }

            return done ? ExitCode.Fine : ExitCode.Usage;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            error.WriteLine($"streamrnn normal: the answer is not one that this program knows: {Encoding.UTF8.GetString(answer)}");
            return ExitCode.Failure;
        }
    }

    private static string Line(JsonElement known)
    {
        string? Text(string name) => known.TryGetProperty(name, out var member) ? member.GetString() : null;
        var suppressed = known.GetProperty("suppressed").GetInt32();
        return $"{Text("alertId")}  {Text("device")}{(Text("channel") is { } channel ? " " + channel : "")}  {Text("kind")}  since {Text("since")}"
            + (Text("until") is { } until ? $" until {until}" : "") + (suppressed == 0 ? ", nothing suppressed yet" : $", suppressed {suppressed} time{(suppressed == 1 ? "" : "s")}, last {Text("lastSuppressed")}");
    }
}
