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
/// W (4H, I), U (4H, H) and b (4H) have the blocks i, f, g, o in this order, as PyTorch's <c>weight_ih</c> and <c>weight_hh</c>; b is the sum of PyTorch's two.
/// </summary>
public sealed class LstmLayer : RecurrentLayer
{
    private const int I = 0, F = 1, G = 2, O = 3;

    private static readonly CellSum[] s_sums = [new(I, I, I, CellSum.Sigmoid), new(F, F, F, CellSum.Sigmoid), new(G, G, G, CellSum.Tanh), new(O, O, O, CellSum.Sigmoid)];

    /// <summary>New weights: W and U uniform in ± 1/√H, b zero but for the forget gate, whose bias is 1 (Gers 2000; Jozefowicz 2015): a cell remembers until it learns to forget.</summary>
    /// <param name="name">Prefix of the parameters' names.</param>
    /// <param name="inputs">I, 1 or more.</param>
    /// <param name="units">H, 1 or more.</param>
    /// <param name="seeded">Equal seeds give equal weights on every machine.</param>
    public LstmLayer(string name, int inputs, int units, Seeded seeded)
        : this(name, inputs, units)
    {
        Fill(seeded);
        B.Values.AsSpan(F * units, units).Fill(1);
    }

    /// <summary>Weights of zero, to be filled from a model file.</summary>
    public LstmLayer(string name, int inputs, int units)
        : base(name, inputs, units, blocks: 4, sums: 4)
    {
    }

    private LstmLayer(LstmLayer other, Func<Parameter, Parameter> each)
        : base(other, each)
    {
    }

    /// <summary>h, then c.</summary>
    public override int StateWidth => 2 * Units;

    internal override IReadOnlyList<CellSum> Sums => s_sums;

    internal override void Step(ReadOnlySpan<float> x, ReadOnlySpan<float> before, Span<float> state)
    {
        var h = state[..Units];
        var c = state[Units..];
        for (var j = 0; j < Units; j++)
        {
            var i = Sigmoid(Sum(I, j, x, before));
            var f = Sigmoid(Sum(F, j, x, before));
            var g = MathF.Tanh(Sum(G, j, x, before));
            var o = Sigmoid(Sum(O, j, x, before));
            c[j] = f * c[j] + i * g;
            h[j] = o * MathF.Tanh(c[j]);
        }
    }

    internal override CellKernel Cell<TVector, TLanes>() => new CellKernel<TVector, TLanes, LstmCell<TVector, TLanes>>(this);

    internal override RecurrentLayer With(Func<Parameter, Parameter> each) => new LstmLayer(this, each);
}
