using System.CommandLine;
using System.Globalization;
using StreamRnn.Simulators.Faults;
using StreamRnn.Simulators.Playing;

namespace StreamRnn.Simulators.Commands;

/// <summary>The verb <c>simulate</c>, for the simulators' own executable and for the service's.</summary>
public static class SimulateCommand
{
    private const string Examples = """
        Simulated devices with faults on demand, published over MQTT: thermostats, freezers, wearables, markets, accounts, pumps.

        Examples:
          simulate                                            six devices, one of each kind, in real time
          simulate --kind freezer --devices 3 --speed 60      three freezers, an hour a minute
          simulate --for 7d --speed 3600 --fault drift@3d:thermostat-01 --labels truth.jsonl
                                                              a week in three minutes, with a drift and its ground truth
          simulate --devices 1000 --rate 5000 --qos 0         load: 5000 readings a second
          simulate --csv series.csv --topic devices/office/temperature --rate 200
                                                              a recorded series, with its own times
          simulate --kind pump --devices 1 --stdout | cut -d' ' -f2- | mosquitto_pub -l -t devices/pump-01
          mosquitto_pub -t simulators/fault -m spike:freezer-01
                                                              asks a running simulation for a fault, now

        All times of the command line are device time, so --speed changes how fast the same readings come, not what they are.
        """;

    private static readonly TimeSpan LookBack = TimeSpan.FromDays(7);

    /// <summary>A fresh command; exits 0 when done, 1 when the broker cannot be reached or a file cannot be used, 2 at wrong usage.</summary>
    public static Command Create()
    {
        var options = new SimulateOptions();
        var command = new Command("simulate", Examples);
        foreach (var option in options.All)
            command.Options.Add(option);
        command.Validators.Add(options.Check);
        command.SetAction((parsed, stop) => RunAsync(options, parsed, stop));
        return command;
    }

    private static async Task<int> RunAsync(SimulateOptions options, ParseResult parsed, CancellationToken stop)
    {
        var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        if (parsed.GetValue(options.List))
        {
            List(output);
            return 0;
        }

        try
        {
            return await PlayAsync(options, parsed, output, error, stop).ConfigureAwait(false);
        }
        catch (ArgumentException e)
        {
            error.WriteLine(e.Message);
            return 2;
        }
        catch (Exception e) when (e is BrokerUnreachableException or CsvSeriesException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine(e.Message);
            if (e is BrokerUnreachableException)
                error.WriteLine("Is a broker running there? Name another with --broker mqtt://host:port, or use --stdout, which needs none.");
            return 1;
        }
    }

    private static async Task<int> PlayAsync(SimulateOptions options, ParseResult parsed, TextWriter output, TextWriter error, CancellationToken stop)
    {
        var csv = parsed.GetValue(options.Csv);
        var pace = PaceOf(options, parsed, csv is not null);
        IEnumerable<Emission> emissions;
        DateTimeOffset? startsAt = null;
        Simulation? simulation = null;
        if (csv is not null)
        {
            var series = CsvSeries.Open(csv);
            var topic = parsed.GetValue(options.Topic) ?? "devices/" + Path.GetFileNameWithoutExtension(csv);
            error.WriteLine($"{csv}: {string.Join(", ", series.Channels)} to {topic}");
            emissions = series.Emissions(topic);
        }
        else
        {
            var scenario = ScenarioOf(options, parsed, pace);
            simulation = scenario.Begin();
            (emissions, startsAt) = (simulation.Emissions(), scenario.Start);
            error.WriteLine($"{scenario.Devices.Count} devices ({Names(scenario)}), seed {scenario.Seed}, device time from {Payloads.TimeText(scenario.Start)}"
                + (scenario.Options.Length is { } length ? $" for {Durations.Say(length)}" : ""));
        }

        using var labels = parsed.GetValue(options.Labels) is { } path ? new LabelFile(path) : null;
        var playback = new Playback(pace);
        using var finished = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var reporter = ProgressLines.RunAsync(playback, error, finished.Token);
        try
        {
            if (parsed.GetValue(options.Stdout))
            {
                using var lines = new EmissionLines(output, flushEach: pace != Pace.AsFastAsPossible);
                await playback.PlayAsync(emissions, startsAt, (emission, _) =>
                {
                    labels?.Write(emission);
                    lines.Write(emission);
                    return ValueTask.CompletedTask;
                }, stop).ConfigureAwait(false);
            }
            else
            {
                await using var player = new MqttPlayer(new MqttPlayerOptions { Broker = parsed.GetValue(options.Broker)!, QoS = parsed.GetValue(options.QoS) });
                player.Said += error.WriteLine;
                player.Published += emission => Tell(emission, labels, error);
                await player.ConnectAsync(stop).ConfigureAwait(false);
                if (simulation is not null)
                    await player.ListenForFaultsAsync(simulation, stop).ConfigureAwait(false);
                await player.PlayAsync(emissions, playback, startsAt, stop).ConfigureAwait(false);
            }
        }
        catch (OutputClosedException)
        {
            error.WriteLine("The reader of the output has gone.");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            error.WriteLine("Stopped.");
        }
        finally
        {
            await finished.CancelAsync().ConfigureAwait(false);
            await reporter.ConfigureAwait(false);
        }

        error.WriteLine(ProgressLines.Say(playback.Progress));
        return 0;
    }

