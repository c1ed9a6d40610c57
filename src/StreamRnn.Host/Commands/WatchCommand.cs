using System.CommandLine;
using StreamRnn.Alerts;
using StreamRnn.Host.Configuration;
using StreamRnn.Host.Service;
using StreamRnn.Host.Subscribing;
using StreamRnn.Host.Watch;

namespace StreamRnn.Host.Commands;

/// <summary><c>watch</c>: a subscriber of the alerts, for people and for pipes.</summary>
internal static class WatchCommand
{
    private static readonly string[] Kinds = [.. Enum.GetValues<AlertKind>().Select(AlertWords.Of)];
    private static readonly string[] Severities = [.. Enum.GetValues<Severity>().Select(AlertWords.Of)];

    public static Command Create()
    {
        var broker = BrokerOption.Create("The broker to watch. Default: what the configuration says, else 127.0.0.1:1883.");
        var json = new Option<bool>("--json") { Description = "Each alert event as it came, one JSON object per line." };
        var device = new Option<string?>("--device") { Description = "Only devices of this name; * and ? stand for any characters, any one character.", HelpName = "PATTERN" };
        var kinds = new Option<string[]>("--kind") { Description = $"Only this kind; may be given several times: {string.Join(", ", Kinds)}.", HelpName = "KIND" };
        kinds.AcceptOnlyFromAmong(Kinds);
        var severity = new Option<string?>("--severity") { Description = $"Only this severity and above: {string.Join(", ", Severities)}.", HelpName = "SEVERITY" };
        severity.AcceptOnlyFromAmong(Severities);
        var verb = new Verb("watch", "Show alerts as they come: a live view on a terminal, lines where the output is redirected.")
        {
            Options = { broker, json, device, kinds, severity },
            Examples =
            [
                ("streamrnn watch --severity major", "What is open now on top, the last events below; Ctrl-C ends."),
                ("streamrnn watch --broker mqtt://broker.example --device 'freezer-*' --json | jq .data.summary", "For another program."),
            ],
            Notes =
            [
                "Alerts that are open already are shown first. A broker that is away is tried again and again.",
                "Exit code 0: stopped when asked (Ctrl-C), 2: wrong command line, 78: the configuration was refused.",
            ],
        };
        verb.SetAction(async (parsed, cancel) =>
        {
            var console = parsed.InvocationConfiguration;
            var settings = Settings.Load(ServiceHost.SettingsFolder, BrokerOption.Keys(parsed.GetValue(broker)));
            var filter = new AlertFilter(parsed.GetValue(device), [.. (parsed.GetValue(kinds) ?? []).Select(Kind)], SeverityOf(parsed.GetValue(severity)));
            var live = ReferenceEquals(console.Output, Console.Out) && !Console.IsOutputRedirected;
            var view = parsed.GetValue(json) ? AlertView.Json : live ? AlertView.Live : AlertView.Lines;
            var root = settings.Topics.Root;
            var watcher = new AlertWatcher(root, filter, view, console.Output, console.Error, TimeProvider.System);
            await watcher.ShowAsync(new Subscription(settings.Mqtt, null, AlertWatcher.Topics(root)), cancel).ConfigureAwait(false);
            return ExitCode.Fine;
        });
        return verb;
    }

    private static AlertKind Kind(string word) => AlertWords.TryParse(word, out AlertKind kind) ? kind : throw new UsageException($"'{word}' is no kind of alert.");

    private static Severity SeverityOf(string? word) => word is not null && AlertWords.TryParse(word, out Severity severity) ? severity : Severity.Info;
}
