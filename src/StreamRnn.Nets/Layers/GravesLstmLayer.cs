using StreamRnn.Nets.Kernels;

namespace StreamRnn.Nets;

/// <summary>
/// The weights of a layer of LSTM cells with forget gates and peepholes: the gates see the cell state (Gers, Schraudolph and Schmidhuber 2002; Graves 2013). One step, x (I), h and c (H):
/// <code>
/// i = σ(W_i x + U_i h + p_i ⊙ c + b_i)      input gate
/// f = σ(W_f x + U_f h + p_f ⊙ c + b_f)      forget gate
/// g = tanh(W_g x + U_g h + b_g)             candidate
/// c ← f ⊙ c + i ⊙ g
/// o = σ(W_o x + U_o h + p_o ⊙ c + b_o)      output gate: sees the new c
/// h ← o ⊙ tanh(c)
/// </code>
/// W (4H, I), U (4H, H) and b (4H) have the blocks i, f, g, o in this order; p (3, H) has the rows i, f, o.
/// </summary>
public sealed class GravesLstmLayer : RecurrentLayer
{
    private const int I = 0, F = 1, G = 2, O = 3;

    private static readonly CellSum[] s_sums = [new(I, I, I, CellSum.Sigmoid), new(F, F, F, CellSum.Sigmoid), new(G, G, G, CellSum.Tanh), new(O, O, O, CellSum.Sigmoid)];

    /// <summary>New weights as those of <see cref="LstmLayer"/>, peepholes closed (zero): it begins as the LSTM of the same seed.</summary>
    public GravesLstmLayer(string name, int inputs, int units, Seeded seeded)
        : this(name, inputs, units)
    {
        Fill(seeded);
        B.Values.AsSpan(F * units, units).Fill(1);
    }

    /// <summary>Weights of zero, to be filled from a model file.</summary>
    public GravesLstmLayer(string name, int inputs, int units)
        : base(name, inputs, units, blocks: 4, sums: 4) => P = new Parameter(name + ".p", 3, units);

    private GravesLstmLayer(GravesLstmLayer other, Func<Parameter, Parameter> each)
        : base(other, each) => P = each(other.P);

    /// <summary>Peepholes, (3, H): from c to i, f and o.</summary>
    public Parameter P { get; }

    /// <summary>W, U, b, p.</summary>
    public override IReadOnlyList<Parameter> Parameters => [W, U, B, P];

    /// <summary>h, then c.</summary>
    public override int StateWidth => 2 * Units;

    internal override IReadOnlyList<CellSum> Sums => s_sums;

    internal override Parameter? Peepholes => P;

    internal override void Step(ReadOnlySpan<float> x, ReadOnlySpan<float> before, Span<float> state)
    {
        var h = state[..Units];
        var c = state[Units..];
        for (var j = 0; j < Units; j++)
        {
            var i = Sigmoid(Sum(I, j, x, before) + P.Values[j] * c[j]);
            var f = Sigmoid(Sum(F, j, x, before) + P.Values[Units + j] * c[j]);
            var g = MathF.Tanh(Sum(G, j, x, before));
            c[j] = f * c[j] + i * g;
            var o = Sigmoid(Sum(O, j, x, before) + P.Values[2 * Units + j] * c[j]);
            h[j] = o * MathF.Tanh(c[j]);
        }
    }

    internal override CellKernel Cell<TVector, TLanes>() => new CellKernel<TVector, TLanes, GravesLstmCell<TVector, TLanes>>(this);

    internal override RecurrentLayer With(Func<Parameter, Parameter> each) => new GravesLstmLayer(this, each);
}
