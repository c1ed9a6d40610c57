using StreamRnn.Detection;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <content>Clocks that people put on and back.</content>
public sealed partial class Shard
{
    /// <summary>Tries whether an odd sample is what its series is usually like an hour later or earlier; if so the profile's clock is put, and forecasts made by the old one have to run out.</summary>
    private bool PutClock(in Sample sample, ref DeviceRow about)
    {
        ref var row = ref _series[sample.Channel.Slot];
        Span<long> times = stackalloc long[SeriesRow.RecentLength + 1];
        Span<double> values = stackalloc double[SeriesRow.RecentLength + 1];
        var (first, time) = (SeriesRow.RecentLength, row.LastTime);
        (times[first], values[first]) = (sample.Time.Microseconds, Bounded(sample.Value) - row.Origin);
        for (var i = 1; i <= Math.Min(row.Count, SeriesRow.RecentLength); i++)
        {
            ref readonly var recent = ref row.Recent[(row.Count - i) % SeriesRow.RecentLength];
            first--;
            (times[first], values[first]) = (time, recent.Value - row.Origin);
            time -= (long)(1e6 * (double)recent.Gap);
        }

        if (!row.Profile.TryPutClock(times[first..], values[first..], row.NearErrors[Anchors.Profile]))
            return false;
        about.SinceAlert = Math.Min(about.SinceAlert, DeviceRow.Refractory - Outlook.FarSteps);
        return true;
    }
}
