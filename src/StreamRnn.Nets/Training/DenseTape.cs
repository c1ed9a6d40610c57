using StreamRnn.Nets.Kernels;

namespace StreamRnn.Nets.Training;

/// <summary>Forward and backward passes of a dense layer over up to N rows. Equal inputs give equal bits. One thread.</summary>
public sealed unsafe class DenseTape : LayerTape
{
    /// <summary>Rows of one product for the weights' gradients: what fits the first caches.</summary>
    private const int ChunkRows = 128;

    private readonly DenseLayer _layer;
    private readonly VectorKernel _kernel = VectorKernel.Best;
    private readonly int _columns; // O padded
    private readonly int _row; // of _inputs: I + 1, padded
    private readonly NativeFloats _inputs; // (N, [x | 1 | padding])
    private readonly NativeFloats _outputs; // (N, O padded)
    private readonly NativeFloats _dz; // (N, O padded): the padding stays zero
    private readonly NativeFloats _dInputs; // (chunk, I + 1 padded)
    private readonly NativeFloats _packed; // (I + 1, O padded)
    private readonly NativeFloats _transposed; // (O, I + 1 padded)
    private readonly NativeFloats _packedGradients; // (I + 1, O padded)
    private readonly NativeFloats _zeros;
    private readonly int _batch;
    private int _rows;

    /// <param name="layer">Its gradients are added to by <see cref="Backward"/>.</param>
    /// <param name="maxRows">N at most.</param>
    public DenseTape(DenseLayer layer, int maxRows)
        : this(layer, maxRows, 1)
    {
    }

    internal DenseTape(DenseLayer layer, int maxRows, int batch)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRows, 1);
        (_layer, MaxRows, _batch) = (layer, maxRows, batch);
        _columns = NativeFloats.Padded(layer.Outputs);
        _row = NativeFloats.Padded(layer.Inputs + 1);
        _inputs = new NativeFloats((nint)maxRows * _row);
        _outputs = new NativeFloats((nint)maxRows * _columns);
        _dz = new NativeFloats((nint)maxRows * _columns);
        _dInputs = new NativeFloats((nint)ChunkRows * _row);
        _packed = new NativeFloats((nint)(layer.Inputs + 1) * _columns);
        _packedGradients = new NativeFloats(_packed.Length);
        _transposed = new NativeFloats((nint)layer.Outputs * _row);
        _zeros = new NativeFloats(_row);
        for (nint n = 0; n < maxRows; n++)
            _inputs.Start[n * _row + layer.Inputs] = 1;
    }

    /// <summary>N at most.</summary>
    public int MaxRows { get; }

    /// <summary>y = φ(W x + b) with the layer's present weights, remembered for <see cref="Backward"/>.</summary>
    /// <param name="x">(N, I), N from 1 to <see cref="MaxRows"/>.</param>
    /// <param name="y">(N, O): overwritten.</param>
    public void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        var (inputs, outputs) = (_layer.Inputs, _layer.Outputs);
        var rows = x.Length / inputs;
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1, nameof(x));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, MaxRows, nameof(x));
        Shapes.Require(x.Length, nameof(x), rows, inputs);
        Shapes.Require(y.Length, nameof(y), rows, outputs);
        _rows = rows;
        DenseStep.Pack(_layer, _packed.Start, _columns);
        for (var n = 0; n < rows; n++)
            x.Slice(n * inputs, inputs).CopyTo(new Span<float>(_inputs.Start + (nint)n * _row, inputs));
        _kernel.Multiply(
            rows, _columns, inputs, _inputs.Start, _row, 1, _packed.Start, _columns, _packed.Start + (nint)inputs * _columns, 0, _outputs.Start, _columns);
        _kernel.Activate(_layer.Activation, (nint)rows * _columns, _outputs.Start);
        for (var n = 0; n < rows; n++)
            new ReadOnlySpan<float>(_outputs.Start + (nint)n * _columns, outputs).CopyTo(y.Slice(n * outputs, outputs));
    }

    public override void Forward(int steps, ReadOnlySpan<float> x, Span<float> state, Span<float> y)
    {
        Shapes.Require(x.Length, nameof(x), steps, _batch, _layer.Inputs);
        Forward(x, y);
    }

    /// <summary>The way back over the last <see cref="Forward"/>: adds ∂loss/∂W and ∂b to the layer's gradients.</summary>
    /// <param name="dy">(N, O): ∂loss/∂y.</param>
    /// <param name="dx">(N, I): overwritten by ∂loss/∂x; or empty, when nobody asks.</param>
    public override void Backward(ReadOnlySpan<float> dy, Span<float> dx = default)
    {
        if (_rows == 0)
            throw new InvalidOperationException("there is nothing to go back over: call Forward first");
        var (inputs, outputs) = (_layer.Inputs, _layer.Outputs);
        Shapes.Require(dy.Length, nameof(dy), _rows, outputs);
        if (!dx.IsEmpty)
            Shapes.Require(dx.Length, nameof(dx), _rows, inputs);
        for (var n = 0; n < _rows; n++)
            dy.Slice(n * outputs, outputs).CopyTo(new Span<float>(_dz.Start + (nint)n * _columns, outputs));
        _kernel.ActivateBackward(_layer.Activation, (nint)_rows * _columns, _outputs.Start, _dz.Start);
        for (var output = 0; output < outputs; output++)
            _layer.W.Values.AsSpan(output * inputs, inputs).CopyTo(new Span<float>(_transposed.Start + (nint)output * _row, inputs));

        _packedGradients.Span.Clear();
        for (var first = 0; first < _rows; first += ChunkRows)
        {
            var rows = Math.Min(ChunkRows, _rows - first);
            var dz = _dz.Start + (nint)first * _columns;

            // (I + 1, O) += [x | 1]ᵀ (I + 1, rows) · dz (rows, O)
            _kernel.Multiply(
                inputs + 1, _columns, rows, _inputs.Start + (nint)first * _row, 1, _row, dz, _columns, _packedGradients.Start, _columns, _packedGradients.Start, _columns);
            if (dx.IsEmpty)
                continue;

            // dx (rows, I) = dz (rows, O) · W
            _kernel.Multiply(rows, _row, outputs, dz, _columns, 1, _transposed.Start, _row, _zeros.Start, 0, _dInputs.Start, _row);
            for (var n = 0; n < rows; n++)
                new ReadOnlySpan<float>(_dInputs.Start + (nint)n * _row, inputs).CopyTo(dx.Slice((first + n) * inputs, inputs));
        }

        for (var output = 0; output < outputs; output++)
        {
            var column = _packedGradients.Start + output;
            for (var k = 0; k < inputs; k++)
                _layer.W.Gradients[output * inputs + k] += column[(nint)k * _columns];
            _layer.B.Gradients[output] += column[(nint)inputs * _columns];
        }
    }

    public override void Dispose()
    {
        _rows = 0;
        foreach (var memory in new[] { _inputs, _outputs, _dz, _dInputs, _packed, _transposed, _packedGradients, _zeros })
            memory.Dispose();
    }
}
