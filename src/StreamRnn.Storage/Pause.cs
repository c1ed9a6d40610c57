namespace StreamRnn.Storage;

/// <summary>Waiting of a thread that has nothing else to do, on the clock that everything else goes by.</summary>
internal static class Pause
{
    /// <exception cref="OperationCanceledException">Asked to stop meanwhile.</exception>
    public static void For(TimeSpan time, TimeProvider clock, CancellationToken cancel)
    {
        using var over = new ManualResetEventSlim();
        using var timer = clock.CreateTimer(state => ((ManualResetEventSlim)state!).Set(), over, time, Timeout.InfiniteTimeSpan);
        over.Wait(cancel);
    }
}
