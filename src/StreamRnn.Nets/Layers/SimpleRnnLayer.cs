using StreamRnn.Nets.Kernels;

namespace StreamRnn.Nets;

/// <summary>
/// The weights of a layer of plain recurrent units (Elman 1990). One step, x (I), h (H):
/// <code>
/// h ← tanh(W x + U h + b)
/// </code>
/// W (H, I), U (H, H), b (H). What it saw fades, or grows, by the same factor at every step: gates are what it lacks.
/// </summary>
public sealed class SimpleRnnLayer : RecurrentLayer
{
    private static readonly CellSum[] s_sums = [new(0, 0, 0, CellSum.Tanh)];

    /// <summary>New weights: W and U uniform in ± 1/√H, b zero.</summary>
    public SimpleRnnLayer(string name, int inputs, int units, Seeded seeded)
        : this(name, inputs, units) => Fill(seeded);

    /// <summary>Weights of zero, to be filled from a model file.</summary>
    public SimpleRnnLayer(string name, int inputs, int units)
        : base(name, inputs, units, blocks: 1, sums: 1)
    {
    }

    private SimpleRnnLayer(SimpleRnnLayer other, Func<Parameter, Parameter> each)
        : base(other, each)
    {
    }

    /// <summary>h.</summary>
    public override int StateWidth => Units;

    internal override IReadOnlyList<CellSum> Sums => s_sums;

    internal override void Step(ReadOnlySpan<float> x, ReadOnlySpan<float> before, Span<float> state)
    {
        for (var j = 0; j < Units; j++)
            state[j] = MathF.Tanh(Sum(0, j, x, before));
    }

    internal override CellKernel Cell<TVector, TLanes>() => new CellKernel<TVector, TLanes, SimpleRnnCell<TVector, TLanes>>(this);

    internal override RecurrentLayer With(Func<Parameter, Parameter> each) => new SimpleRnnLayer(this, each);
}