    private static void Tell(Emission emission, LabelFile? labels, TextWriter error)
    {
        labels?.Write(emission);
        if (emission.Label is { } label)
            error.WriteLine($"{Payloads.TimeText(emission.Due)} {(emission.Edge == LabelEdge.Start ? "fault begins: " : "fault ends:   ")}{label.Summary}");
    }

    private static Scenario ScenarioOf(SimulateOptions options, ParseResult parsed, Pace pace)
    {
        var length = parsed.GetValue(options.For);
        var settings = new ScenarioOptions { Length = length, Every = parsed.GetValue(options.Every), PerChannel = parsed.GetValue(options.PerChannel) };
        var (seed, kinds, count) = (parsed.GetValue(options.Seed), parsed.GetValue(options.Kinds)!, parsed.GetValue(options.Devices));
        var now = DateTimeOffset.UtcNow;
        var speed = pace.Speed ?? (pace.PerSecond is { } rate ? rate / Scenario.Create(seed, kinds, count, now, options: settings).ReadingsPerSecond : double.PositiveInfinity);
        var start = parsed.GetValue(options.Start) ?? Scenario.StartToEndAtTheClock(now, length ?? LookBack, speed);
        if (start > now + TimeSpan.FromSeconds(1))
            throw new ArgumentException($"--start {Payloads.TimeText(start)} lies in the future; nothing is sent before its own time.");
        return Scenario.Create(seed, kinds, count, start, parsed.GetValue(options.Faults), settings);
    }

    private static Pace PaceOf(SimulateOptions options, ParseResult parsed, bool recorded)
    {
        if (parsed.GetValue(options.Speed) is { } speed)
            return Pace.AtSpeed(speed);
        return parsed.GetValue(options.Rate) switch
        {
            "max" => Pace.AsFastAsPossible,
            { } rate => Pace.AtRate(double.Parse(rate, CultureInfo.InvariantCulture)),
            null => recorded ? Pace.AtRate(100) : Pace.RealTime,
        };
    }

    private static string Names(Scenario scenario)
    {
        var names = scenario.Devices.Select(d => d.Name).ToArray();
        return names.Length <= 8 ? string.Join(", ", names) : $"{string.Join(", ", names[..6])} … {names[^1]}";
    }

    private static void List(TextWriter output)
    {
        output.WriteLine("Kinds of device (--kind):");
        foreach (var kind in DeviceKinds.All)
        {
            output.WriteLine($"  {kind.Name,-13} {kind.Description}; every {Durations.Say(kind.Every)}");
            output.WriteLine($"  {"",-13} channels: {string.Join(", ", kind.Channels.Select(c => c.Unit.Length > 0 ? $"{c.Name} [{c.Unit}]" : c.Name))}");
        }

        output.WriteLine();
        output.WriteLine($"Faults (--fault {Fault.Grammar}):");
        foreach (var kind in FaultKind.All)
            output.WriteLine($"  {kind.Name,-13} {kind.Description}; usually {kind.Readings} readings{(kind == FaultKind.FraudBurst ? "' time" : "")}");
    }
}
