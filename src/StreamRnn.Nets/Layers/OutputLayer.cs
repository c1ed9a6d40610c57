namespace StreamRnn.Nets;

/// <summary>
/// The last layer of a net that predicts: y = φ(W x + b), x (I), y (W), where the loss says how many outputs there are, what φ is and how y is read.
/// </summary>
public sealed class OutputLayer : Layer
{
    private readonly DenseLayer _dense;

    /// <summary>New weights, as in <see cref="DenseLayer"/>; zero without a <paramref name="seeded"/>.</summary>
    public OutputLayer(string name, int inputs, OutputLoss loss, Seeded? seeded = null)
        : this(seeded is null ? new DenseLayer(name, inputs, loss.Width, Activation.Identity) : new DenseLayer(name, inputs, loss.Width, Activation.Identity, seeded), loss)
    {
    }

    private OutputLayer(DenseLayer dense, OutputLoss loss)
        : base(dense.Name, dense.Inputs, dense.Outputs) => (_dense, Loss) = (dense, loss);

    public OutputLoss Loss { get; }

    /// <summary>W, (W, I).</summary>
    public Parameter W => _dense.W;

    /// <summary>b, (W).</summary>
    public Parameter B => _dense.B;

    public override IReadOnlyList<Parameter> Parameters => _dense.Parameters;

    public override Layer Twin() => new OutputLayer((DenseLayer)_dense.Twin(), Loss);

    public override LayerStep PrepareStep(Kernels.IStepKernel? kernel = null) => new Step(_dense.Prepare(), Loss);

    /// <summary>Its backward pass takes ∂loss/∂z, z the sums before φ, as <see cref="OutputLoss.Evaluate"/> gives it.</summary>
    public override LayerTape CreateTape(int maxSteps, int batch) => new Tape(_dense.CreateTape(maxSteps, batch), Loss);

    private sealed class Step(DenseStep dense, OutputLoss loss) : LayerStep
    {
        internal override void Run(StateBank bank, int offset, ReadOnlySpan<int> rows, ReadOnlySpan<float> x, Span<float> y)
        {
            dense.Run(x, y);
            loss.Activate(y);
        }

        public override void Dispose() => dense.Dispose();
    }

    private sealed class Tape(LayerTape dense, OutputLoss loss) : LayerTape
    {
        public override void Forward(int steps, ReadOnlySpan<float> x, Span<float> state, Span<float> y)
        {
            dense.Forward(steps, x, state, y);
            loss.Activate(y);
        }

        public override void Backward(ReadOnlySpan<float> dy, Span<float> dx) => dense.Backward(dy, dx);

        public override void Dispose() => dense.Dispose();
    }
}
