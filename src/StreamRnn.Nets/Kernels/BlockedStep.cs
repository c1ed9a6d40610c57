using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace StreamRnn.Nets.Kernels;

/// <summary>Steps in blocks at one vector width, see <see cref="BlockedStep{TVector,TLanes,TCell}"/>.</summary>
internal sealed class BlockedKernel<TVector, TLanes> : IStepKernel
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    public string Name => TLanes.Name;

    public RecurrentStep Prepare(RecurrentLayer layer) => layer.Cell<TVector, TLanes>().Prepare();
}

/// <summary>
/// A batch in blocks: [x | h] of some sequences is staged into a panel that stays in the first cache; then, for a block of units with four vectors of sums, the sums of all
/// sequences come from one matrix product, and the cells follow while the sums are warm. Unit blocks outside, sequences inside: a block's weights are read once per panel.
/// </summary>
internal sealed unsafe class BlockedStep<TVector, TLanes, TCell> : RecurrentStep
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
    where TCell : struct, ICell<TVector, TLanes>
{
    /// <summary>A multiple of every tile's rows.</summary>
    private const int PanelRows = 96;

    private const int PanelFloats = 7168; // 28 KB, beside one block of weights in a first cache of 48 KB
    private const int MaxTileFloats = 32768; // 128 KB of stack: rows longer than a sixth of it go one by one

    /// <summary>Rows of the bank asked for ahead of their staging: states of random rows are cache misses.</summary>
    private const int PrefetchAhead = 12;

    // Per block of units: [bias | k = 0..I+H-1: weights], each four vectors wide: for a cell of 4 sums the four of V units, for a cell of one sum those of 4V units; then the peepholes.
    // The exponents' factors, −log2 e or −2 log2 e, are folded in; units beyond H are zero.
    private readonly NativeFloats _packed;
    private readonly int _blocks;
    private readonly int _length; // K = I + H
    private readonly int _panelRows;

    public BlockedStep(RecurrentLayer layer)
        : base(layer)
    {
        _length = Inputs + Units;
        _blocks = (Units + BlockUnits - 1) / BlockUnits;
        _panelRows = 6 * _length > MaxTileFloats ? 1 : Math.Clamp(PanelFloats / _length / 6 * 6, 6, PanelRows);
        _packed = new NativeFloats(_blocks * BlockFloats);
        for (var block = 0; block < _blocks; block++)
            Pack(layer, block);
    }

    /// <summary>Units of a block: four vectors of sums.</summary>
    private static int BlockUnits => 4 / TCell.Sums * TLanes.Width;

    private nint BlockFloats => (nint)(1 + _length) * 4 * TLanes.Width + TCell.Peepholes * TLanes.Width;

    public override void Dispose() => _packed.Dispose();

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override void Run(StateBank bank, int offset, ReadOnlySpan<int> rows, ReadOnlySpan<float> x)
    {
        ObjectDisposedException.ThrowIf(_packed.Start is null, this);
        var memory = stackalloc float[Math.Min(_panelRows, rows.Length) * _length + NativeFloats.Line];
        var panel = (float*)(((nuint)memory + NativeFloats.Alignment - 1) & ~(NativeFloats.Alignment - 1)); // (rows, [x | h])
        var states = bank.Start + offset;
        fixed (float* inputs = x)
        fixed (int* indices = rows)
            for (var first = 0; first < rows.Length; first += _panelRows)
            {
                var count = Math.Min(_panelRows, rows.Length - first);
                Stage(states, bank.Stride, indices + first, count, rows.Length - first, inputs + (nint)first * Inputs, panel);
                var block = 0;
                if (count == 1)
                    for (; block + 1 < _blocks; block += 2)
                        StepTwoBlocks(states + indices[first] * (nint)bank.Stride, panel, block);
                for (; block < _blocks; block++)
                    StepBlock(states, bank.Stride, indices + first, count, panel, block);
            }
    }

    /// <summary>Copies [x | h] of every sequence: h is read by all unit blocks while they overwrite it in the bank.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Stage(float* states, nint stride, int* rows, int count, int remaining, float* x, float* panel)
    {
        for (var n = 0; n < count; n++, panel += _length, x += Inputs)
        {
            if (Sse.IsSupported && n + PrefetchAhead < remaining)
            {
                var ahead = states + rows[n + PrefetchAhead] * stride;
                for (nint i = 0; i < StateWidth; i += NativeFloats.Line)
                    Sse.Prefetch0(ahead + i);
            }

            Copy(x, panel, Inputs);
            Copy(states + rows[n] * stride, panel + Inputs, Units);
        }
    }

    /// <summary>A row is too short for a call to the runtime's copy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* from, float* to, int count)
    {
        var i = 0;
        for (; i + TLanes.Width <= count; i += TLanes.Width)
            TLanes.Store(TLanes.Load(from + i), to + i);
        for (; i < count; i++)
            to[i] = from[i];
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StepBlock(float* states, nint stride, int* rows, int count, float* panel, int block)
    {
        var width = TLanes.Width;
        var tile = Product<TVector, TLanes>.TileRows;
        var memory = stackalloc float[6 * 4 * 16 + NativeFloats.Line];
        var sums = (float*)(((nuint)memory + NativeFloats.Alignment - 1) & ~(NativeFloats.Alignment - 1)); // (rows of a tile, 4 vectors)
        var bias = Packed(block);
        var weights = bias + 4 * width;
        var units = Math.Min(BlockUnits, Units - block * BlockUnits);
        for (var n = 0; n < count; n += tile, panel += tile * _length)
        {
            var m = Math.Min(tile, count - n);
            if (TCell.IsSplit && TLanes.HasManyRegisters)
                SplitSums(m, panel, weights, bias, sums);
            else if (TCell.Sums == 4)
                Product<TVector, TLanes>.Rows4(m, _length, panel, _length, 1, weights, 4 * width, bias, 0, sums, 4 * width);
            else
                Product<TVector, TLanes>.Multiply(m, (units + width - 1) / width * width, _length, panel, _length, 1, weights, 4 * width, bias, 0, sums, 4 * width);
            for (var r = 0; r < m; r++)
                StepUnits(units, sums + r * 4 * width, bias, states + rows[n + r] * stride + block * BlockUnits);
        }
    }

    /// <summary>x with the first three vectors of sums, then h with the last three: what is left out are products with zero.</summary>
    private void SplitSums(int m, float* panel, float* weights, float* bias, float* sums)
    {
        var width = TLanes.Width;
        for (var r = 0; r < m; r++)
            TLanes.Store(TLanes.Load(bias + 3 * width), sums + (r * 4 + 3) * width);
        Product<TVector, TLanes>.Rows3(m, Inputs, panel, _length, 1, weights, 4 * width, bias, 0, sums, 4 * width);
        Product<TVector, TLanes>.Rows3(m, Units, panel + Inputs, _length, 1, weights + (nint)Inputs * 4 * width + width, 4 * width, sums + width, 4 * width, sums + width, 4 * width);
    }

    /// <summary>A sequence alone has only four sums to a block, too few to hide the latency of a multiply-add: two blocks at once have eight.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StepTwoBlocks(float* state, float* panel, int block)
    {
        var width = TLanes.Width;
        var memory = stackalloc float[2 * 4 * 16 + NativeFloats.Line];
        var sums = (float*)(((nuint)memory + NativeFloats.Alignment - 1) & ~(NativeFloats.Alignment - 1)); // (2 blocks, 4 vectors)
        Product<TVector, TLanes>.Row4Twice(_length, panel, Packed(block), Packed(block + 1), sums);
        for (var end = block + 2; block < end; block++, sums += 4 * width)
            StepUnits(Math.Min(BlockUnits, Units - block * BlockUnits), sums, Packed(block), state + block * BlockUnits);
    }

    /// <summary>The cells of one block of one sequence.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void StepUnits(int units, float* sums, float* packed, float* h)
    {
        var width = TLanes.Width;
        var peepholes = packed + (nint)(1 + _length) * 4 * width;
        for (var first = 0; first < (TCell.Sums == 4 ? 1 : units); first += width, sums += width, h += width)
            if (units - first >= width)
                TCell.Step(sums, peepholes, h, h + Units);
            else
                StepSome(units - first, sums, peepholes, h, h + Units);
    }

    /// <summary>The last units where V does not divide H: by way of whole vectors, for h's row ends where c's begins.</summary>
    private void StepSome(int units, float* sums, float* peepholes, float* h, float* c)
    {
        var memory = stackalloc float[2 * 16];
        var wholeH = memory;
        var wholeC = memory + 16;
        var hasCells = StateWidth > Units;
        new ReadOnlySpan<float>(h, units).CopyTo(new Span<float>(wholeH, units));
        if (hasCells)
            new ReadOnlySpan<float>(c, units).CopyTo(new Span<float>(wholeC, units));
        TCell.Step(sums, peepholes, wholeH, wholeC);
        new ReadOnlySpan<float>(wholeH, units).CopyTo(new Span<float>(h, units));
        if (hasCells)
            new ReadOnlySpan<float>(wholeC, units).CopyTo(new Span<float>(c, units));
    }

    private float* Packed(int block) => _packed.Start + block * BlockFloats;

    private void Pack(RecurrentLayer layer, int block)
    {
        const double Log2E = 1.4426950408889634;
        var width = TLanes.Width;
        var p = Packed(block);
        for (var k = -1; k < _length; k++)
            for (var vector = 0; vector < 4; vector++)
                for (var lane = 0; lane < width; lane++, p++)
                {
                    var (w, u, b, factor) = layer.Sums[vector % TCell.Sums];
                    var unit = block * BlockUnits + vector / TCell.Sums * width + lane;
                    if (unit >= Units)
                        continue;
                    var weight = k < 0 ? layer.B.Values[b * Units + unit]
                        : k < Inputs ? w < 0 ? 0 : layer.W.Values[(w * Units + unit) * Inputs + k]
                        : u < 0 ? 0 : layer.U.Values[(u * Units + unit) * Units + k - Inputs];
                    *p = (float)(weight * factor * Log2E);
                }

        for (var peephole = 0; peephole < TCell.Peepholes; peephole++)
            for (var lane = 0; lane < width; lane++, p++)
                if (block * width + lane < Units)
                    *p = (float)(layer.Peepholes!.Values[peephole * Units + block * width + lane] * CellSum.Sigmoid * Log2E);
    }
}
