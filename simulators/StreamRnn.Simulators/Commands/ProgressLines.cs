using System.Globalization;
using StreamRnn.Simulators.Playing;

namespace StreamRnn.Simulators.Commands;

/// <summary>Says now and then how far a playback has come: one line that is overwritten on a terminal, else a line every ten seconds.</summary>
internal static class ProgressLines
{
    public static string Say(PlayProgress progress) => string.Create(CultureInfo.InvariantCulture,
        $"{progress.Readings:N0} readings in {Durations.Say(progress.Took)} ({progress.PerSecond:N0}/s)")
        + (progress.Readings > 0 ? $", device time {Payloads.TimeText(progress.Simulated)}" : "");

    public static async Task RunAsync(Playback playback, TextWriter error, CancellationToken stop)
    {
        var terminal = ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected;
        using var timer = new PeriodicTimer(terminal ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(10));
        try
        {
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false))
                error.Write(terminal ? $"\r{Say(playback.Progress)}   " : Say(playback.Progress) + Environment.NewLine);
        }
        catch (OperationCanceledException)
        {
            if (terminal)
                error.WriteLine(); // the end of playing is the usual end of telling about it
        }
    }
}
