using System.Globalization;
using StreamRnn.Readings;

namespace StreamRnn.Host.Replay;

/// <summary>
/// A recorded device: a CSV file with a header, read row by row. The first column is the time, the others are channels; the file's name is the device's.
/// Columns are separated by comma, semicolon or tab, whichever the header has most of. Every error names file, row (the header is row 1), column, and what is expected.
/// </summary>
internal sealed class SeriesFile : IDisposable
{
    /// <summary>What the first column may be called.</summary>
    public static readonly string[] TimeColumns = ["timestamp", "time", "datetime", "date"];

    /// <summary>Columns that tell the truth about the others: never shown to the detector.</summary>
    private static readonly string[] LabelColumns = ["label", "anomaly", "is_anomaly", "changepoint"];

    private const string Separators = ",;\t";
    private const double Year10000 = 253_402_300_800;      // seconds since 1970

    private readonly StreamReader _reader;
    private readonly char _separator;
    private readonly string[] _header;
    private readonly int[] _columns;          // channel → column
    private int _row = 1;

    private SeriesFile(string path, StreamReader reader, char separator, string[] header, int[] columns)
    {
        (Path, _reader, _separator, _header, _columns) = (path, reader, separator, header, columns);
        Device = System.IO.Path.GetFileNameWithoutExtension(path);
        Channels = [.. columns.Select(c => header[c])];
    }

    public string Path { get; }

    public string Device { get; }

    public IReadOnlyList<string> Channels { get; }

    /// <summary>All columns, labels and time among them.</summary>
    public IReadOnlyList<string> Header => _header;

    /// <summary>The row that was read last, as an editor counts them: the header is row 1.</summary>
    public int Row => _row;

    /// <summary>How much of the file has been read, 0..1.</summary>
    public double Done => _reader.BaseStream.Length == 0 ? 1 : _reader.BaseStream.Position / (double)_reader.BaseStream.Length;

    /// <exception cref="UsageException">The file cannot be read, or its header is not what a series needs.</exception>
    public static SeriesFile Open(string path)
    {
        StreamReader reader;
        try
        {
            reader = new StreamReader(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path} cannot be read: {e.Message}");
        }

        try
        {
            var first = reader.ReadLine();
            if (string.IsNullOrWhiteSpace(first))
                throw new UsageException($"{path} is empty; expected is a header such as timestamp,value and then a row for each reading.");
            var separator = Separators.MaxBy(s => first.Count(c => c == s));
            string[] header = [.. Cells(first, separator, path, 1).Select(c => c.Trim())];
            return new SeriesFile(path, reader, separator, header, ChannelColumns(path, header));
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    private static int[] ChannelColumns(string path, string[] header)
    {
        if (!TimeColumns.Contains(header[0], StringComparer.OrdinalIgnoreCase))
            throw new UsageException($"{path}, row 1: the first column is '{header[0]}'; expected is a header that begins with one of {string.Join(", ", TimeColumns)}.");
        var columns = Enumerable.Range(1, header.Length - 1).Where(c => !LabelColumns.Contains(header[c], StringComparer.OrdinalIgnoreCase)).ToArray();
        if (columns.Length == 0)
            throw new UsageException($"{path}, row 1: there is no channel beside the time; expected is a header such as timestamp,value.");
        foreach (var column in columns)
        {
            if (DeviceRegistry.Unusable(header[column]) is { } why)
                throw new UsageException($"{path}, row 1, column {column + 1}: '{header[column]}' cannot be a channel: {why}.");
            if (Array.IndexOf(header, header[column]) != column)
                throw new UsageException($"{path}, row 1, column {column + 1}: there is a column '{header[column]}' already.");
        }

        return columns;
    }

    /// <summary>The rows in order. Values are in the order of <see cref="Channels"/>, NaN where the cell is empty; the array is used again for the next row.</summary>
    /// <exception cref="UsageException">A cell is neither empty nor what its column holds.</exception>
    public IEnumerable<(Instant Time, double[] Values)> Rows()
    {
        var values = new double[_columns.Length];
        while (_reader.ReadLine() is { } line)
        {
            _row++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            var cells = Cells(line, _separator, Path, _row);
            if (cells.Count != _header.Length)
                throw new UsageException($"{Path}, row {_row}: {cells.Count} columns; expected are {_header.Length}, as in the header.");
            var time = Time(cells[0]);
            for (var i = 0; i < values.Length; i++)
                values[i] = Number(cells[_columns[i]], _columns[i]);
            yield return (time, values);
        }
    }

    // RFC 4180, but for line breaks within quotes.
    private static List<string> Cells(string line, char separator, string path, int row)
    {
        if (!line.Contains('"', StringComparison.Ordinal))
            return [.. line.Split(separator)];
        var cells = new List<string>();
        for (var at = 0; at <= line.Length;)
        {
            if (at == line.Length || line[at] != '"')
            {
                var end = line.IndexOf(separator, at) is var next && next < 0 ? line.Length : next;
                cells.Add(line[at..end]);
                at = end + 1;
                continue;
            }

            var close = at;
            do
            {
                close = line.IndexOf('"', close + 1);
                if (close >= 0 && close + 1 < line.Length && line[close + 1] == '"')
                    close++;
                else
                    break;
            }
            while (true);
            if (close < 0 || (close + 1 < line.Length && line[close + 1] != separator))
                throw new UsageException($"{path}, row {row}, character {at + 1}: a quoted cell does not end with a quote and a '{separator}'.");
            cells.Add(line[(at + 1)..close].Replace("\"\"", "\"", StringComparison.Ordinal));
            at = close + 2;
        }

        return cells;
    }

    private Instant Time(string cell)
    {
        var text = cell.Trim();
        var isDate = text.Length >= 8 && text[4] == '-';
        // No zone means UTC. Only dates that begin with the year: 03/02/2026 is not the same day everywhere.
        if (isDate && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var date))
            return Instant.From(date);
        if (!isDate && double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && Math.Abs(seconds) < Year10000)
            return Instant.FromSeconds(seconds);
        throw new UsageException($"{Path}, row {_row}, column '{_header[0]}': '{cell}' is not a time; "
            + "expected is 2026-03-01T12:00:00Z, 2026-03-01 12:00:00 (UTC) or a number of seconds.");
    }

    private double Number(string cell, int column)
    {
        var text = cell.AsSpan().Trim();
        if (text.IsEmpty || text.Equals("nan", StringComparison.OrdinalIgnoreCase))
            return double.NaN;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            return number;
        throw new UsageException($"{Path}, row {_row}, column '{_header[column]}': '{cell}' is not a number; "
            + "expected is a number with a decimal point, or an empty cell for a missing value.");
    }

    public void Dispose() => _reader.Dispose();
}
