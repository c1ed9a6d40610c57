namespace StreamRnn.Simulators.Playing;

/// <summary>How far a playback has come.</summary>
/// <param name="Readings">Readings that left (with bare values per channel, one for each value).</param>
/// <param name="Labels">Ground truth that left.</param>
/// <param name="Simulated">Simulated time of the last emission.</param>
/// <param name="Took">By the clock, since the first.</param>
public readonly record struct PlayProgress(long Readings, long Labels, DateTimeOffset Simulated, TimeSpan Took)
{
    public double PerSecond => Took > TimeSpan.Zero ? Readings / Took.TotalSeconds : 0;
}

/// <summary>Plays emissions at a pace: the waiting between the pure stream and whatever carries it.</summary>
public sealed class Playback(Pace pace, TimeProvider? time = null)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1.5); // below this a timer is coarser than the wait
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private long _readings, _labels, _simulated, _began;

    public PlayProgress Progress => new(
        Volatile.Read(ref _readings), Volatile.Read(ref _labels), new DateTimeOffset(Volatile.Read(ref _simulated), TimeSpan.Zero),
        Volatile.Read(ref _began) is var began and not 0 ? _time.GetElapsedTime(began) : TimeSpan.Zero);

    /// <summary>Sends each emission when it is due, in order; late ones at once.</summary>
    /// <param name="emissions">In order of their due time.</param>
    /// <param name="startsAt">Simulated time that belongs to the clock's now; null: that of the first emission.</param>
    /// <param name="send">Carries one emission; the next waits for it.</param>
    /// <exception cref="OperationCanceledException">Stopped.</exception>
    public async Task<PlayProgress> PlayAsync(
        IEnumerable<Emission> emissions, DateTimeOffset? startsAt, Func<Emission, CancellationToken, ValueTask> send, CancellationToken stop)
    {
        var clockStart = _time.GetUtcNow();
        Volatile.Write(ref _began, _time.GetTimestamp());
        foreach (var emission in emissions)
        {
            stop.ThrowIfCancellationRequested();
            startsAt ??= emission.Due;
            var leaves = pace.LeavesAt(emission.Due, _readings, startsAt.Value, clockStart);
            for (var wait = leaves - _time.GetUtcNow(); wait > Shortest; wait = leaves - _time.GetUtcNow())
                await Task.Delay(wait < LongestTimer ? wait : LongestTimer, _time, stop).ConfigureAwait(false);
            await send(emission, stop).ConfigureAwait(false);
            if (emission.Label is null)
                Volatile.Write(ref _readings, _readings + 1);
            else
                Volatile.Write(ref _labels, _labels + 1);
            Volatile.Write(ref _simulated, emission.Due.UtcTicks);
        }

        return Progress;
    }
}
