using StreamRnn.Nets.Kernels;

namespace StreamRnn.Nets;

/// <summary>
/// A layer of H units that carry a state from step to step: h, which goes out as well, and for some cells c. All kinds are built alike: a unit forms S sums of [x | h],
/// and its cell makes the new state of them. The layer holds no state: that is in a <see cref="StateBank"/> or in the training tape.
/// </summary>
public abstract class RecurrentLayer : Layer
{
    /// <param name="name">Prefix of the parameters' names.</param>
    /// <param name="inputs">I, 1 or more.</param>
    /// <param name="units">H, 1 or more.</param>
    /// <param name="blocks">Blocks of H rows that W and U have.</param>
    /// <param name="sums">S: blocks that b has.</param>
    private protected RecurrentLayer(string name, int inputs, int units, int blocks, int sums)
        : base(name, inputs, units)
    {
        W = new Parameter(name + ".w", checked(blocks * units), inputs);
        U = new Parameter(name + ".u", blocks * units, units);
        B = new Parameter(name + ".b", checked(sums * units));
    }

    private protected RecurrentLayer(RecurrentLayer other, Func<Parameter, Parameter> each)
        : base(other.Name, other.Inputs, other.Outputs) =>
        (W, U, B) = (each(other.W), each(other.U), each(other.B));

    /// <summary>H.</summary>
    public int Units => Outputs;

    /// <summary>Input weights, (blocks · H, I): the blocks in the order that the layer's summary names.</summary>
    public Parameter W { get; }

    /// <summary>Recurrent weights, (blocks · H, H).</summary>
    public Parameter U { get; }

    /// <summary>Biases, (S · H).</summary>
    public Parameter B { get; }

    /// <summary>W, U, b.</summary>
    public override IReadOnlyList<Parameter> Parameters => [W, U, B];

    /// <summary>The S sums of a unit, in the order in which kernels keep them.</summary>
    internal abstract IReadOnlyList<CellSum> Sums { get; }

    /// <summary>Weights from c to the gates, (P, H); null for cells that have none.</summary>
    internal virtual Parameter? Peepholes => null;

    /// <summary>A bank for this layer alone.</summary>
    public StateBank CreateBank(int rows = 0) => new(StateWidth, rows);

    /// <summary>Takes a copy of the weights in the order that a kernel wants: a step that may be run from now on. Later changes of the weights do not reach it.</summary>
    /// <param name="kernel">By default <see cref="StepKernels.Best"/>.</param>
    public RecurrentStep Prepare(IStepKernel? kernel = null) => (kernel ?? StepKernels.Best).Prepare(this);

    public override LayerStep PrepareStep(IStepKernel? kernel = null) => Prepare(kernel);

    public override LayerTape CreateTape(int maxSteps, int batch) => new Training.RecurrentTape(this, maxSteps, batch);

    public override Layer Twin() => With(parameter => parameter.Twin());

    /// <summary>The same layer with other parameters.</summary>
    internal abstract RecurrentLayer With(Func<Parameter, Parameter> each);

    /// <summary>The layer's equations for one step of one sequence, as a reader of the paper would write them. Slow, and kept for ever: the kernels are held against it.</summary>
    /// <param name="x">(I).</param>
    /// <param name="before">(H): h before the step.</param>
    /// <param name="state">(StateWidth): h, then c; overwritten.</param>
    internal abstract void Step(ReadOnlySpan<float> x, ReadOnlySpan<float> before, Span<float> state);

    /// <summary>The layer's cell on vectors.</summary>
    internal abstract CellKernel Cell<TVector, TLanes>()
        where TVector : struct
        where TLanes : struct, ILanes<TVector>;

    /// <summary>W x + U h + b for one sum of one unit; added up in double, so that what is rounded is the sum.</summary>
    private protected float Sum(int sum, int unit, ReadOnlySpan<float> x, ReadOnlySpan<float> h)
    {
        var (w, u, b, _) = Sums[sum];
        double total = B.Values[b * Units + unit];
        if (w >= 0)
            total += Dot(W.Values.AsSpan((w * Units + unit) * Inputs, Inputs), x);
        if (u >= 0)
            total += Dot(U.Values.AsSpan((u * Units + unit) * Units, Units), h);
        return (float)total;

        static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
        {
            var sum = 0.0;
            for (var k = 0; k < a.Length; k++)
                sum += (double)a[k] * b[k];
            return sum;
        }
    }

    private protected static float Sigmoid(float z) => 1 / (1 + MathF.Exp(-z));

    /// <summary>New weights: W, then U, uniform in ± 1/√H, as in PyTorch.</summary>
    private protected void Fill(Seeded seeded)
    {
        var bound = 1 / Math.Sqrt(Units);
        W.FillUniform(seeded, bound);
        U.FillUniform(seeded, bound);
    }
}

/// <summary>One of a unit's sums: which blocks of H rows feed it.</summary>
/// <param name="W">The block of W, or −1: x is not in this sum.</param>
/// <param name="U">The block of U, or −1: h is not in this sum.</param>
/// <param name="B">The block of b.</param>
/// <param name="Factor">σ(z) = 1/(1 + 2^(−log2 e · z)) and tanh(z) = (1 − 2^(−2 log2 e · z))/(1 + …): kernels fold −1 or −2 times log2 e into the weights.</param>
internal readonly record struct CellSum(int W, int U, int B, int Factor)
{
    public const int Sigmoid = -1;
    public const int Tanh = -2;
}
