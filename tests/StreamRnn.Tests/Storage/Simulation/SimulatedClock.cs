namespace StreamRnn.Tests.Storage.Simulation;

/// <summary>Time that passes when the simulation says so. Whoever waits waits no longer than it takes to say what happens meanwhile.</summary>
internal sealed class SimulatedClock(DateTimeOffset now, Action<TimeSpan> meanwhile) : TimeProvider
{
    private long _ticks = 1;

    /// <summary>The wall clock's time: may jump.</summary>
    public DateTimeOffset Now { get; set; } = now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => _ticks;

    public void Pass(TimeSpan time) => _ticks += time.Ticks;

    /// <exception cref="CrashException">That happened meanwhile.</exception>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Pass(dueTime);
        meanwhile(dueTime);
        callback(state);
        return new Over();
    }

    private sealed class Over : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => false;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>The process is killed here.</summary>
internal sealed class CrashException() : Exception("killed by the simulation");
