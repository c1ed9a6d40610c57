using System.Globalization;
using StreamRnn.Nets;

namespace StreamRnn.Host.Models;

/// <summary>Recorded rows, split into what is learned and the tails that are held out, and normalised by what is learned.</summary>
internal sealed class TrainingData
{
    private readonly IReadOnlyList<SequenceMatrix> _matrices;
    private readonly int[] _judgedFrom;          // by matrix: its first held-out row
    private readonly bool _carried;

    private TrainingData(IReadOnlyList<SequenceMatrix> matrices, bool carried, double holdOut)
    {
        (_matrices, _carried) = (matrices, carried);
        // Step t is given row t and predicts row t + 1.
        _judgedFrom = [.. matrices.Select(m => TrainingSet.CutOf(m.Rows - 1, holdOut) + 1)];
        Normaliser = Normaliser.Fit([.. matrices.Select((m, n) => m.Slice(0, _judgedFrom[n]))]);
        Set = TrainingSet.HoldOutTails(matrices.Select(m => m.ToSequence(Normaliser)), holdOut);
    }

    public IReadOnlyList<string> Columns => _matrices[0].Columns;

    public Normaliser Normaliser { get; }

    public TrainingSet Set { get; }

    private long Rows => _matrices.Sum(m => (long)m.Rows);

    private long HeldOut => _matrices.Select((m, n) => (long)m.Rows - _judgedFrom[n]).Sum();

    /// <exception cref="UsageException">A file, row or cell cannot be used.</exception>
    public static TrainingData Read(IReadOnlyList<string> paths, bool carry, double holdOut, CancellationToken cancel) => new(TrainingRows.Read(paths, carry, cancel), carry, holdOut);

    /// <summary>The model's error on the rows held out; null where there are none.</summary>
    public HeldOutError? Judge(NetModel model) => HeldOut == 0 ? null : HeldOutError.Of(model, _matrices, _judgedFrom);

    public string Say() => string.Create(CultureInfo.InvariantCulture,
        $"{Rows} rows of {Columns.Count} channels from {_matrices.Count} {(_matrices.Count == 1 ? "file" : "files")}, the last {HeldOut} held out: {string.Join(", ", Columns)}");

    /// <summary>What the model file keeps of them.</summary>
    public Dictionary<string, string> Notes()
    {
        var names = _matrices.Take(20).Select(m => Path.GetFileName(m.Name));
        return new()
        {
            ["data"] = string.Join(", ", names) + (_matrices.Count > 20 ? string.Create(CultureInfo.InvariantCulture, $" and {_matrices.Count - 20} more") : ""),
            ["rows"] = string.Create(CultureInfo.InvariantCulture, $"{Rows}, the last {HeldOut} held out, gaps {(_carried ? "carried" : "refused")}"),
        };
    }
}
