using StreamRnn.Nets.Kernels;

namespace StreamRnn.Nets.Training;

/// <summary>
/// Truncated back-propagation through time for one LSTM layer: a forward pass over a chunk of T steps of B sequences, remembered, and the pass back over it. The state is carried from chunk to chunk
/// by the caller; gradients stop at the chunk's start (Williams and Peng 1990). Holds about 4·T·B·(6H + I + H) bytes. Equal inputs give equal bits. One thread.
/// </summary>
/// <remarks>Inside, units are padded to Hp, a multiple of 16; the padded units' weights are zero and so are their states, for ever.</remarks>
public sealed unsafe class LstmTape : LayerTape
{
    private readonly LstmLayer _layer;
    private readonly VectorKernel _kernel = VectorKernel.Best;
    private readonly int _units; // Hp
    private readonly int _length; // K = Hp + I
    private readonly int _row; // of _inputs: K + 1, padded
    private readonly int _back; // of _transposed: Hp + I padded
    private readonly NativeFloats _inputs; // (T + 1, B, [h | x | 1 | padding]): the last step's holds h only
    private readonly NativeFloats _gates; // (T, B, 4Hp): i f g o
    private readonly NativeFloats _cells; // (T + 1, B, Hp)
    private readonly NativeFloats _tanhs; // (T, B, Hp): tanh c
    private readonly NativeFloats _packed; // (K + 1, 4Hp): U and W transposed, then b
    private readonly NativeFloats _transposed; // (4Hp, [Hp | I padded]): U and W
    private readonly NativeFloats _packedGradients; // (K + 1, 4Hp)
    private readonly NativeFloats _dz; // (B, 4Hp)
    private readonly NativeFloats _dh; // (B, Hp)
    private readonly NativeFloats _dc; // (B, Hp)
    private readonly NativeFloats _dInputs; // (B, [Hp | I padded])
    private readonly NativeFloats _zeros;
    private int _steps;

