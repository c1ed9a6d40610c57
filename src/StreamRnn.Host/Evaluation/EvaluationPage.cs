using System.Net;
using StreamRnn.Host.Replay;

namespace StreamRnn.Host.Evaluation;

/// <summary>A page of pictures, one per series: value, expected band, score and threshold, labelled windows (grey) and alerts (red).</summary>
internal sealed class EvaluationPage
{
    private readonly List<(string Corpus, string Series, string Picture, string Text)> _pictures = [];

    public void Draw(string folder, Corpus corpus, IReadOnlyList<Judgement> judgements, CancellationToken cancel)
    {
        for (var n = 0; n < corpus.Series.Count; n++)
        {
            cancel.ThrowIfCancellationRequested();
            var series = corpus.Series[n];
            if (judgements[n].Recording is not { } recording || recording.Score.Times.Count == 0)
                continue;
            var picture = $"pictures/{corpus.Name}/{series.Name.Replace('/', '-')}.png";
            var path = Path.Combine(folder, picture);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var times = recording.Score.Times;
            // Row numbers and recorded readings are the same but for rows that were not used; what is drawn is nearest.
            recording.Windows.AddRange(series.Windows.Select(w => (times[Math.Min(w.First, times.Count - 1)], times[Math.Min(w.Last, times.Count - 1)])));
            Plot.Save(recording, path);
            var counts = EventCounts.OfAlerts(series, judgements[n].Alerts ?? []);
            _pictures.Add((corpus.Name, series.Name, picture, $"{counts.Found} of {counts.Windows} anomalies found, {counts.False} of {counts.Alarms} alerts false"));
        }
    }

    public void Save(string folder, string table)
    {
        using var html = new StreamWriter(Path.Combine(folder, "index.html"));
        html.WriteLine("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>StreamRnn on labelled corpora</title>");
        html.WriteLine("<style>body{font:15px system-ui,sans-serif;margin:2rem auto;max-width:1200px;padding:0 1rem}img{width:100%;border:1px solid #ccc}pre{overflow:auto;background:#f6f6f6;padding:1rem}h2{margin-top:3rem}</style>");
        html.WriteLine($"<h1>StreamRnn on labelled corpora</h1><pre>{WebUtility.HtmlEncode(table)}</pre>");
        html.WriteLine("<p>Grey: labelled anomalies. Red: alerts. Orange: what was expected.</p>");
        foreach (var group in _pictures.GroupBy(p => p.Corpus))
        {
            html.WriteLine($"<h2>{WebUtility.HtmlEncode(group.Key)}</h2>");
            foreach (var (_, series, picture, text) in group)
                html.WriteLine($"<h3>{WebUtility.HtmlEncode(series)}</h3><p>{WebUtility.HtmlEncode(text)}</p><img loading=\"lazy\" src=\"{WebUtility.HtmlEncode(picture)}\" alt=\"{WebUtility.HtmlEncode(series)}\">");
        }

        html.WriteLine("</html>");
    }
}
