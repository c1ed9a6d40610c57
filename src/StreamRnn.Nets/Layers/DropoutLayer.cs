using StreamRnn.Nets.Kernels;

namespace StreamRnn.Nets;

/// <summary>
/// Dropout, inverted (Srivastava et al. 2014): while training, every value is set to zero with probability p, the others become x/(1 − p); in a step it does nothing. Between recurrent layers
/// it leaves the states alone (Zaremba et al. 2014).
/// <code>
/// y = m ⊙ x / (1 − p),  m = 1 with probability 1 − p, else 0, drawn anew for every value
/// </code>
/// x and y (I). No weights, no state.
/// </summary>
public sealed class DropoutLayer : Layer
{
    /// <summary>The highest share of values that may be dropped.</summary>
    public const double MostRate = 0.95;

    private ulong _seed, _twins;

    /// <param name="name">What the layer is called in tables.</param>
    /// <param name="inputs">I, and O.</param>
    /// <param name="rate">p, 0 to <see cref="MostRate"/>.</param>
    /// <param name="seeded">Where chance comes from; null for a net that is only stepped or that takes its seed as 0.</param>
    public DropoutLayer(string name, int inputs, double rate, Seeded? seeded = null)
        : base(name, inputs, inputs)
    {
        if (!(rate is >= 0 and <= MostRate))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, $"the share of values that are dropped is 0 to {MostRate}");
        (Rate, _seed) = (rate, seeded?.NextUInt64() ?? 0);
    }

    /// <summary>p.</summary>
    public double Rate { get; }

    /// <summary>None.</summary>
    public override IReadOnlyList<Parameter> Parameters => [];

    /// <summary>A layer that draws other masks: threads of training do not drop the same values.</summary>
    public override Layer Twin() => new DropoutLayer(Name, Inputs, Rate) { _seed = Seeded.For(_seed, _twins++).NextUInt64() };

    public override LayerStep PrepareStep(IStepKernel? kernel = null) => new Step();

    public override LayerTape CreateTape(int maxSteps, int batch) => new Tape(this, maxSteps, batch);

    private sealed class Step : LayerStep
    {
        internal override void Run(StateBank bank, int offset, ReadOnlySpan<int> rows, ReadOnlySpan<float> x, Span<float> y) => x.CopyTo(y);

        public override void Dispose()
        {
        }
    }

    /// <summary>Each chunk has the masks of its number, counted from the tape's beginning: two tapes of one layer drop the same.</summary>
    private sealed class Tape(DropoutLayer layer, int maxSteps, int batch) : LayerTape
    {
        private readonly float[] _factors = new float[maxSteps * batch * layer.Inputs]; // (T, B, I): 0 or 1/(1 − p)
        private readonly float _kept = (float)(1 / (1 - layer.Rate));
        private ulong _chunk;
        private int _count;

        public override void Forward(int steps, ReadOnlySpan<float> x, Span<float> state, Span<float> y)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, maxSteps);
            Shapes.Require(x.Length, nameof(x), steps, batch, layer.Inputs);
            Shapes.Require(y.Length, nameof(y), steps, batch, layer.Inputs);
            _count = x.Length;
            var factors = _factors.AsSpan(0, _count);
            if (Training && layer.Rate > 0)
                Draw(Seeded.For(layer._seed, _chunk++), factors);
            else
                factors.Fill(1);
            for (var n = 0; n < factors.Length; n++)
                y[n] = x[n] * factors[n];
        }

        public override void Backward(ReadOnlySpan<float> dy, Span<float> dx)
        {
            if (_count == 0)
                throw new InvalidOperationException("there is nothing to go back over: call Forward first");
            Shapes.Require(dy.Length, nameof(dy), _count);
            if (dx.IsEmpty)
                return;
            Shapes.Require(dx.Length, nameof(dx), _count);
            for (var n = 0; n < dx.Length; n++)
                dx[n] = dy[n] * _factors[n];
        }

        public override void Dispose() => _count = 0;

        private void Draw(Seeded seeded, Span<float> factors)
        {
            var limit = (ulong)(layer.Rate * (1UL << 32));
            for (var n = 0; n < factors.Length; n += 2) // 32 bits for each: one draw for two
            {
                var bits = seeded.NextUInt64();
                factors[n] = bits >> 32 < limit ? 0 : _kept;
                if (n + 1 < factors.Length)
                    factors[n + 1] = (uint)bits < limit ? 0 : _kept;
            }
        }
    }
}
