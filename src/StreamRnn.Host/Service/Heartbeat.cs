using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;

namespace StreamRnn.Host.Service;

/// <summary>
/// Speaks with systemd: READY once everything has started (the line starts only when it is subscribed), WATCHDOG as long as the line makes progress,
/// STOPPING when asked to stop. Where systemd did not ask (no NOTIFY_SOCKET), it is silent.
/// </summary>
/// <param name="systemd">Sends a datagram to the notification socket.</param>
/// <param name="watchdog">How long systemd waits for a sign of life before it kills us; null: for ever. See <see cref="WatchdogOf"/>.</param>
/// <param name="progress">A number that changes as long as the line lives: the pump pushes something at least twice a second, if only a tick.</param>
/// <param name="clock">Times the signs of life.</param>
internal sealed class Heartbeat(ISystemdNotifier systemd, TimeSpan? watchdog, Func<long> progress, TimeProvider clock) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _beating = Task.CompletedTask;

    /// <summary>The watchdog's period from systemd's environment: WATCHDOG_USEC, where WATCHDOG_PID is this process or absent.</summary>
    public static TimeSpan? WatchdogOf(Func<string, string?> environment, int processId)
    {
        var culture = CultureInfo.InvariantCulture;
        if (!long.TryParse(environment("WATCHDOG_USEC"), NumberStyles.None, culture, out var microseconds) || microseconds <= 0)
            return null;
        var forUs = environment("WATCHDOG_PID") is not { Length: > 0 } pid || pid == processId.ToString(culture);
        return forUs ? TimeSpan.FromMicroseconds(microseconds) : null;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (!systemd.IsEnabled)
            return Task.CompletedTask;
        systemd.Notify(ServiceState.Ready);
        if (watchdog is { } period)
            _beating = BeatAsync(period / 3);
        return Task.CompletedTask;
    }

    private async Task BeatAsync(TimeSpan every)
    {
        using var timer = new PeriodicTimer(every, clock);
        var last = -1L;
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                // A line that stands still must be killed and started again: then say nothing.
                var now = progress();
                if (now != last)
                    systemd.Notify(new ServiceState("WATCHDOG=1"));
                last = now;
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping; the line does not beat any more, and systemd has been told.
        }
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _beating.ConfigureAwait(false);
        if (systemd.IsEnabled)
            systemd.Notify(ServiceState.Stopping);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public void Dispose() => _stop.Dispose();
}
