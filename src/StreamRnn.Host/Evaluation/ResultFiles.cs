using System.Globalization;
using System.Text.Json;

namespace StreamRnn.Host.Evaluation;

/// <summary>Results in NAB's layout, for any scorer of the field: OUT/detector/category/detector_file.csv with the columns timestamp, value, anomaly_score, label.</summary>
internal static class ResultFiles
{
    /// <summary>Of a detector's scores, and of its onsets as a detector of their own.</summary>
    public static void Write(string folder, string detector, LabelledSeries series, Judgement judgement)
    {
        Write(folder, detector, series, judgement.Scores);
        Write(folder, $"{detector}-onset", series, judgement.Onsets);
    }

    private static void Write(string folder, string detector, LabelledSeries series, double[] scores)
    {
        var (category, file) = (Path.GetDirectoryName(series.Name) ?? "", Path.GetFileName(series.Name));
        var path = Path.Combine(folder, detector, category, $"{detector}_{file}");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var text = new StreamWriter(path);
        text.WriteLine("timestamp,value,anomaly_score,label");
        for (var n = 0; n < series.Rows; n++)
            text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{series.Stamps[n]},{series.FirstChannel[n]:R},{scores[n]:R},{(series.Label[n] ? 1 : 0)}"));
    }

    public static void SaveThresholds(string path, IReadOnlyDictionary<string, (double Threshold, double Score)> nab) =>
        File.WriteAllText(path, JsonSerializer.Serialize(nab.ToDictionary(pair => pair.Key, pair => pair.Value.Threshold)));

    /// <exception cref="UsageException">The file is not what <see cref="SaveThresholds"/> writes.</exception>
    public static Dictionary<string, double> LoadThresholds(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllText(path)) ?? throw new UsageException($"{path} is null; an object from profile to threshold was expected.");
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path}: thresholds cannot be read: {e.Message}");
        }
    }
}
