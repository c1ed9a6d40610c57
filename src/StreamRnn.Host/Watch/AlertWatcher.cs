using System.Text;
using Spectre.Console;
using StreamRnn.Alerts;
using StreamRnn.Host.Subscribing;
using StreamRnn.Readings;

namespace StreamRnn.Host.Watch;

/// <summary>How alerts are shown.</summary>
internal enum AlertView
{
    /// <summary>A screen that is kept up to date.</summary>
    Live,

    /// <summary>A line per event.</summary>
    Lines,

    /// <summary>Each event once, as it came, on a line.</summary>
    Json,
}

/// <summary>Shows the alerts of a subscription to <see cref="Topics"/>, until it ends. Everything that is not an alert goes to standard error.</summary>
/// <param name="root">Root of the service's topics.</param>
internal sealed class AlertWatcher(string root, AlertFilter filter, AlertView view, TextWriter output, TextWriter error, TimeProvider clock)
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(500);

    private readonly AlertBoard _board = new();
    private string _connection = "";
    private bool _connected;

    /// <summary>Events as they come, and what is open already.</summary>
    public static string[] Topics(string root) => [$"{root}/alerts/#", $"{root}/open/+"];

    public async Task ShowAsync(Subscription subscription, CancellationToken cancel)
    {
        var running = subscription.RunAsync(cancel);
        if (view == AlertView.Live)
            await LiveAsync(subscription, cancel).ConfigureAwait(false);
        else
            await foreach (var news in subscription.News.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
                Take(news);
        await running.ConfigureAwait(false);
    }

    private async Task LiveAsync(Subscription subscription, CancellationToken cancel)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        _connection = $"connecting to {subscription.Broker}";
        await console.Live(Screen(console)).Overflow(VerticalOverflow.Crop).StartAsync(async live =>
        {
            using var timer = new PeriodicTimer(Refresh, clock);
            while (!cancel.IsCancellationRequested)
            {
                while (subscription.News.TryRead(out var news))
                    Take(news);
                live.UpdateTarget(Screen(console));
                live.Refresh();
                await ((Task)timer.WaitForNextTickAsync(cancel).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }).ConfigureAwait(false);
    }

    private Spectre.Console.Rendering.IRenderable Screen(IAnsiConsole console) =>
        AlertScreen.Of(_board, _connection, _connected, Instant.From(clock.GetUtcNow()), console.Profile.Width, console.Profile.Height);

    internal void Take(News news)
    {
        switch (news)
        {
            case News.Message { Payload.Length: 0 } message:
                _board.Close(message.Topic[(message.Topic.LastIndexOf('/') + 1)..]);
                break;
            case News.Message message:
                Take(message);
                break;
            case News.Connected:
                _board.Forget();
                break;
            case News.Subscribed subscribed:
                Say(true, $"connected to {subscribed.Broker}");
                break;
            case News.Away away:
                Say(false, $"{away.Broker} is away: {away.Why}; trying again");
                break;
        }
    }

    private void Take(News.Message message)
    {
        if (!CloudEvent.TryRead(message.Payload, out var alert, out var why) && !AlertJson.TryReadData(message.Payload, out alert, out _))
        {
            if (view != AlertView.Live)
                error.WriteLine($"A message on {message.Topic} below {root} is not an alert: {why}");
            return;
        }

        if (!filter.Passes(alert) || !_board.Add(alert) || view == AlertView.Live)
            return;
        output.WriteLine(view == AlertView.Json ? Encoding.UTF8.GetString(message.Payload).ReplaceLineEndings(" ") : AlertLine.Of(alert));
        output.Flush();
    }

    private void Say(bool connected, string what)
    {
        if (view != AlertView.Live && what != _connection)
            error.WriteLine(what);
        (_connected, _connection) = (connected, what);
    }
}
