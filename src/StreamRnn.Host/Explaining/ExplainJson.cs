using System.Text;
using System.Text.Json;
using StreamRnn.Alerts;
using StreamRnn.Pipeline;

namespace StreamRnn.Host.Explaining;

/// <summary>An explanation as one JSON object, for programs: <c>{"events": […], "replay": {"same": …}, "readings": […]}</c>.</summary>
internal static class ExplainJson
{
    public static void Write(Explanation about, TextWriter output)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, AlertJson.Options))
        {
            json.WriteStartObject();
            json.WriteString("alertId", about.Opening.AlertId);
            json.WriteString("device", about.Opening.Device);
            WriteTime(json, "openedAt", about.Opening.OpenedAt);
            WriteTime(json, "peakAt", about.PeakAt);
            WriteTime(json, "closedAt", about.ClosedAt);
            json.WriteStartArray("events");
            foreach (var e in about.Told)
                AlertJson.Write(json, e);
            json.WriteEndArray();
            json.WriteStartObject("replay");
            json.WriteBoolean("same", about.IsSame);
            json.WriteString("difference", about.Difference);
            json.WriteString("why", about.IsSame ? null : about.Why);
            json.WriteString("imported", about.Came);
            json.WriteNumber("firstEntry", about.First);
            json.WriteNumber("entries", about.Entries);
            json.WriteNumber("readings", about.Readings);
            json.WriteEndObject();
            json.WriteStartArray("readings");
            foreach (var sample in about.Samples)
                Write(json, sample);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(bytes.ToArray()));
    }

    private static void Write(Utf8JsonWriter json, in ScoredSample sample)
    {
        json.WriteStartObject();
        WriteTime(json, "time", sample.Time);
        json.WriteString("channel", sample.Channel.Name);
        WriteNumber(json, "value", sample.Value);
        WriteNumber(json, "expected", sample.Expected);
        WriteNumber(json, "lower", sample.Lower);
        WriteNumber(json, "upper", sample.Upper);
        WriteNumber(json, "error", sample.Value - sample.Expected);
        json.WriteNumber("rarity", sample.Rarity);
        json.WriteStartObject("evidence");
        foreach (var (name, rarity) in ExplainText.Kinds(sample.Evidence))
            json.WriteNumber(name, rarity);
        json.WriteEndObject();
        json.WriteNumber("score", sample.Now);
        json.WriteNumber("threshold", sample.Threshold);
        json.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter json, string name, Readings.Instant? time)
    {
        if (time is { } known)
            json.WriteString(name, known.ToString());
        else
            json.WriteNull(name);
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }
}
