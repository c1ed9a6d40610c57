namespace StreamRnn.Nets;

/// <summary>
/// One layer of a net: weights, and the equations that its own file states. A layer holds no state: that of a recurrent layer is a part of a sequence's row in a <see cref="StateBank"/>,
/// or in the tape while training.
/// </summary>
public abstract class Layer
{
    private protected Layer(string name, int inputs, int outputs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        (Name, Inputs, Outputs) = (name, inputs, outputs);
    }

    /// <summary>Prefix of the parameters' names.</summary>
    public string Name { get; }

    /// <summary>I: values that come in at a step.</summary>
    public int Inputs { get; }

    /// <summary>O: values that go out at a step.</summary>
    public int Outputs { get; }

    /// <summary>Floats that a sequence's state has in this layer: 0 where nothing is carried from step to step.</summary>
    public virtual int StateWidth => 0;

    /// <summary>What training changes, in the order of the model file; empty for a layer without weights.</summary>
    public abstract IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>A layer with the same weights (one array, not a copy) and gradients of its own: for another thread of training.</summary>
    public abstract Layer Twin();

    /// <summary>Takes a copy of the weights in the order that a kernel wants. Later changes of the weights do not reach it.</summary>
    /// <param name="kernel">By default <see cref="Kernels.StepKernels.Best"/>.</param>
    public abstract LayerStep PrepareStep(Kernels.IStepKernel? kernel = null);

    /// <summary>Room for a forward pass over T steps of B sequences and the pass back.</summary>
    public abstract LayerTape CreateTape(int maxSteps, int batch);
}

/// <summary>A layer ready to be stepped. Immutable: threads may share it as long as each has a bank of its own. A sequence's bits do not depend on its batch-mates.</summary>
public abstract class LayerStep : IDisposable
{
    /// <summary>Steps B sequences by one reading each. The arguments have been checked. Allocates nothing.</summary>
    /// <param name="bank">Where the states are.</param>
    /// <param name="offset">Where in a row of the bank this layer's state begins, a multiple of 16; not looked at by a layer without state.</param>
    /// <param name="rows">(B), each at most once.</param>
    /// <param name="x">(B, I).</param>
    /// <param name="y">(B, O): overwritten. Does not overlap x.</param>
    internal abstract void Run(StateBank bank, int offset, ReadOnlySpan<int> rows, ReadOnlySpan<float> x, Span<float> y);

    /// <summary>Frees the copied weights.</summary>
    public abstract void Dispose();
}

/// <summary>Forward and backward passes of one layer over a chunk of T steps of B sequences. Equal inputs give equal bits. One thread.</summary>
public abstract class LayerTape : IDisposable
{
    /// <summary>Whether the next <see cref="Forward"/> is for learning; false to look at a loss: then <see cref="DropoutLayer"/> drops nothing.</summary>
    public virtual bool Training { get; set; } = true;

    /// <summary>Runs a chunk with the layer's present weights and remembers what <see cref="Backward"/> needs.</summary>
    /// <param name="steps">T, 1 to the most that the tape was made for.</param>
    /// <param name="x">(T, B, I).</param>
    /// <param name="state">(B, StateWidth): the states before the chunk, as in a row of the bank; overwritten by those after it.</param>
    /// <param name="y">(T, B, O): overwritten.</param>
    public abstract void Forward(int steps, ReadOnlySpan<float> x, Span<float> state, Span<float> y);

    /// <summary>The way back over the last <see cref="Forward"/>: adds to the gradients of the layer's parameters. Gradients stop at the chunk's start.</summary>
    /// <param name="dy">(T, B, O): ∂loss/∂y.</param>
    /// <param name="dx">(T, B, I): overwritten by ∂loss/∂x; or empty, when nobody asks.</param>
    public abstract void Backward(ReadOnlySpan<float> dy, Span<float> dx);

    public abstract void Dispose();
}