    /// <param name="layer">Its gradients are added to by <see cref="Backward"/>.</param>
    /// <param name="maxSteps">T at most.</param>
    /// <param name="batch">B.</param>
    public LstmTape(LstmLayer layer, int maxSteps, int batch)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxSteps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        (_layer, MaxSteps, Batch) = (layer, maxSteps, batch);
        _units = NativeFloats.Padded(layer.Units);
        _length = _units + layer.Inputs;
        _row = NativeFloats.Padded(_length + 1);
        _back = _units + NativeFloats.Padded(layer.Inputs);
        var tb = (nint)maxSteps * batch;
        _inputs = new NativeFloats((tb + batch) * _row);
        _gates = new NativeFloats(tb * 4 * _units);
        _cells = new NativeFloats((tb + batch) * _units);
        _tanhs = new NativeFloats(tb * _units);
        _packed = new NativeFloats((nint)(_length + 1) * 4 * _units);
        _packedGradients = new NativeFloats(_packed.Length);
        _transposed = new NativeFloats((nint)4 * _units * _back);
        _dz = new NativeFloats((nint)batch * 4 * _units);
        _dh = new NativeFloats((nint)batch * _units);
        _dc = new NativeFloats((nint)batch * _units);
        _dInputs = new NativeFloats((nint)batch * _back);
        _zeros = new NativeFloats(Math.Max(_back, 4 * _units));
        for (nint n = 0; n < tb; n++)
            _inputs.Start[n * _row + _length] = 1;
    }

    /// <summary>B.</summary>
    public int Batch { get; }

    /// <summary>The most steps of a chunk.</summary>
    public int MaxSteps { get; }

    /// <summary>
    /// Runs a chunk of T steps with the layer's present weights and remembers what <see cref="Backward"/> needs.
    /// </summary>
    /// <param name="steps">T, 1 to <see cref="MaxSteps"/>.</param>
    /// <param name="x">(T, B, I).</param>
    /// <param name="h">(B, H): the hidden states before the chunk; overwritten by those after it.</param>
    /// <param name="c">(B, H): the cell states before the chunk; overwritten by those after it.</param>
    /// <param name="hs">(T, B, H): overwritten by the hidden state after each step.</param>
    public void Forward(int steps, ReadOnlySpan<float> x, Span<float> h, Span<float> c, Span<float> hs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, MaxSteps);
        var (inputs, units) = (_layer.Inputs, _layer.Units);
        Shapes.Require(x.Length, nameof(x), steps, Batch, inputs);
        Shapes.Require(h.Length, nameof(h), Batch, units);
        Shapes.Require(c.Length, nameof(c), Batch, units);
        Shapes.Require(hs.Length, nameof(hs), steps, Batch, units);
        _steps = steps;
        Pack();
        for (var b = 0; b < Batch; b++)
        {
            h.Slice(b * units, units).CopyTo(new Span<float>(_inputs.Start + (nint)b * _row, units));
            c.Slice(b * units, units).CopyTo(new Span<float>(_cells.Start + (nint)b * _units, units));
        }

        for (var n = 0; n < steps * Batch; n++)
            x.Slice(n * inputs, inputs).CopyTo(new Span<float>(_inputs.Start + (nint)n * _row + _units, inputs));

        var bias = _packed.Start + (nint)_length * 4 * _units;
        for (var t = 0; t < steps; t++)
        {
            var first = (nint)t * Batch;
            var z = _gates.Start + first * 4 * _units;
            var cells = _cells.Start + first * _units;
            var next = _inputs.Start + (first + Batch) * _row;
            _kernel.Multiply(Batch, 4 * _units, _length, _inputs.Start + first * _row, _row, 1, _packed.Start, 4 * _units, bias, 0, z, 4 * _units);
            _kernel.LstmForward(Batch, _units, z, cells, cells + (nint)Batch * _units, _tanhs.Start + first * _units, next, _row);
            for (var b = 0; b < Batch; b++)
                new ReadOnlySpan<float>(next + (nint)b * _row, units).CopyTo(hs.Slice((int)(first + b) * units, units));
        }

        hs[((steps - 1) * Batch * units)..].CopyTo(h);
        var last = _cells.Start + (nint)steps * Batch * _units;
        for (var b = 0; b < Batch; b++)
            new ReadOnlySpan<float>(last + (nint)b * _units, units).CopyTo(c.Slice(b * units, units));
    }

    public override void Forward(int steps, ReadOnlySpan<float> x, Span<float> state, Span<float> y)
    {
        var units = _layer.Units;
        Shapes.Require(state.Length, nameof(state), Batch, 2 * units);
        var (h, c) = (new float[Batch * units], new float[Batch * units]);
        for (var b = 0; b < Batch; b++)
        {
            state.Slice(2 * b * units, units).CopyTo(h.AsSpan(b * units));
            state.Slice(((2 * b) + 1) * units, units).CopyTo(c.AsSpan(b * units));
        }

        Forward(steps, x, h, c, y);
        for (var b = 0; b < Batch; b++)
        {
            h.AsSpan(b * units, units).CopyTo(state.Slice(2 * b * units, units));
            c.AsSpan(b * units, units).CopyTo(state.Slice(((2 * b) + 1) * units, units));
        }
    }

    /// <summary>
    /// The way back over the chunk that the last <see cref="Forward"/> ran: adds ∂loss/∂W, ∂U and ∂b to the layer's gradients.
    /// </summary>
    /// <param name="dy">(T, B, H): ∂loss/∂h of each step, as far as the loss looks at it directly.</param>
    /// <param name="dx">(T, B, I): overwritten by ∂loss/∂x; or empty, when nobody asks, and a third of the work is saved.</param>
    public override void Backward(ReadOnlySpan<float> dy, Span<float> dx = default)
    {
        if (_steps == 0)
            throw new InvalidOperationException("there is no chunk to go back over: call Forward first");
        var (inputs, units) = (_layer.Inputs, _layer.Units);
        Shapes.Require(dy.Length, nameof(dy), _steps, Batch, units);
        if (!dx.IsEmpty)
            Shapes.Require(dx.Length, nameof(dx), _steps, Batch, inputs);
        var columns = dx.IsEmpty ? _units : _back;
        _dc.Span.Clear();
        _dInputs.Span.Clear();
        _packedGradients.Span.Clear();
        for (var t = _steps - 1; t >= 0; t--)
        {
            var first = (nint)t * Batch;
            for (var b = 0; b < Batch; b++)
            {
                var direct = dy.Slice((int)(first + b) * units, units);
                var carried = new ReadOnlySpan<float>(_dInputs.Start + (nint)b * _back, units);
                var sum = new Span<float>(_dh.Start + (nint)b * _units, units);
                for (var j = 0; j < sum.Length; j++)
                    sum[j] = direct[j] + carried[j];
            }

            _kernel.LstmBackward(Batch, _units, _gates.Start + first * 4 * _units, _cells.Start + first * _units, _tanhs.Start + first * _units, _dh.Start, _dc.Start, _dz.Start);

            // [dh | dx] (B, Hp + I) = dz (B, 4Hp) · [U | W]
            _kernel.Multiply(Batch, columns, 4 * _units, _dz.Start, 4 * _units, 1, _transposed.Start, _back, _zeros.Start, 0, _dInputs.Start, _back);

            // (K + 1, 4Hp) += [h | x | 1]ᵀ (K + 1, B) · dz (B, 4Hp)
            _kernel.Multiply(
                _length + 1, 4 * _units, Batch, _inputs.Start + first * _row, 1, _row, _dz.Start, 4 * _units, _packedGradients.Start, 4 * _units, _packedGradients.Start, 4 * _units);
            if (!dx.IsEmpty)
                for (var b = 0; b < Batch; b++)
                    new ReadOnlySpan<float>(_dInputs.Start + (nint)b * _back + _units, inputs).CopyTo(dx.Slice((int)(first + b) * inputs, inputs));
        }

        AddGradients();
    }

    public override void Dispose()
    {
        _steps = 0;
        foreach (var memory in new[] { _inputs, _gates, _cells, _tanhs, _packed, _transposed, _packedGradients, _dz, _dh, _dc, _dInputs, _zeros })
            memory.Dispose();
    }

    private void Pack()
    {
        var (inputs, units) = (_layer.Inputs, _layer.Units);
        for (var gate = 0; gate < 4; gate++)
            for (var unit = 0; unit < units; unit++)
            {
                var from = gate * units + unit;
                var to = gate * _units + unit;
                var u = _layer.U.Values.AsSpan(from * units, units);
                var w = _layer.W.Values.AsSpan(from * inputs, inputs);
                u.CopyTo(new Span<float>(_transposed.Start + (nint)to * _back, units));
                w.CopyTo(new Span<float>(_transposed.Start + (nint)to * _back + _units, inputs));
                var column = _packed.Start + to;
                for (var k = 0; k < units; k++)
                    column[(nint)k * 4 * _units] = u[k];
                for (var k = 0; k < inputs; k++)
                    column[(nint)(_units + k) * 4 * _units] = w[k];
                column[(nint)_length * 4 * _units] = _layer.B.Values[from];
            }
    }

    private void AddGradients()
    {
        var (inputs, units) = (_layer.Inputs, _layer.Units);
        for (var gate = 0; gate < 4; gate++)
            for (var unit = 0; unit < units; unit++)
            {
                var to = gate * units + unit;
                var column = _packedGradients.Start + gate * _units + unit;
                var du = _layer.U.Gradients.AsSpan(to * units, units);
                var dw = _layer.W.Gradients.AsSpan(to * inputs, inputs);
                for (var k = 0; k < units; k++)
                    du[k] += column[(nint)k * 4 * _units];
                for (var k = 0; k < inputs; k++)
                    dw[k] += column[(nint)(_units + k) * 4 * _units];
                _layer.B.Gradients[to] += column[(nint)_length * 4 * _units];
            }
    }
}
