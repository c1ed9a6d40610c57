using System.Globalization;
using System.Text.Json;
using StreamRnn.Host.Replay;

namespace StreamRnn.Host.Evaluation;

/// <summary>How a corpus tells the truth about its series.</summary>
internal enum Layout
{
    /// <summary>NAB: windows in combined_windows.json, files in folders by category.</summary>
    Nab,

    /// <summary>SKAB: columns anomaly and changepoint, separated by semicolons; the first 400 rows are for training.</summary>
    Skab,

    /// <summary>A column label (0 or 1); manifest.csv in the folder above may say how many rows are for training.</summary>
    Generic,

    /// <summary>No labels at all: good for forecast skill only.</summary>
    Unlabelled,
}

/// <summary>One labelled series.</summary>
/// <param name="Name">Path within the corpus, with slashes.</param>
/// <param name="Stamps">(R): times as the file has them.</param>
/// <param name="Label">(R): anomalous rows.</param>
/// <param name="Windows">First and last row of each anomaly.</param>
/// <param name="Skip">Rows at the beginning that are for warm-up and not judged.</param>
/// <param name="FirstChannel">(R): the first channel's values, NaN where there is none: gives VUS its buffer length.</param>
internal sealed record LabelledSeries(
    string Name, string Path, string[] Stamps, bool[] Label, IReadOnlyList<(int First, int Last)> Windows, int Skip, double[] FirstChannel)
{
    public int Rows => Label.Length;
}

/// <summary>Some labelled series that are judged together.</summary>
internal sealed record Corpus(string Name, Layout Layout, IReadOnlyList<LabelledSeries> Series)
{
    public bool HasLabels => Layout != Layout.Unlabelled;

    private const string WindowsFile = "combined_windows.json";
    private const int SkabTraining = 400;

    /// <summary>The corpora in a folder: the folder itself, or its sub-folders where it is a collection of corpora.</summary>
    /// <param name="layout">null: told from what lies in the folder.</param>
    /// <exception cref="UsageException">There is no series, or a file is not what its layout promises.</exception>
    public static IReadOnlyList<Corpus> Find(string folder, Layout? layout)
    {
        if (!Directory.Exists(folder))
            throw new UsageException($"{folder}: no such folder.");
        if ((layout ?? LayoutOf(folder)) is { } known && TryLoad(folder, known) is { } one)
            return [one];
        List<Corpus> all = [];
        foreach (var sub in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
            if (LayoutOf(sub) is { } found && TryLoad(sub, found) is { } corpus)
                all.Add(corpus);
        return all.Count > 0 ? all : throw new UsageException($"{folder}: no series found; expected is {WindowsFile} with its files, or CSV files that begin with a header such as timestamp,value,label (or anomaly and changepoint; without labels for forecast skill only).");
    }

    /// <summary>Every series in a folder, labelled or not; of a folder that is no corpus, all its CSV files.</summary>
    /// <exception cref="UsageException">There is none, or one cannot be read.</exception>
    public static IReadOnlyList<(LabelledSeries Series, bool HasLabels)> AllIn(string folder)
    {
        if (!Directory.Exists(folder))
            throw new UsageException($"{folder}: no such file or folder.");
        string[] files = [.. FilesOf(folder).Where(file => Path.GetFileName(file) != "manifest.csv").Select(file => Path.Combine(folder, file))];
        if (files.Length == 0)
            throw new UsageException($"{folder} holds no CSV file; expected is at least one with a header such as timestamp,value.");
        var labelled = Folders(folder).SelectMany(sub => LayoutOf(sub) is { } layout and not Evaluation.Layout.Unlabelled && TryLoad(sub, layout) is { } corpus ? corpus.Series : [])
            .ToDictionary(series => Path.GetFullPath(series.Path), StringComparer.Ordinal);
        return [.. files.Select(file => labelled.TryGetValue(Path.GetFullPath(file), out var series) ? (series, true) : One(file))];
    }

    /// <summary>One file, with its column label or anomaly if it has one.</summary>
    /// <exception cref="UsageException">It cannot be read.</exception>
    public static (LabelledSeries Series, bool HasLabels) One(string path)
    {
        using (var file = SeriesFile.Open(path))
        {
            var label = file.Header.FirstOrDefault(column => column is "label" or "anomaly");
            return (Load(Path.GetDirectoryName(path) ?? "", Path.GetFileName(path), label, _ => 0), label is not null);
        }
    }

    private static IEnumerable<string> Folders(string folder) => LayoutOf(folder) is null ? Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal) : [folder];

    /// <summary>Rows of a NAB file that are for warm-up: 15 %, at most 750.</summary>
    public static int Probation(int rows) => Math.Min((int)Math.Floor(0.15 * rows), 750);

    /// <summary>Runs of true values, first and last row of each.</summary>
    public static List<(int First, int Last)> Runs(IReadOnlyList<bool> flags)
    {
        var runs = new List<(int, int)>();
        for (var n = 0; n < flags.Count; n++)
        {
            if (!flags[n])
                continue;
            var first = n;
            while (n + 1 < flags.Count && flags[n + 1])
                n++;
            runs.Add((first, n));
        }

        return runs;
    }

