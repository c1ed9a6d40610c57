using Microsoft.Extensions.Logging;
using Spectre.Console;
using StreamRnn.Host.Configuration;
using StreamRnn.Host.Service;
using StreamRnn.Host.Subscribing;
using StreamRnn.Mqtt;
using StreamRnn.Pipeline;
using StreamRnn.Simulators.Playing;
using StreamRnn.Storage;

namespace StreamRnn.Host.Demo;

/// <summary>
/// The demo: embedded broker, service line, simulated devices and a subscriber in one process, which speak to each other over TCP as they would in four.
/// </summary>
/// <param name="port">The broker's port; null: 1883, or any free one where that is taken.</param>
/// <param name="store">Where what is learned is kept; null: a folder for each seed.</param>
internal sealed class DemoShow(DemoPlan plan, int? port, string? store, bool live, TextWriter output, TimeProvider clock)
{
    private const string Root = "streamrnn";
    private const int UsualPort = 1883;
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FirstSayDevices = TimeSpan.FromSeconds(3);       // amid the warm-up
    private static readonly TimeSpan SayDevicesEvery = TimeSpan.FromSeconds(10);

    private readonly List<(TimeSpan At, Tone Tone, string Text)> _lines = [];
    private readonly Lock _gate = new();               // lines come from the subscriber and from the log
    private long _began = clock.GetTimestamp();

    private TimeSpan _resumed;                         // where an earlier demonstration was interrupted
    private bool _over;

    private TimeSpan At => _resumed + clock.GetElapsedTime(_began);

