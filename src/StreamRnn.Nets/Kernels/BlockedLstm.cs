using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace StreamRnn.Nets.Kernels;

/// <summary>
/// A batch in blocks: [x | h] of some sequences is staged into a panel that stays in the first cache; then, for a block of V units (V lanes), the four gates' sums of all
/// sequences come from one matrix product, and the gates follow while the sums are warm. Unit blocks outside, sequences inside: a block's weights are read once per panel.
/// </summary>
internal sealed unsafe class BlockedLstm<TVector, TLanes> : ILstmKernel
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    /// <summary>A multiple of every tile's rows.</summary>
    private const int PanelRows = 96;

    private const int PanelFloats = 7168; // 28 KB, beside one block of weights in a first cache of 48 KB
    private const int MaxTileFloats = 32768; // 128 KB of stack: rows longer than a sixth of it go one by one

    /// <summary>Rows of the bank asked for ahead of their staging: states of random rows are cache misses.</summary>
    private const int PrefetchAhead = 12;

    public string Name => TLanes.Name;

    public LstmStep Prepare(LstmLayer layer) => new Prepared(layer);

    private sealed class Prepared : LstmStep
    {
        // Per unit block: [bias of i f g o | k = 0..I+H-1: weights of i f g o], each V wide. The exponent's factor −log2 e (−2 log2 e for g) is folded in, units beyond H are zero.
        private readonly NativeFloats _packed;
        private readonly int _blocks;
        private readonly int _length; // K = I + H
        private readonly int _panelRows;

        public Prepared(LstmLayer layer)
            : base(layer)
        {
            var width = TLanes.Width;
            _length = Inputs + Units;
            _blocks = (Units + width - 1) / width;
            _panelRows = 6 * _length > MaxTileFloats ? 1 : Math.Clamp(PanelFloats / _length / 6 * 6, 6, PanelRows);
            _packed = new NativeFloats((nint)_blocks * (1 + _length) * 4 * width);
            var p = _packed.Start;
            for (var block = 0; block < _blocks; block++)
                for (var k = -1; k < _length; k++)
                    for (var gate = 0; gate < 4; gate++)
                        for (var lane = 0; lane < width; lane++, p++)
                        {
                            var unit = block * width + lane;
                            if (unit >= Units)
                                continue;
                            var row = gate * Units + unit;
                            var weight = k < 0 ? layer.B.Values[row]
                                : k < Inputs ? layer.W.Values[row * Inputs + k]
                                : layer.U.Values[row * Units + k - Inputs];
                            *p = (float)(weight * (gate == 2 ? -2 : -1) * 1.4426950408889634);
                        }
        }

        public override void Dispose() => _packed.Dispose();

        [SkipLocalsInit]
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
        private void Stage(float* states, nint stride, int* rows, int count, int remaining, float* x, float* panel)
        {
            for (var n = 0; n < count; n++, panel += _length, x += Inputs)
            {
                if (Sse.IsSupported && n + PrefetchAhead < remaining)
                {
                    var ahead = states + rows[n + PrefetchAhead] * stride;
                    for (nint i = 0; i < 2 * Units; i += NativeFloats.Line)
                        Sse.Prefetch0(ahead + i);
                }

                new ReadOnlySpan<float>(x, Inputs).CopyTo(new Span<float>(panel, Inputs));
                new ReadOnlySpan<float>(states + rows[n] * stride, Units).CopyTo(new Span<float>(panel + Inputs, Units));
            }
        }

        [SkipLocalsInit]
        private void StepBlock(float* states, nint stride, int* rows, int count, float* panel, int block)
        {
            var width = TLanes.Width;
            var tile = Product<TVector, TLanes>.TileRows;
            var memory = stackalloc float[6 * 4 * 16 + NativeFloats.Line];
            var sums = (float*)(((nuint)memory + NativeFloats.Alignment - 1) & ~(NativeFloats.Alignment - 1)); // (rows of a tile, 4 gates, V)
            var bias = Packed(block);
            var weights = bias + 4 * width;
            var units = Math.Min(width, Units - block * width);
            for (var n = 0; n < count; n += tile, panel += tile * _length)
            {
                var m = Math.Min(tile, count - n);
                Product<TVector, TLanes>.Rows4(m, _length, panel, _length, 1, weights, 4 * width, bias, 0, sums, 4 * width);
                for (var r = 0; r < m; r++)
                {
                    var h = states + rows[n + r] * stride + block * width;
                    if (units == width)
                        Gates(sums + r * 4 * width, h, h + Units);
                    else
                        GatesOfSome(units, sums + r * 4 * width, h, h + Units);
                }
            }
        }

        /// <summary>A sequence alone has only four sums to a block, too few to hide the latency of a multiply-add: two blocks at once have eight.</summary>
        [SkipLocalsInit]
        private void StepTwoBlocks(float* state, float* panel, int block)
        {
            var width = TLanes.Width;
            var memory = stackalloc float[2 * 4 * 16 + NativeFloats.Line];
            var sums = (float*)(((nuint)memory + NativeFloats.Alignment - 1) & ~(NativeFloats.Alignment - 1)); // (2 blocks, 4 gates, V)
            Product<TVector, TLanes>.Row4Twice(_length, panel, Packed(block), Packed(block + 1), sums);
            for (var end = block + 2; block < end; block++, sums += 4 * width)
            {
                var h = state + block * width;
                if ((block + 1) * width <= Units)
                    Gates(sums, h, h + Units);
                else
                    GatesOfSome(Units - block * width, sums, h, h + Units);
            }
        }

        private float* Packed(int block) => _packed.Start + (nint)block * (1 + _length) * 4 * TLanes.Width;

        /// <summary>The last block where V does not divide H: by way of whole vectors, for h's row ends where c's begins.</summary>
        private static void GatesOfSome(int units, float* sums, float* h, float* c)
        {
            var memory = stackalloc float[2 * 16];
            var wholeH = memory;
            var wholeC = memory + 16;
            new ReadOnlySpan<float>(c, units).CopyTo(new Span<float>(wholeC, units));
            Gates(sums, wholeH, wholeC);
            new ReadOnlySpan<float>(wholeC, units).CopyTo(new Span<float>(c, units));
            new ReadOnlySpan<float>(wholeH, units).CopyTo(new Span<float>(h, units));
        }

        /// <summary>
        /// With the factors folded into the weights, σ = 1/(1 + 2^t) and tanh = (1 − 2^t)/(1 + 2^t). The fractions of a cell are merged, so that it costs two divisions:
        /// c ← (c (1+i)(1+g) + (1−g)(1+f)) / ((1+i)(1+g)(1+f)), h ← (1−e) / ((1+o)(1+e)), where i, f, g, o, e stand for their powers of two.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Gates(float* sums, float* h, float* c)
        {
            var one = TLanes.Broadcast(1);
            var i = TLanes.Add(one, Functions<TVector, TLanes>.Exp2(TLanes.Load(sums)));
            var f = TLanes.Add(one, Functions<TVector, TLanes>.Exp2(TLanes.Load(sums + TLanes.Width)));
            var g = Functions<TVector, TLanes>.Exp2(TLanes.Load(sums + 2 * TLanes.Width));
            var o = TLanes.Add(one, Functions<TVector, TLanes>.Exp2(TLanes.Load(sums + 3 * TLanes.Width)));
            var input = TLanes.Multiply(i, TLanes.Add(one, g));
            var cell = TLanes.Divide(
                TLanes.MultiplyAdd(TLanes.Load(c), input, TLanes.Multiply(TLanes.Subtract(one, g), f)),
                TLanes.Multiply(input, f));
            TLanes.Store(cell, c);
            var e = Functions<TVector, TLanes>.Exp2(TLanes.Multiply(cell, TLanes.Broadcast(-2 * Functions<TVector, TLanes>.Log2E)));
            TLanes.Store(TLanes.Divide(TLanes.Subtract(one, e), TLanes.Multiply(o, TLanes.Add(one, e))), h);
        }
    }
}
