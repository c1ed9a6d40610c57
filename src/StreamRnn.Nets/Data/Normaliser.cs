using System.Collections.Immutable;

namespace StreamRnn.Nets;

/// <summary>
/// Brings every column to about zero mean and unit spread, and back: z = (x − shift)/scale. Fitted on training rows only and kept in the model file, so that a stream is seen as training was.
/// </summary>
public sealed class Normaliser
{
    /// <param name="shift">(C), finite.</param>
    /// <param name="scale">(C), finite and above 0.</param>
    public Normaliser(IEnumerable<double> shift, IEnumerable<double> scale)
    {
        (Shift, Scale) = ([.. shift], [.. scale]);
        if (Shift.Length != Scale.Length || !Shift.All(double.IsFinite) || !Scale.All(s => double.IsFinite(s) && s > 0))
            throw new ArgumentException($"a normaliser needs as many scales as shifts, all finite and scales above 0; found [{string.Join(", ", Shift)}] and [{string.Join(", ", Scale)}]");
    }

    /// <summary>Mean of each column, (C).</summary>
    public ImmutableArray<double> Shift { get; }

    /// <summary>Standard deviation of each column, (C); 1 for a column that never changes.</summary>
    public ImmutableArray<double> Scale { get; }

    /// <summary>C.</summary>
    public int Width => Shift.Length;

    /// <summary>A normaliser that changes nothing.</summary>
    public static Normaliser None(int columns) => new(new double[columns], Enumerable.Repeat(1.0, columns));

    /// <summary>Means and standard deviations of all rows of all matrices together.</summary>
    /// <exception cref="DataException">The matrices have different columns.</exception>
    public static Normaliser Fit(IReadOnlyList<SequenceMatrix> matrices)
    {
        var width = matrices[0].Width;
        double[] shift = new double[width], scale = new double[width];
        foreach (var matrix in matrices)
            if (!matrix.Columns.SequenceEqual(matrices[0].Columns))
                throw new DataException($"{matrix.Name} has the columns {string.Join(", ", matrix.Columns)}; {string.Join(", ", matrices[0].Columns)} were expected, as in {matrices[0].Name}");
        double rows = matrices.Sum(matrix => matrix.Rows);
        for (var c = 0; c < width; c++)
        {
            // Two passes: one pass would lose the spread of a column that lies far from zero.
            foreach (var matrix in matrices)
                for (var r = 0; r < matrix.Rows; r++)
                    shift[c] += matrix[r][c] / rows;
            var squares = 0.0;
            foreach (var matrix in matrices)
                for (var r = 0; r < matrix.Rows; r++)
                    squares += (matrix[r][c] - shift[c]) * (matrix[r][c] - shift[c]) / rows;
            var deviation = Math.Sqrt(squares);
            scale[c] = deviation > 1e-7 * Math.Abs(shift[c]) && deviation > 1e-30 ? deviation : 1;
        }

        return new Normaliser(shift, scale);
    }

    /// <summary>z = (x − shift)/scale for N rows.</summary>
    /// <param name="x">(N, C).</param>
    /// <param name="z">(N, C): overwritten; may be x.</param>
    public void Apply(ReadOnlySpan<float> x, Span<float> z)
    {
        Shapes.Require(z.Length, nameof(z), x.Length / Width, Width);
        for (var n = 0; n < x.Length; n++)
            z[n] = (float)Apply(n % Width, x[n]);
    }

    /// <summary>(x − shift)/scale of one column.</summary>
    public double Apply(int column, double x) => (x - Shift[column]) / Scale[column];

    /// <summary>z·scale + shift of one column.</summary>
    public double Invert(int column, double z) => (z * Scale[column]) + Shift[column];
}