    private static Layout? LayoutOf(string folder)
    {
        if (File.Exists(Path.Combine(folder, WindowsFile)))
            return Evaluation.Layout.Nab;
        // A collection's own sub-folders must not make it one corpus: look at the files of this folder, then one level down.
        var direct = Directory.EnumerateFiles(folder, "*.csv").FirstOrDefault(file => Path.GetFileName(file) != "manifest.csv");
        if (direct is null && Directory.EnumerateDirectories(folder).Any(sub => File.Exists(Path.Combine(sub, WindowsFile))))
            return null;
        var first = direct ?? Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).SelectMany(sub => Directory.EnumerateFiles(sub, "*.csv").Take(1)).FirstOrDefault();
        var header = first is null ? "" : File.ReadLines(first).FirstOrDefault() ?? "";
        if (header.Contains(";anomaly", StringComparison.Ordinal))
            return Evaluation.Layout.Skab;
        return direct is null ? null
            : header.EndsWith(",label", StringComparison.Ordinal) ? Evaluation.Layout.Generic
            : SeriesFile.TimeColumns.Any(name => header.StartsWith(name, StringComparison.OrdinalIgnoreCase)) ? Evaluation.Layout.Unlabelled : null;
    }

    private static Corpus? TryLoad(string folder, Layout layout)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        var series = layout switch
        {
            Evaluation.Layout.Nab => LoadNab(folder),
            Evaluation.Layout.Skab => [.. FilesOf(folder).Where(file => !file.Contains("anomaly-free", StringComparison.Ordinal)).Select(file => Load(folder, file, "anomaly", _ => SkabTraining))],
            Evaluation.Layout.Generic => LoadGeneric(folder, name),
            _ => [.. FilesOf(folder).Select(file => Load(folder, file, null, _ => 0))],
        };
        if (series.Count == 0 && layout == Evaluation.Layout.Generic)
            return TryLoad(folder, Evaluation.Layout.Unlabelled);
        return series.Count > 0 ? new Corpus(name, layout, series) : null;
    }

    private static List<LabelledSeries> LoadNab(string folder)
    {
        var truth = JsonSerializer.Deserialize<Dictionary<string, string[][]>>(File.ReadAllText(Path.Combine(folder, WindowsFile)))
            ?? throw new UsageException($"{folder}/{WindowsFile} is null; an object from file to windows was expected.");
        List<LabelledSeries> all = [];
        foreach (var (file, windows) in truth.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var series = Load(folder, file, null, Probation);
            var times = series.Stamps.Select(Time).ToList();
            List<(int, int)> rows = [];
            foreach (var window in windows)
            {
                var (first, last) = (times.IndexOf(Time(window[0])), times.IndexOf(Time(window[1])));
                if (first < 0 || last < 0)
                    throw new UsageException($"{file}: the window {window[0]} .. {window[1]} does not start and end on rows of the file.");
                rows.Add((first, last));
                Array.Fill(series.Label, true, first, last - first + 1);
            }

            all.Add(series with { Windows = rows });
        }

        return all;
    }

    private static List<LabelledSeries> LoadGeneric(string folder, string name)
    {
        var manifest = Path.Combine(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))!, "manifest.csv");
        var training = new Dictionary<string, int>(StringComparer.Ordinal);
        if (File.Exists(manifest))
        {
            var lines = File.ReadAllLines(manifest);
            var header = lines[0].Split(',');
            var (corpus, file, rows) = (Array.IndexOf(header, "corpus"), Array.IndexOf(header, "file"), Array.IndexOf(header, "train_rows"));
            foreach (var cells in lines.Skip(1).Select(line => line.Split(',')))
                if (Math.Min(corpus, Math.Min(file, rows)) >= 0 && cells.Length == header.Length && cells[corpus] == name)
                    training[cells[file]] = int.Parse(cells[rows], CultureInfo.InvariantCulture);
        }

        return [.. FilesOf(folder)
            .Where(file => (File.ReadLines(Path.Combine(folder, file)).FirstOrDefault() ?? "").Split(',').Contains("label"))
            .Select(file => Load(folder, file, "label", rows => training.GetValueOrDefault(file, Probation(rows))))];
    }

    private static IEnumerable<string> FilesOf(string folder) => Directory.EnumerateFiles(folder, "*.csv", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/')).Order(StringComparer.Ordinal);

    private static LabelledSeries Load(string folder, string name, string? label, Func<int, int> skip)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
            throw new UsageException($"{path} is missing; the truth names it.");
        using var reader = new StreamReader(path);
        var first = reader.ReadLine() ?? throw new UsageException($"{path} is empty.");
        var separator = first.Contains(';', StringComparison.Ordinal) ? ';' : ',';
        var header = first.Split(separator);
        var labelAt = label is null ? -1 : Array.IndexOf(header, label);
        if (label is not null && labelAt < 0)
            throw new UsageException($"{path}: no column '{label}'; the header is {first}.");
        var (stamps, labels, values) = (new List<string>(), new List<bool>(), new List<double>());
        while (reader.ReadLine() is { } line)
        {
            if (string.IsNullOrWhiteSpace(line))
                continue;
            var cells = line.Split(separator);
            if (cells.Length != header.Length)
                throw new UsageException($"{path}, row {stamps.Count + 2}: {cells.Length} columns; expected are {header.Length}, as in the header.");
            stamps.Add(cells[0]);
            labels.Add(labelAt >= 0 && IsOne(cells[labelAt]));
            values.Add(double.TryParse(cells[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : double.NaN);
        }

        return new LabelledSeries(name, path, [.. stamps], [.. labels], Runs(labels), skip(labels.Count), [.. values]);
    }

    private static bool IsOne(string cell) => double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value == 1;

    private static DateTime Time(string stamp) => DateTime.Parse(stamp.Trim().TrimEnd('Z'), CultureInfo.InvariantCulture);
}
