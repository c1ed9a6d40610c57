using System.Collections.Immutable;
using System.Globalization;

namespace StreamRnn.Nets;

/// <summary>A row of data could not be used. The message says which row and column, what was found there and what was expected.</summary>
public sealed class DataException(string message) : Exception(message);

/// <summary>
/// A sequence as a matrix: R rows in order, one per step, all of C columns. The first row is given, every later row is to be predicted from those before it: there are no labels.
/// </summary>
public sealed class SequenceMatrix
{
    private readonly float[] _values; // (R, C)

    private SequenceMatrix(string name, ImmutableArray<string> columns, float[] values) => (Name, Columns, _values) = (name, columns, values);

    /// <summary>Where it comes from, for messages.</summary>
    public string Name { get; }

    /// <summary>C names.</summary>
    public ImmutableArray<string> Columns { get; }

    /// <summary>C.</summary>
    public int Width => Columns.Length;

    /// <summary>R.</summary>
    public int Rows => _values.Length / Width;

    /// <summary>(R, C), row after row.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>(C).</summary>
    public ReadOnlySpan<float> this[int row] => _values.AsSpan(row * Width, Width);

    /// <summary>Takes rows that are in memory.</summary>
    /// <param name="rows">Any number, all of one length, all finite.</param>
    /// <param name="columns">A name for every column; by default 1, 2, 3 …</param>
    /// <param name="name">For messages.</param>
    /// <exception cref="DataException">No rows, rows of unequal length, or a value that is not finite; row (from 1) and column are named.</exception>
    public static SequenceMatrix FromRows(IEnumerable<IReadOnlyList<float>> rows, IEnumerable<string>? columns = null, string name = "matrix")
    {
        var values = new List<float>();
        ImmutableArray<string> names = columns is null ? [] : [.. columns];
        var count = 0;
        foreach (var row in rows)
        {
            count++;
            if (names.Length == 0)
                names = row.Count > 0 ? [.. Enumerable.Range(1, row.Count).Select(c => c.ToString(CultureInfo.InvariantCulture))]
                    : throw new DataException($"{name}: row 1 is empty; at least one value was expected");
            if (row.Count != names.Length)
                throw new DataException($"{name}: row {count} has {row.Count} values; {names.Length} were expected, as in the rows before");
            for (var c = 0; c < row.Count; c++)
                values.Add(float.IsFinite(row[c]) ? row[c] : throw NotFinite(name, count, names[c], row[c].ToString(CultureInfo.InvariantCulture)));
        }

        return count > 0 ? new SequenceMatrix(name, names, [.. values]) : throw new DataException($"{name} has no rows; at least one was expected");
    }

    /// <summary>
    /// Reads a matrix from text: a row a line, values separated by comma, semicolon or tab (whichever the first line has most of). A first line with a word that is not a number names the columns.
    /// </summary>
    /// <exception cref="DataException">As <see cref="FromRows"/>, or a value is not a number; line and column are named.</exception>
    public static SequenceMatrix Read(TextReader text, string name = "matrix")
    {
        var first = text.ReadLine();
        if (first is null)
            throw new DataException($"{name} has no rows; at least one was expected");
        var separator = ",;\t".MaxBy(s => first.Count(c => c == s));
        var cells = Split(first, separator);
        var named = cells.Any(cell => !TryNumber(cell, out _) && cell.Length > 0);
        if (named && cells.GroupBy(cell => cell, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new DataException($"{name}: line 1 names the column '{twice.Key}' twice");
        string[] columns = named ? cells : [.. Enumerable.Range(1, cells.Length).Select(c => c.ToString(CultureInfo.InvariantCulture))];
        return FromRows(Lines(), columns, name);

        IEnumerable<IReadOnlyList<float>> Lines()
        {
            var line = named ? text.ReadLine() : first;
            for (var number = named ? 2 : 1; line is not null; number++, line = text.ReadLine())
            {
                if (line.Length == 0 && text.Peek() < 0)
                    yield break;
                var row = Split(line, separator);
                if (row.Length != columns.Length)
                    throw new DataException($"{name}: line {number} has {row.Length} values; {columns.Length} were expected, as in the lines before");
                var values = new float[row.Length];
                for (var c = 0; c < row.Length; c++)
                    if (!TryNumber(row[c], out values[c]) || !float.IsFinite(values[c]))
                        throw NotFinite($"{name}, line {number}", number - (named ? 1 : 0), columns[c], row[c]);
                yield return values;
            }
        }
    }

    /// <summary>Rows <paramref name="from"/> to <paramref name="to"/> − 1.</summary>
    public SequenceMatrix Slice(int from, int to) => new(Name, Columns, _values[(from * Width)..(to * Width)]);

    /// <summary>The matrix as training sees it: inputs are rows 1 to R − 1, targets rows 2 to R, all weights 1.</summary>
    /// <exception cref="DataException">Fewer than two rows: nothing would be left to predict.</exception>
    public TrainingSequence ToSequence(Normaliser normaliser)
    {
        if (Rows < 2)
            throw new DataException($"{Name} has {Rows} row; at least 2 are needed: the first is given, the others are predicted");
        var scaled = new float[_values.Length];
        normaliser.Apply(_values, scaled);
        var weights = new float[Rows - 1];
        weights.AsSpan().Fill(1);
        return new TrainingSequence(scaled[..^Width], scaled[Width..], weights);
    }

    private static string[] Split(string line, char separator) => [.. line.Split(separator).Select(cell => cell.Trim().Trim('"'))];

    private static bool TryNumber(string cell, out float value) => float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    private static DataException NotFinite(string where, int row, string column, string found) =>
        new($"{where}: row {row}, column '{column}' is '{found}'; a finite number was expected");
}
