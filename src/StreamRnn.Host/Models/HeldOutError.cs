using System.Globalization;
using System.Text;
using StreamRnn.Nets;

namespace StreamRnn.Host.Models;

/// <summary>
/// How far a model's predictions of the next row are off on rows that it did not learn from, beside persistence, which predicts that nothing changes. Mean absolute errors, by column
/// in the column's own unit.
/// </summary>
/// <param name="Rows">Rows judged.</param>
/// <param name="Columns">Names.</param>
/// <param name="Model">(C).</param>
/// <param name="Persistence">(C).</param>
/// <param name="Scale">(C): the normaliser's, by which columns are made comparable.</param>
internal sealed record HeldOutError(long Rows, IReadOnlyList<string> Columns, double[] Model, double[] Persistence, IReadOnlyList<double> Scale)
{
    /// <summary>Mean over the columns of the model's error in scales.</summary>
    public double InScales => Mean(Model);

    /// <summary>The same of persistence.</summary>
    public double PersistenceInScales => Mean(Persistence);

    /// <summary>Runs the model over whole sequences, as a stream, and judges the last part of each.</summary>
    /// <param name="judgedFrom">For each matrix the first row that is judged, 1 or more.</param>
    public static HeldOutError Of(NetModel model, IReadOnlyList<SequenceMatrix> matrices, IReadOnlyList<int> judgedFrom)
    {
        var width = model.Columns.Length;
        var loss = model.Net.Output!.Loss;
        using var step = model.Net.Prepare();
        double[] errors = new double[width], persistence = new double[width];
        float[] x = new float[width], y = new float[loss.Width], point = new float[width];
        var rows = 0L;
        for (var m = 0; m < matrices.Count; m++)
        {
            var matrix = matrices[m];
            using var bank = model.Net.CreateBank(1);
            for (var r = 1; r < matrix.Rows; r++)
            {
                model.Normaliser.Apply(matrix[r - 1], x);
                step.Step(bank, [0], x, y);
                if (r < judgedFrom[m])
                    continue;
                loss.Point(y, point);
                rows++;
                for (var c = 0; c < width; c++)
                {
                    errors[c] += Math.Abs(model.Normaliser.Invert(c, point[c]) - matrix[r][c]);
                    persistence[c] += Math.Abs((double)matrix[r - 1][c] - matrix[r][c]);
                }
            }
        }

        return new HeldOutError(rows, model.Columns, [.. errors.Select(e => e / rows)], [.. persistence.Select(e => e / rows)], model.Normaliser.Scale);
    }

    /// <summary>In one line: <c>0.312 (persistence 0.401), 22 % less</c>.</summary>
    public string Say()
    {
        var change = (InScales / PersistenceInScales) - 1;
        return string.Create(CultureInfo.InvariantCulture, $"{InScales:0.0000} (persistence {PersistenceInScales:0.0000}{(double.IsFinite(change) ? $", {Math.Abs(change):P0} {(change <= 0 ? "less" : "MORE")}" : "")})");
    }

    /// <summary>A line for each column.</summary>
    public string Table()
    {
        var table = new StringBuilder();
        var width = Math.Max(16, Columns.Max(c => c.Length));
        table.AppendLine(string.Create(CultureInfo.InvariantCulture, $"{"column".PadRight(width)}  {"this model",12} {"persistence",12}  ratio"));
        for (var c = 0; c < Columns.Count; c++)
            table.AppendLine(string.Create(CultureInfo.InvariantCulture,
                $"{Columns[c].PadRight(width)}  {Model[c],12:G4} {Persistence[c],12:G4}  {(Persistence[c] > 0 ? (Model[c] / Persistence[c]).ToString("0.00", CultureInfo.InvariantCulture) : "-")}"));
        return table.ToString();
    }

    private double Mean(double[] errors) => errors.Select((e, c) => e / Scale[c]).Average();
}
