using StreamRnn.Pipeline;

namespace StreamRnn.Host.Models;

/// <summary>What there is to tell of a device and its model, as a sentence.</summary>
internal static class NoticeLine
{
    public static string Of(ModelNotice notice)
    {
        var strangers = notice.Strangers.Count > 0 ? $"; {Listed(notice.Strangers)} of the device {(notice.Strangers.Count == 1 ? "is no column" : "are no columns")} of it, so the base model predicts {(notice.Strangers.Count == 1 ? "that" : "those")}" : "";
        return notice.News switch
        {
            ModelNews.Waits => $"{notice.Device}: the model {notice.Model.Id} has {Listed(notice.Missing)}, which the device has not sent; until all have come the base model predicts it{strangers}",
            ModelNews.Predicts => $"{notice.Device}: the model {notice.Model.Id} predicts it{strangers}",
            _ => $"{notice.Device}: the model {notice.Model.Id} predicted a value that is not finite; its state was cleared, and the base model predicts meanwhile",
        };
    }

    private static string Listed(IReadOnlyList<string> names) => names.Count <= 8 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(8))} and {names.Count - 8} more";
}
