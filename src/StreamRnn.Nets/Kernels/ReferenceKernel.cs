namespace StreamRnn.Nets.Kernels;

/// <summary>The equations as they stand in the layer's file, one sequence after another.</summary>
internal sealed class ReferenceKernel : IStepKernel
{
    public string Name => "reference";

    public RecurrentStep Prepare(RecurrentLayer layer) => new Prepared(layer);

    private sealed class Prepared(RecurrentLayer layer) : RecurrentStep(layer)
    {
        private readonly RecurrentLayer _layer = layer.With(parameter => parameter.Copy());

        public override void Dispose()
        {
        }

        private protected override void Run(StateBank bank, int offset, ReadOnlySpan<int> rows, ReadOnlySpan<float> x)
        {
            Span<float> before = stackalloc float[Units];
            for (var n = 0; n < rows.Length; n++)
            {
                var state = bank.Row(rows[n]).Slice(offset, StateWidth);
                state[..Units].CopyTo(before);
                _layer.Step(x.Slice(n * Inputs, Inputs), before, state);
            }
        }
    }
}
