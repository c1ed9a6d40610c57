using System.Diagnostics;
using StreamRnn.Nets.Training;

namespace StreamRnn.Host.Samples;

/// <summary>Time for learning, and a word about it every few seconds, on the training's own thread between two chunks: the net may be used then.</summary>
internal sealed class SampleClock(TimeSpan limit, TimeSpan every, Action<TimeSpan, TrainingReport> tell) : IProgress<TrainingReport>
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private TimeSpan _told;

    /// <summary>Share of the time that is spent, 0..1.</summary>
    public double Spent() => Math.Min(1, Stopwatch.GetElapsedTime(_began) / limit);

    public void Report(TrainingReport value)
    {
        var elapsed = Stopwatch.GetElapsedTime(_began);
        if (elapsed - _told < every || double.IsNaN(value.Loss))
            return;
        tell(elapsed, value);
        _told = elapsed;
    }
}
