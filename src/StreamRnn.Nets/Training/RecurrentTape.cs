using StreamRnn.Nets.Kernels;

namespace StreamRnn.Nets.Training;

/// <summary>
/// Truncated back-propagation through time for one recurrent layer: a forward pass over a chunk of T steps of B sequences, remembered, and the pass back over it. The state is carried from chunk to
/// chunk by the caller; gradients stop at the chunk's start (Williams and Peng 1990). Holds about 4·T·B·(S·H + I + 3H) bytes for S sums to a unit. Equal inputs give equal bits. One thread.
/// </summary>
/// <remarks>Inside, units are padded to Hp, a multiple of 16; the padded units' weights are zero and so are their states, for ever.</remarks>
public sealed unsafe class RecurrentTape : LayerTape
{
    private readonly RecurrentLayer _layer;
    private readonly VectorKernel _kernel = VectorKernel.Best;
    private readonly CellKernel _cell;
    private readonly int _units; // Hp
    private readonly int _cellUnits; // Hp for a cell that has c, else 0
    private readonly int _columns; // S·Hp
    private readonly int _length; // K = Hp + I
    private readonly int _row; // of _inputs: K + 1, padded
    private readonly int _back; // of _transposed: Hp + I padded
    private readonly NativeFloats _inputs; // (T + 1, B, [h | x | 1 | padding]): the last step's holds h only
    private readonly NativeFloats _sums; // (T, B, S·Hp): after the way forward what the cell remembers
    private readonly NativeFloats _cells; // (T + 1, B, Hp)
    private readonly NativeFloats _tanhs; // (T, B, Hp): tanh c
    private readonly NativeFloats _packed; // (K + 1, S·Hp): U and W transposed, then b
    private readonly NativeFloats _transposed; // (S·Hp, [Hp | I padded]): U and W
    private readonly NativeFloats _packedGradients; // (K + 1, S·Hp)
    private readonly NativeFloats _peepholes, _peepholeGradients; // (P, Hp)
    private readonly NativeFloats _dSums; // (B, S·Hp)
    private readonly NativeFloats _dh; // (B, Hp)
    private readonly NativeFloats _carried; // (B, Hp)
    private readonly NativeFloats _dInputs; // (B, [Hp | I padded])
    private readonly NativeFloats _zeros;
    private int _steps;

