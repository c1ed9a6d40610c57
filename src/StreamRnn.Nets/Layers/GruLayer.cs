using StreamRnn.Nets.Kernels;

namespace StreamRnn.Nets;

/// <summary>
/// The weights of a layer of gated recurrent units (Cho et al. 2014), the reset gate after the product, as in PyTorch. One step, x (I), h (H):
/// <code>
/// r = σ(W_r x + U_r h + b_r)                reset gate
/// z = σ(W_z x + U_z h + b_z)                update gate
/// m = U_n h + b_m                           memory
/// n = tanh(W_n x + b_n + r ⊙ m)             candidate
/// h ← (1 − z) ⊙ n + z ⊙ h
/// </code>
/// W (3H, I) and U (3H, H) have the blocks r, z, n in this order, as PyTorch's <c>weight_ih</c> and <c>weight_hh</c>. b (4H) has the blocks r, z, n, m: for r and z the sum of PyTorch's two,
/// b_n from <c>bias_ih</c>, b_m from <c>bias_hh</c>.
/// </summary>
public sealed class GruLayer : RecurrentLayer
{
    private const int R = 0, Z = 1, N = 2, M = 3; // blocks of W, U (those of n) and b

    // Kernels keep n's sum first and m's last: x feeds the first three, h the last three.
    private static readonly CellSum[] s_sums = [new(N, -1, N, CellSum.Tanh), new(R, R, R, CellSum.Sigmoid), new(Z, Z, Z, CellSum.Sigmoid), new(-1, N, M, CellSum.Tanh)];

    /// <summary>New weights: W and U uniform in ± 1/√H, b zero.</summary>
    public GruLayer(string name, int inputs, int units, Seeded seeded)
        : this(name, inputs, units) => Fill(seeded);

    /// <summary>Weights of zero, to be filled from a model file.</summary>
    public GruLayer(string name, int inputs, int units)
        : base(name, inputs, units, blocks: 3, sums: 4)
    {
    }

    private GruLayer(GruLayer other, Func<Parameter, Parameter> each)
        : base(other, each)
    {
    }

    /// <summary>h.</summary>
    public override int StateWidth => Units;

    internal override IReadOnlyList<CellSum> Sums => s_sums;

    internal override void Step(ReadOnlySpan<float> x, ReadOnlySpan<float> before, Span<float> state)
    {
        for (var j = 0; j < Units; j++)
        {
            var r = Sigmoid(Sum(1, j, x, before));
            var z = Sigmoid(Sum(2, j, x, before));
            var n = MathF.Tanh(Sum(0, j, x, before) + r * Sum(3, j, x, before));
            state[j] = (1 - z) * n + z * before[j];
        }
    }

    internal override CellKernel Cell<TVector, TLanes>() => new CellKernel<TVector, TLanes, GruCell<TVector, TLanes>>(this);

    internal override RecurrentLayer With(Func<Parameter, Parameter> each) => new GruLayer(this, each);
}
