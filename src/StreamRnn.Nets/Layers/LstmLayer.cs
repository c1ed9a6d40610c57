using StreamRnn.Nets.Kernels;

namespace StreamRnn.Nets;

/// <summary>
/// The weights of a layer of LSTM cells with forget gates (Hochreiter and Schmidhuber 1997; Gers, Schmidhuber and Cummins 2000). One step, x (I), h and c (H):
/// <code>
/// i = σ(W_i x + U_i h + b_i)        input gate
/// f = σ(W_f x + U_f h + b_f)        forget gate
/// g = tanh(W_g x + U_g h + b_g)     candidate
/// o = σ(W_o x + U_o h + b_o)        output gate
/// c ← f ⊙ c + i ⊙ g
/// h ← o ⊙ tanh(c)
/// </code>
/// The layer holds no state: that is in a <see cref="StateBank"/> or in the training tape.
/// </summary>
public sealed class LstmLayer : Layer
{
    /// <summary>New weights: W and U uniform in ± 1/√H, b zero but for the forget gate, whose bias is 1 (Gers 2000; Jozefowicz 2015): a cell remembers until it learns to forget.</summary>
    /// <param name="name">Prefix of the parameters' names.</param>
    /// <param name="inputs">I, 1 or more.</param>
    /// <param name="units">H, 1 or more.</param>
    /// <param name="seeded">Equal seeds give equal weights on every machine.</param>
    public LstmLayer(string name, int inputs, int units, Seeded seeded)
        : this(name, inputs, units)
    {
        var bound = 1 / Math.Sqrt(units);
        W.FillUniform(seeded, bound);
        U.FillUniform(seeded, bound);
        B.Values.AsSpan(units, units).Fill(1);
    }

    /// <summary>Weights of zero, to be filled from a model file.</summary>
    public LstmLayer(string name, int inputs, int units)
        : base(name, inputs, units)
    {
        W = new Parameter(name + ".w", checked(4 * units), inputs);
        U = new Parameter(name + ".u", 4 * units, units);
        B = new Parameter(name + ".b", 4 * units);
        Parameters = [W, U, B];
    }

    private LstmLayer(LstmLayer twin)
        : base(twin.Name, twin.Inputs, twin.Units)
    {
        (W, U, B) = (twin.W.Twin(), twin.U.Twin(), twin.B.Twin());
        Parameters = [W, U, B];
    }

    /// <summary>H.</summary>
    public int Units => Outputs;

    /// <summary>h, then c.</summary>
    public override int StateWidth => 2 * Units;

    /// <summary>Input weights, (4H, I): the rows of i, f, g, o in this order, as in PyTorch's <c>weight_ih</c>.</summary>
    public Parameter W { get; }

    /// <summary>Recurrent weights, (4H, H), as in PyTorch's <c>weight_hh</c>.</summary>
    public Parameter U { get; }

    /// <summary>Biases, (4H): the sum of PyTorch's two.</summary>
    public Parameter B { get; }

    /// <summary>W, U, b.</summary>
    public override IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Takes a copy of the weights in the order that a kernel wants: a step that may be run from now on. Later changes of the weights do not reach it.</summary>
    /// <param name="kernel">By default <see cref="LstmKernels.Best"/>.</param>
    public LstmStep Prepare(ILstmKernel? kernel = null) => (kernel ?? LstmKernels.Best).Prepare(this);

    public override Layer Twin() => new LstmLayer(this);

    public override LayerStep PrepareStep(ILstmKernel? kernel = null) => Prepare(kernel);

    public override LayerTape CreateTape(int maxSteps, int batch) => new Training.LstmTape(this, maxSteps, batch);
}
