using System.CommandLine;
using StreamRnn.Host.Configuration;
using StreamRnn.Host.Replay;
using StreamRnn.Host.Service;
using StreamRnn.Readings;

namespace StreamRnn.Host.Commands;

/// <summary><c>run</c>: the service.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var broker = BrokerOption.Create("Where devices publish; mqtts:// for TLS. Default: what the configuration says, else an embedded broker on this machine.");
        var prime = new Option<string[]>("--prime")
        {
            Description = "Past readings of devices, a file each, named after the device: a header such as timestamp,temperature and a row per reading. "
                + "What they teach is known before the device is heard: no warm-up, and no alert is told for them.",
            HelpName = "DEVICE.csv",
            AllowMultipleArgumentsPerToken = true,
        };
        var verb = new Verb("run", "Listen to devices over MQTT and publish an alert when one behaves unlike itself: the service.")
        {
            Options = { broker, prime },
            Examples =
            [
                ("streamrnn run", "With the embedded broker on 127.0.0.1:1883: nothing else is needed."),
                ("streamrnn run --broker mqtt://me@broker.example", "With your broker; the password is in the file that StreamRnn__Mqtt__PasswordFile names."),
            ],
            Notes =
            [
                "Devices publish a number on devices/{device}/{channel} or a JSON object on devices/{device}; alerts are on streamrnn/alerts/{device}, what is open now on streamrnn/open/#, "
                + "whether the service lives on streamrnn/status.",
                "Settings: appsettings.json in the working directory, over it environment variables such as StreamRnn__Mqtt__Host, over those the command line. "
                + "An unknown key or a value out of range is refused.",
                "StreamRnn:Groups assigns nets of your own: [{ \"Match\": \"devices/pump/#\", \"Model\": \"pump.model\" }]; see 'streamrnn train --help'.",
                "Exit code 0: stopped when asked (Ctrl-C, SIGTERM), 2: wrong command line, 70: failed, 78: the configuration was refused.",
            ],
        };
        verb.SetAction(async (parsed, cancel) =>
        {
            var configuration = Settings.Read(ServiceHost.SettingsFolder, BrokerOption.Keys(parsed.GetValue(broker)));
            try
            {
                var settings = Settings.From(configuration);
                var latest = Instant.From(TimeProvider.System.GetUtcNow()) + settings.Ingest.MaxClockSkew;
                settings = settings with { Histories = [.. (parsed.GetValue(prime) ?? []).Select(path => History.Read(path, latest))] };
                return await ServiceHost.RunAsync(settings, DeviceGroups.Load(settings, configuration), configuration, cancel).ConfigureAwait(false);
            }
            catch (IOException e)
            {
                parsed.InvocationConfiguration.Error.WriteLine(e.Message);
                return ExitCode.Failure;
            }
        });
        return verb;
    }
}
