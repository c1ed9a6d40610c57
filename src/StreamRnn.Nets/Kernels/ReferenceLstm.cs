namespace StreamRnn.Nets.Kernels;

/// <summary>The equations, one cell after another, as a reader of the paper would write them. Slow, and kept for ever: the others are held against it.</summary>
internal sealed class ReferenceLstm : ILstmKernel
{
    public string Name => "reference";

    public LstmStep Prepare(LstmLayer layer) => new Prepared(layer);

    private sealed class Prepared(LstmLayer layer) : LstmStep(layer)
    {
        private readonly float[] _w = [.. layer.W.Values]; // (4H, I)
        private readonly float[] _u = [.. layer.U.Values]; // (4H, H)
        private readonly float[] _b = [.. layer.B.Values]; // (4H)

        public override void Dispose()
        {
        }

        private protected override void Run(StateBank bank, int offset, ReadOnlySpan<int> rows, ReadOnlySpan<float> x)
        {
            for (var n = 0; n < rows.Length; n++)
                Step(bank.Row(rows[n]).Slice(offset, 2 * Units), x.Slice(n * Inputs, Inputs));
        }

        private void Step(Span<float> row, ReadOnlySpan<float> x)
        {
            var h = row[..Units];
            var c = row[Units..];
            Span<float> before = stackalloc float[Units];
            h.CopyTo(before);
            for (var j = 0; j < Units; j++)
            {
                var i = Sigmoid(Sum(0, j, x, before));
                var f = Sigmoid(Sum(1, j, x, before));
                var g = MathF.Tanh(Sum(2, j, x, before));
                var o = Sigmoid(Sum(3, j, x, before));
                c[j] = f * c[j] + i * g;
                h[j] = o * MathF.Tanh(c[j]);
            }
        }

        /// <summary>W x + U h + b for one gate of one cell.</summary>
        private float Sum(int gate, int cell, ReadOnlySpan<float> x, ReadOnlySpan<float> h)
        {
            var row = gate * Units + cell;
            var sum = _b[row];
            for (var k = 0; k < x.Length; k++)
                sum += _w[row * Inputs + k] * x[k];
            for (var k = 0; k < h.Length; k++)
                sum += _u[row * Units + k] * h[k];
            return sum;
        }

        private static float Sigmoid(float z) => 1 / (1 + MathF.Exp(-z));
    }
}
