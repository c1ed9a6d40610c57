namespace StreamRnn.Nets.Kernels;

/// <summary>One way to compute the step of an LSTM layer. Tests and benchmarks enumerate <see cref="LstmKernels.All"/>.</summary>
public interface ILstmKernel
{
    /// <summary>As in the environment variable <c>STREAMRNN_KERNEL</c>.</summary>
    string Name { get; }

    /// <summary>Copies the layer's weights into the order that this kernel reads.</summary>
    LstmStep Prepare(LstmLayer layer);
}

/// <summary>
/// An LSTM layer ready to be stepped: many sequences by one reading each. Immutable, so threads may share it as long as each has a bank of its own.
/// A sequence's bits depend only on its own state and input: not on the batch's size, on its mates or on its place in it.
/// </summary>
public abstract class LstmStep(LstmLayer layer) : LayerStep
{
    /// <summary>I.</summary>
    public int Inputs { get; } = layer.Inputs;

    /// <summary>H.</summary>
    public int Units { get; } = layer.Units;

    /// <summary>
    /// Steps B sequences by one reading each (equations at <see cref="LstmLayer"/>). Allocates nothing.
    /// </summary>
    /// <param name="bank">Rows of width 2H; h and c of the rows named are overwritten, all others are left alone.</param>
    /// <param name="rows">(B), each row at most once; B may be 0.</param>
    /// <param name="x">(B, I), finite. A value that is not poisons the state of its own sequence and no other.</param>
    /// <exception cref="ArgumentException">A shape disagrees, or a row comes twice; nothing was changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A row does not exist; nothing was changed.</exception>
    public void Step(StateBank bank, ReadOnlySpan<int> rows, ReadOnlySpan<float> x)
    {
        ArgumentNullException.ThrowIfNull(bank);
        if (bank.Width != 2 * Units)
            throw new ArgumentException($"the bank's rows have {bank.Width} floats; a layer of {Units} units needs {2 * Units}: h and c", nameof(bank));
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
