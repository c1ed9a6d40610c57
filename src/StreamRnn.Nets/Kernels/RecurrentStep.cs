namespace StreamRnn.Nets.Kernels;

/// <summary>
/// A recurrent layer ready to be stepped: many sequences by one reading each. Immutable, so threads may share it as long as each has a bank of its own.
/// A sequence's bits depend only on its own state and input: not on the batch's size, on its mates or on its place in it.
/// </summary>
public abstract class RecurrentStep(RecurrentLayer layer) : LayerStep
{
    /// <summary>I.</summary>
    public int Inputs { get; } = layer.Inputs;

    /// <summary>H.</summary>
    public int Units { get; } = layer.Units;

    /// <summary>Floats of a sequence's state: h, and c where the cell has one.</summary>
    public int StateWidth { get; } = layer.StateWidth;

    /// <summary>
    /// Steps B sequences by one reading each (equations at the layer). Allocates nothing.
    /// </summary>
    /// <param name="bank">Rows of width <see cref="StateWidth"/>; the rows named are overwritten, all others are left alone.</param>
    /// <param name="rows">(B), each row at most once; B may be 0.</param>
    /// <param name="x">(B, I), finite. A value that is not poisons the state of its own sequence and no other.</param>
    /// <exception cref="ArgumentException">A shape disagrees, or a row comes twice; nothing was changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A row does not exist; nothing was changed.</exception>
    public void Step(StateBank bank, ReadOnlySpan<int> rows, ReadOnlySpan<float> x)
    {
        ArgumentNullException.ThrowIfNull(bank);
        if (bank.Width != StateWidth)
            throw new ArgumentException($"the bank's rows have {bank.Width} floats; a layer of {Units} units needs {StateWidth}: {(StateWidth > Units ? "h and c" : "h")}", nameof(bank));
        if (x.Length != rows.Length * Inputs)
            throw new ArgumentException($"x has {x.Length} values; {rows.Length} sequences of {Inputs} inputs need {rows.Length * Inputs}", nameof(x));
        bank.Check(rows);
        Run(bank, 0, rows, x);
    }

    internal sealed override void Run(StateBank bank, int offset, ReadOnlySpan<int> rows, ReadOnlySpan<float> x, Span<float> y)
    {
        Run(bank, offset, rows, x);
        for (var n = 0; n < rows.Length; n++)
            bank.Row(rows[n]).Slice(offset, Units).CopyTo(y.Slice(n * Units, Units));
    }

    /// <summary>The arguments have been checked.</summary>
    private protected abstract void Run(StateBank bank, int offset, ReadOnlySpan<int> rows, ReadOnlySpan<float> x);
}
