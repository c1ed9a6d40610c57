namespace StreamRnn.Alerts;

/// <summary>The words of alerts as they stand in JSON, configuration and filters.</summary>
public static class AlertWords
{
    private static readonly string[] Kinds = ["prediction_error", "level_shift", "pattern", "silence", "stuck", "out_of_range", "novelty", "data_quality"];
    private static readonly string[] Statuses = ["opened", "updated", "resolved"];
    private static readonly string[] Severities = ["info", "minor", "major", "critical"];
    private static readonly string[] Resolutions = ["returned", "adopted", "feedback", "maintenance", "expired"];

    public static string Of(AlertKind kind) => Kinds[(int)kind];
    public static string Of(AlertStatus status) => Statuses[(int)status];
    public static string Of(Severity severity) => Severities[(int)severity];
    public static string Of(Resolution resolution) => Resolutions[(int)resolution];

    public static bool TryParse(string word, out AlertKind kind) => Find(Kinds, word, out kind, i => (AlertKind)i);
    public static bool TryParse(string word, out AlertStatus status) => Find(Statuses, word, out status, i => (AlertStatus)i);
    public static bool TryParse(string word, out Severity severity) => Find(Severities, word, out severity, i => (Severity)i);
    public static bool TryParse(string word, out Resolution resolution) => Find(Resolutions, word, out resolution, i => (Resolution)i);

    private static bool Find<T>(string[] words, string word, out T found, Func<int, T> at)
    {
        var i = Array.IndexOf(words, word);
        found = at(Math.Max(i, 0));
        return i >= 0;
    }
}