    /// <param name="layer">Its gradients are added to by <see cref="Backward"/>.</param>
    /// <param name="maxSteps">T at most.</param>
    /// <param name="batch">B.</param>
    public RecurrentTape(RecurrentLayer layer, int maxSteps, int batch)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxSteps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        (_layer, MaxSteps, Batch) = (layer, maxSteps, batch);
        _cell = _kernel.Cell(layer);
        _units = NativeFloats.Padded(layer.Units);
        _cellUnits = layer.StateWidth > layer.Units ? _units : 0;
        _columns = layer.Sums.Count * _units;
        _length = _units + layer.Inputs;
        _row = NativeFloats.Padded(_length + 1);
        _back = _units + NativeFloats.Padded(layer.Inputs);
        var tb = (nint)maxSteps * batch;
        _inputs = new NativeFloats((tb + batch) * _row);
        _sums = new NativeFloats(tb * _columns);
        _cells = new NativeFloats((tb + batch) * _cellUnits);
        _tanhs = new NativeFloats(tb * _cellUnits);
        _packed = new NativeFloats((nint)(_length + 1) * _columns);
        _packedGradients = new NativeFloats(_packed.Length);
        _transposed = new NativeFloats((nint)_columns * _back);
        _peepholes = new NativeFloats((layer.Peepholes?.Shape[0] ?? 0) * _units);
        _peepholeGradients = new NativeFloats(_peepholes.Length);
        _dSums = new NativeFloats((nint)batch * _columns);
        _dh = new NativeFloats((nint)batch * _units);
        _carried = new NativeFloats((nint)batch * _units);
        _dInputs = new NativeFloats((nint)batch * _back);
        _zeros = new NativeFloats(_back);
        for (nint n = 0; n < tb; n++)
            _inputs.Start[n * _row + _length] = 1;
    }

    /// <summary>B.</summary>
    public int Batch { get; }

    /// <summary>The most steps of a chunk.</summary>
    public int MaxSteps { get; }

    /// <summary>Runs a chunk of T steps with the layer's present weights and remembers what <see cref="Backward"/> needs.</summary>
    /// <param name="steps">T, 1 to <see cref="MaxSteps"/>.</param>
    /// <param name="x">(T, B, I).</param>
    /// <param name="state">(B, StateWidth): the states before the chunk, h then c, as in a row of the bank; overwritten by those after it.</param>
    /// <param name="y">(T, B, H): overwritten by h after each step.</param>
    public override void Forward(int steps, ReadOnlySpan<float> x, Span<float> state, Span<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, MaxSteps);
        var (inputs, units, width) = (_layer.Inputs, _layer.Units, _layer.StateWidth);
        Shapes.Require(x.Length, nameof(x), steps, Batch, inputs);
        Shapes.Require(state.Length, nameof(state), Batch, width);
        Shapes.Require(y.Length, nameof(y), steps, Batch, units);
        _steps = steps;
        Pack();
        for (var b = 0; b < Batch; b++)
        {
            var row = state.Slice(b * width, width);
            row[..units].CopyTo(new Span<float>(_inputs.Start + (nint)b * _row, units));
            row[units..].CopyTo(new Span<float>(_cells.Start + (nint)b * _cellUnits, width - units));
        }

        for (var n = 0; n < steps * Batch; n++)
            x.Slice(n * inputs, inputs).CopyTo(new Span<float>(_inputs.Start + (nint)n * _row + _units, inputs));

        var bias = _packed.Start + (nint)_length * _columns;
        for (var t = 0; t < steps; t++)
        {
            var row = At(t);
            _kernel.Multiply(Batch, _columns, _length, row.Before, _row, 1, _packed.Start, _columns, bias, 0, row.Sums, _columns);
            _cell.Forward(Batch, row, _row);
            for (var b = 0; b < Batch; b++)
                new ReadOnlySpan<float>(row.After + (nint)b * _row, units).CopyTo(y.Slice((t * Batch + b) * units, units));
        }

        var last = At(steps);
        for (var b = 0; b < Batch; b++)
        {
            var row = state.Slice(b * width, width);
            new ReadOnlySpan<float>(last.Before + (nint)b * _row, units).CopyTo(row);
            new ReadOnlySpan<float>(last.CellsBefore + (nint)b * _cellUnits, width - units).CopyTo(row[units..]);
        }
    }

    /// <summary>
    /// The way back over the chunk that the last <see cref="Forward"/> ran: adds ∂loss/∂W, ∂U, ∂b and, where there are peepholes, ∂p to the layer's gradients.
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
        _carried.Span.Clear();
        _dInputs.Span.Clear();
        _packedGradients.Span.Clear();
        _peepholeGradients.Span.Clear();
        for (var t = _steps - 1; t >= 0; t--)
        {
            for (var b = 0; b < Batch; b++)
            {
                var direct = dy.Slice((t * Batch + b) * units, units);
                var recurrent = new ReadOnlySpan<float>(_dInputs.Start + (nint)b * _back, units);
                var sum = new Span<float>(_dh.Start + (nint)b * _units, units);
                for (var j = 0; j < sum.Length; j++)
                    sum[j] = direct[j] + recurrent[j];
            }

            var row = At(t);
            _cell.Backward(Batch, row, _row);

            // [dh | dx] (B, Hp + I) = dsums (B, S·Hp) · [U | W]
            _kernel.Multiply(Batch, columns, _columns, row.DSums, _columns, 1, _transposed.Start, _back, _zeros.Start, 0, _dInputs.Start, _back);

            // (K + 1, S·Hp) += [h | x | 1]ᵀ (K + 1, B) · dsums (B, S·Hp)
            _kernel.Multiply(_length + 1, _columns, Batch, row.Before, 1, _row, row.DSums, _columns, _packedGradients.Start, _columns, _packedGradients.Start, _columns);
            if (!dx.IsEmpty)
                for (var b = 0; b < Batch; b++)
                    new ReadOnlySpan<float>(_dInputs.Start + (nint)b * _back + _units, inputs).CopyTo(dx.Slice((t * Batch + b) * inputs, inputs));
        }

        AddGradients();
    }

    public override void Dispose()
    {
        _steps = 0;
        foreach (var memory in new[] { _inputs, _sums, _cells, _tanhs, _packed, _transposed, _packedGradients, _peepholes, _peepholeGradients, _dSums, _dh, _carried, _dInputs, _zeros })
            memory.Dispose();
    }

    /// <summary>The batch's first row at step t.</summary>
    private TapeRow At(int t)
    {
        var first = (nint)t * Batch;
        var before = _inputs.Start + first * _row;
        var cells = _cells.Start + first * _cellUnits;
        return new TapeRow
        {
            Units = _units,
            Sums = _sums.Start + first * _columns,
            Before = before,
            After = before + (nint)Batch * _row,
            CellsBefore = cells,
            Cells = cells + (nint)Batch * _cellUnits,
            Tanhs = _tanhs.Start + first * _cellUnits,
            Peepholes = _peepholes.Start,
            PeepholeGradients = _peepholeGradients.Start,
            Dh = _dh.Start,
            Carried = _carried.Start,
            DSums = _dSums.Start,
        };
    }

    private void Pack()
    {
        var (inputs, units) = (_layer.Inputs, _layer.Units);
        for (var sum = 0; sum < _layer.Sums.Count; sum++)
        {
            var (fromW, fromU, fromB, _) = _layer.Sums[sum];
            for (var unit = 0; unit < units; unit++)
            {
                var to = sum * _units + unit;
                var row = _transposed.Start + (nint)to * _back;
                var column = _packed.Start + to;
                if (fromU >= 0)
                {
                    var u = _layer.U.Values.AsSpan((fromU * units + unit) * units, units);
                    u.CopyTo(new Span<float>(row, units));
                    for (var k = 0; k < units; k++)
                        column[(nint)k * _columns] = u[k];
                }

                if (fromW >= 0)
                {
                    var w = _layer.W.Values.AsSpan((fromW * units + unit) * inputs, inputs);
                    w.CopyTo(new Span<float>(row + _units, inputs));
                    for (var k = 0; k < inputs; k++)
                        column[(nint)(_units + k) * _columns] = w[k];
                }

                column[(nint)_length * _columns] = _layer.B.Values[fromB * units + unit];
            }
        }

        if (_layer.Peepholes is { } peepholes)
            for (var p = 0; p < peepholes.Shape[0]; p++)
                peepholes.Values.AsSpan(p * units, units).CopyTo(new Span<float>(_peepholes.Start + p * _units, units));
    }

    private void AddGradients()
    {
        var (inputs, units) = (_layer.Inputs, _layer.Units);
        for (var sum = 0; sum < _layer.Sums.Count; sum++)
        {
            var (toW, toU, toB, _) = _layer.Sums[sum];
            for (var unit = 0; unit < units; unit++)
            {
                var column = _packedGradients.Start + sum * _units + unit;
                var du = toU < 0 ? default : _layer.U.Gradients.AsSpan((toU * units + unit) * units, units);
                var dw = toW < 0 ? default : _layer.W.Gradients.AsSpan((toW * units + unit) * inputs, inputs);
                for (var k = 0; k < du.Length; k++)
                    du[k] += column[(nint)k * _columns];
                for (var k = 0; k < dw.Length; k++)
                    dw[k] += column[(nint)(_units + k) * _columns];
                _layer.B.Gradients[toB * units + unit] += column[(nint)_length * _columns];
            }
        }

        if (_layer.Peepholes is { } peepholes)
            for (var n = 0; n < peepholes.Gradients.Length; n++)
                peepholes.Gradients[n] += _peepholeGradients.Start[n / units * _units + n % units];
    }
}
