using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsvHelper;

namespace StreamRnn.Simulators;

/// <summary>A file that is not a series; the message names the file, the row and the column.</summary>
public sealed class CsvSeriesException(string message) : Exception(message);

/// <summary>
/// A recorded series in a CSV file: the time first (<c>timestamp</c>, <c>time</c> or <c>datetime</c>), then numeric channels.
/// Columns of ground truth (<c>label</c>, <c>anomaly</c>, <c>changepoint</c>) are left out. Comma or semicolon.
/// </summary>
public sealed class CsvSeries
{
    private static readonly string[] TimeColumns = ["timestamp", "time", "datetime", "date"];
    private static readonly string[] TruthColumns = ["label", "anomaly", "is_anomaly", "changepoint"];
    private readonly string _path;
    private readonly char _separator;
    private readonly int[] _columns;
    private readonly string[] _names; // as JSON strings

    private CsvSeries(string path, char separator, IReadOnlyList<string> channels, int[] columns) =>
        (_path, _separator, Channels, _columns, _names) =
            (path, separator, channels, columns, [.. channels.Select(c => $"\"{JsonEncodedText.Encode(c, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"")]);

    /// <summary>The numeric columns, in order.</summary>
    public IReadOnlyList<string> Channels { get; }

    /// <summary>Looks at the header.</summary>
    /// <exception cref="CsvSeriesException">No such file, or a header that does not fit.</exception>
    public static CsvSeries Open(string path)
    {
        try
        {
            char separator;
            using (var reader = new StreamReader(path))
                separator = (reader.ReadLine() ?? throw new CsvSeriesException($"{path} is empty; expected a header such as timestamp,value.")).Contains(';') ? ';' : ',';
            using var csv = CsvReader.FromFile(path, Options(separator));
            var header = csv.Headers.Select(h => h.Trim().TrimStart('\uFEFF')).ToArray();
            if (!TimeColumns.Contains(header[0], StringComparer.OrdinalIgnoreCase))
                throw new CsvSeriesException($"{path} row 1, column 1: found '{header[0]}', expected the time: {string.Join(", ", TimeColumns)}.");
            var columns = Enumerable.Range(1, header.Length - 1).Where(i => !TruthColumns.Contains(header[i], StringComparer.OrdinalIgnoreCase)).ToArray();
            if (columns.Length == 0)
                throw new CsvSeriesException($"{path} row 1: no channel beside the time.");
            return new CsvSeries(path, separator, [.. columns.Select(i => header[i])], columns);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CsvFormatException)
        {
            throw new CsvSeriesException($"{path} cannot be read: {e.Message}");
        }
    }

    /// <summary>Rows as emissions with their own times, lazily: <c>{"timestamp":"2014-03-14T03:31:00Z","value":45.868}</c>. An empty cell is left out.</summary>
    /// <exception cref="CsvSeriesException">While enumerating: a cell that is no time or no number; the message names row and column.</exception>
    public IEnumerable<Emission> Emissions(string topic)
    {
        using var csv = CsvReader.FromFile(_path, Options(_separator));
        var latest = DateTimeOffset.MinValue;
        while (Read(csv))
        {
            var row = csv.LineNumber;
            var time = Time(csv.GetString(0), row);
            latest = time > latest ? time : latest; // a stream never leaves backwards, even where its own times go back
            yield return new Emission(latest, topic, Payload(csv, time, row));
        }
    }

    private byte[] Payload(CsvReader csv, DateTimeOffset time, long row)
    {
        var text = new StringBuilder("{\"timestamp\":\"").Append(time.UtcDateTime.ToString(
            time.UtcTicks % TimeSpan.TicksPerSecond == 0 ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture)).Append('"');
        for (var i = 0; i < _columns.Length; i++)
        {
            if (_columns[i] >= csv.FieldCount)
                throw new CsvSeriesException($"{_path} row {row}: found {csv.FieldCount} columns, expected '{Channels[i]}' in column {_columns[i] + 1}.");
            var cell = csv.GetString(_columns[i]).Trim();
            if (cell.Length == 0)
                continue;
            if (!double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
                throw new CsvSeriesException($"{_path} row {row}, column {_columns[i] + 1} ({Channels[i]}): found '{cell}', expected a number such as 21.5.");
            text.Append(',').Append(_names[i]).Append(':').Append(value.ToString("R", CultureInfo.InvariantCulture));
        }

        return Encoding.UTF8.GetBytes(text.Append('}').ToString());
    }

    private DateTimeOffset Time(string cell, long row)
    {
        if (DateTimeOffset.TryParse(cell, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) && !IsNumber(cell))
            return time;
        if (double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var unix) && Math.Abs(unix) < 2.5e11)
            return DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(unix);
        throw new CsvSeriesException($"{_path} row {row}, column 1: found '{cell}', expected a time such as 2014-03-14T03:31:00Z or Unix seconds.");
    }

    private static bool IsNumber(string cell) => double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private bool Read(CsvReader csv)
    {
        try
        {
            return csv.Read();
        }
        catch (CsvFormatException e)
        {
            throw new CsvSeriesException($"{_path}: {e.Message}");
        }
    }

    private static CsvReaderOptions Options(char separator) =>
        new() { Separator = separator, TrackLineNumbers = true, FieldCountMismatch = CsvFieldCountHandling.Allow };
}
