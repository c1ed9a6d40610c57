using System.Diagnostics.Metrics;
using StreamRnn.Pipeline;

namespace StreamRnn.Host.Service;

/// <summary>All instruments of the host, under the meter <c>StreamRnn.Host</c>.</summary>
internal static class Instruments
{
    public const string MeterName = "StreamRnn.Host";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> News = Meter.CreateCounter<long>("streamrnn.models.news", "{device}", "Devices of groups whose model waits for a column, predicts, or failed");

    public static void ModelNews(ModelNotice notice) =>
        News.Add(1, new("news", notice.News.ToString().ToLowerInvariant()), new("model", notice.Model.Id));
}
