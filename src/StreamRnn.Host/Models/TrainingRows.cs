using System.Globalization;
using StreamRnn.Host.Replay;
using StreamRnn.Nets;

namespace StreamRnn.Host.Models;

/// <summary>Recorded series as matrices to learn from: one file, one sequence; time and labels are left out, as in <see cref="SeriesFile"/>.</summary>
internal static class TrainingRows
{
    /// <summary>Reads the files. Columns are those of the first, in its order; the others must have the same, in any order.</summary>
    /// <param name="carry">What an empty cell means: the last value of its column (rows before every column has one are left out); if false, it is an error.</param>
    /// <exception cref="UsageException">A file, row or cell cannot be used: the message names it.</exception>
    public static IReadOnlyList<SequenceMatrix> Read(IReadOnlyList<string> paths, bool carry, CancellationToken cancel)
    {
        var matrices = new List<SequenceMatrix>();
        foreach (var path in paths)
        {
            using var file = SeriesFile.Open(path);
            string[] columns = matrices.Count == 0 ? [.. file.Channels] : [.. matrices[0].Columns];
            if (!file.Channels.Order(StringComparer.Ordinal).SequenceEqual(columns.Order(StringComparer.Ordinal)))
                throw new UsageException($"{path} has the columns {string.Join(", ", file.Channels)}; expected are {string.Join(", ", columns)}, as in {paths[0]}.");
            int[] places = [.. columns.Select(column => file.Channels.ToList().IndexOf(column))];
            try
            {
                matrices.Add(SequenceMatrix.FromRows(Rows(file, columns, places, carry, cancel), columns, path));
            }
            catch (DataException e)
            {
                throw new UsageException(e.Message + ".");
            }

            if (matrices[^1].Rows < 3)
                throw new UsageException($"{path} has {matrices[^1].Rows} rows that can be used; expected are at least 3.");
        }

        return matrices;
    }

    private static IEnumerable<float[]> Rows(SeriesFile file, string[] columns, int[] places, bool carry, CancellationToken cancel)
    {
        var last = new float[columns.Length];
        Array.Fill(last, float.NaN);
        foreach (var (_, values) in file.Rows())
        {
            cancel.ThrowIfCancellationRequested();
            for (var c = 0; c < columns.Length; c++)
            {
                var value = values[places[c]];
                if (double.IsNaN(value) && carry)
                    continue;
                if (!float.IsFinite((float)value))
                    throw new UsageException(string.Create(CultureInfo.InvariantCulture,
                        $"{file.Path}, row {file.Row}, column '{columns[c]}' {(double.IsNaN(value) ? "is empty; expected is a number. With --gaps carry the last value stands for it" : $"is {value}; expected is a number up to 3e38")}."));
                last[c] = (float)value;
            }

            if (!Array.Exists(last, float.IsNaN))
                yield return [.. last];
        }
    }
}