    /// <summary>Runs to the end, or until asked to stop, and says the score so far. A story that was told to its end is forgotten; one that was interrupted goes on next time.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        var folder = await LiveAsync(cancel).ConfigureAwait(false);
        if (_over && folder is not null)
            Store.Forget(folder);                      // the next one is a story of its own
    }

    private async Task<string?> LiveAsync(CancellationToken cancel)
    {
        using var logs = new LoggerFactory([new DemoLog(text => Tell(At, Tone.Miss, text))]);
        await using var line = await StartLineAsync(logs).ConfigureAwait(false);
        var board = new DemoBoard(plan, Root, Tell);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            await line.Subscribed.WaitAsync(over.Token).ConfigureAwait(false);
            // Each device sends one reading an interval, so what the one that was heard most has sent says where the story was interrupted.
            var (learned, most) = line.CountLearned();
            _resumed = most * plan.Interval;
            Introduce(line, learned);
            var (host, listening) = (line.Broker[..line.Broker.LastIndexOf(':')], int.Parse(line.Broker[(line.Broker.LastIndexOf(':') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
            var subscription = new Subscription(new MqttOptions(), (host, listening), DemoBoard.Topics(Root, plan.Scenario.Options.LabelsTopic));
            var subscribing = subscription.RunAsync(over.Token);
            _ = line.Failed.ContinueWith(f => { Tell(At, Tone.Miss, $"the service died: {f.Result.Message}"); over.Cancel(); }, over.Token, TaskContinuationOptions.None, TaskScheduler.Default);
            _began = clock.GetTimestamp();
            var playing = PlayAsync(new Simulators.Playing.BrokerAddress(host, listening), over);
            await ShowAsync(board, subscription, line.Broker, over.Token).ConfigureAwait(false);
            await playing.ConfigureAwait(false);
            await subscribing.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // Ctrl-C, or the end: the score so far is told below.
        }

        Conclude(board, cancel.IsCancellationRequested);
        return line.Folder;
    }

    private async Task<Line> StartLineAsync(ILoggerFactory logs)
    {
        try
        {
            return await StartLineAsync(port ?? UsualPort, logs).ConfigureAwait(false);
        }
        catch (IOException) when (port is null)
        {
            return await StartLineAsync(0, logs).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new UsageException($"--port {port}: {e.Message}");
        }
    }

    private async Task<Line> StartLineAsync(int at, ILoggerFactory logs)
    {
        var keep = new StorageOptions { Path = store ?? StoreFolder.OfDemo(plan.Seed, plan.Length, Environment.CurrentDirectory, Environment.GetEnvironmentVariable), CheckpointEvery = TimeSpan.FromSeconds(5) };
        try
        {
            return await Line.StartAsync(SettingsFor(at, keep), DeviceGroups.None, clock, logs).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            Tell(At, Tone.Miss, $"nothing is kept this time: {e.Message}");
            return await Line.StartAsync(SettingsFor(at, new StorageOptions { Enabled = false }), DeviceGroups.None, clock, logs).ConfigureAwait(false);
        }
    }

    private Settings SettingsFor(int at, StorageOptions keep) => new()
    {
        Storage = keep,
        Mqtt = new MqttOptions { Embedded = new EmbeddedBrokerOptions { Port = at } },
        Detection = new DetectionOptions { FalseAlarmsPerDevicePerWeek = plan.FalseAlarmsPerDevicePerWeek },
        Topics = new TopicOptions { Root = Root, ScoreTopic = "all" },
    };

    // Plays to the end of the scenario, gives the last alerts a moment, and ends the show.
    private async Task PlayAsync(Simulators.Playing.BrokerAddress broker, CancellationTokenSource over)
    {
        try
        {
            var player = new MqttPlayer(new MqttPlayerOptions { Broker = broker, ClientId = "streamrnn-demo-devices" }, clock);
            await using (player.ConfigureAwait(false))
            {
                player.Said += text => Tell(At, Tone.Miss, text);
                await player.ConnectAsync(over.Token).ConfigureAwait(false);
                var from = plan.Scenario.Start + (_resumed * plan.Speed);
                await player.PlayAsync(plan.Emissions().SkipWhile(e => e.Due < from), new Playback(plan.Pace, clock), from, over.Token).ConfigureAwait(false);
            }

            _over = true;

            await Task.Delay(plan.Interval * 2, clock, over.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            return;                              // Ctrl-C
        }
        catch (BrokerUnreachableException e)
        {
            Tell(At, Tone.Miss, e.Message);
        }

        await over.CancelAsync().ConfigureAwait(false);
    }

    private async Task ShowAsync(DemoBoard board, Subscription subscription, string broker, CancellationToken over)
    {
        if (!live)
        {
            await LoopAsync(board, subscription, SayDevices, over).ConfigureAwait(false);
            return;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        await console.Live(Screen()).Overflow(VerticalOverflow.Crop).StartAsync(live => LoopAsync(board, subscription, _ =>
        {
            live.UpdateTarget(Screen());
            live.Refresh();
        }, over)).ConfigureAwait(false);

        Spectre.Console.Rendering.IRenderable Screen()
        {
            lock (_gate)
                return DemoScreen.Of(board, plan, broker, At, _lines, console.Profile.Width, console.Profile.Height);
        }
    }

    private async Task LoopAsync(DemoBoard board, Subscription subscription, Action<DemoBoard> refresh, CancellationToken over)
    {
        using var timer = new PeriodicTimer(Refresh, clock);
        while (!over.IsCancellationRequested)
        {
            // Taken as it comes, so that delays are true; shown at the next beat.
            var beat = timer.WaitForNextTickAsync(over).AsTask();
            while (!beat.IsCompleted)
            {
                var more = subscription.News.WaitToReadAsync(over).AsTask();
                await Task.WhenAny(beat, more).ConfigureAwait(false);
                while (subscription.News.TryRead(out var news))
                {
                    if (news is News.Message message)
                        board.Take(message, At);
                    else if (news is News.Away away)
                        Tell(At, Tone.Miss, $"the subscriber is not connected: {away.Why}");
                }
            }

            refresh(board);
        }
    }

    private void Introduce(Line line, long learned)
    {
        var broker = line.Broker;
        Tell(TimeSpan.Zero, Tone.Plain, $"the broker listens on mqtt://{broker}; in another terminal: streamrnn watch --broker mqtt://{broker}");
        Tell(TimeSpan.Zero, Tone.Plain, string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{plan.Scenario.Devices.Count} devices: {string.Join(", ", plan.Scenario.Devices.Select(d => d.Name))}; a reading of each every {plan.Interval.TotalSeconds:0.##} s, which is {plan.Step.TotalSeconds:0} s of its own time"));
        Tell(TimeSpan.Zero, Tone.Plain, string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{plan.Scenario.Labels.Count} faults will be injected (seed {plan.Seed}); nothing was trained or configured for these devices"));
        if (line.Recovered is { Devices: > 0 } before)
            Tell(TimeSpan.Zero, Tone.Calm, string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"it goes on at {DemoScreen.Clock(_resumed)}, where it was interrupted: {before.Devices} devices are known, {learned:N0} readings of them were learned; nothing is forgotten, and no alert is told twice (kept in {line.Folder})"));
    }

    private TimeSpan _sayDevicesAt = FirstSayDevices;

    private void SayDevices(DemoBoard board)
    {
        if (At < _sayDevicesAt)
            return;
        _sayDevicesAt = At + SayDevicesEvery;
        foreach (var device in board.Devices)
            Tell(At, Tone.Plain, "  " + board.Describe(device));
    }

    private void Tell(TimeSpan at, Tone tone, string text)
    {
        lock (_gate)
        {
            _lines.Add((at, tone, text));
            if (live)
                return;
            output.WriteLine($"{DemoScreen.Clock(at),5}  {text}");
            output.Flush();
        }
    }

    private void Conclude(DemoBoard board, bool interrupted)
    {
        output.WriteLine();
        if (interrupted)
            output.WriteLine($"Stopped at {DemoScreen.Clock(At)} of {DemoScreen.Clock(plan.Length)}.");
        foreach (var fault in board.Score.Faults)
        {
            var found = fault.Delay is { } delay ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"found after {delay.TotalSeconds:0.0} s") : "not found";
            output.WriteLine($"  {fault.Number}. {fault.Label.Kind,-13} {(fault.Label.Channel is null ? fault.Label.Device : $"{fault.Label.Device} {fault.Label.Channel}"),-28} {found}");
        }

        output.WriteLine(board.Score.Line());
        output.Flush();
    }
}
