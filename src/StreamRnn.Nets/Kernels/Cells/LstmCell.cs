using System.Runtime.CompilerServices;

namespace StreamRnn.Nets.Kernels;

/// <summary>The cell of <see cref="LstmLayer"/>: sums i, f, g, o.</summary>
internal readonly unsafe struct LstmCell<TVector, TLanes> : ICell<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    public static int Sums => 4;

    public static bool IsSplit => false;

    public static int Peepholes => 0;

    /// <summary>
    /// With the factors folded into the weights, σ = 1/(1 + 2^t) and tanh = (1 − 2^t)/(1 + 2^t). The fractions of a cell are merged, so that it costs two divisions:
    /// c ← (c (1+i)(1+g) + (1−g)(1+f)) / ((1+i)(1+g)(1+f)), h ← (1−e) / ((1+o)(1+e)), where i, f, g, o, e stand for their powers of two.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step(float* sums, float* peepholes, float* h, float* c)
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

    /// <summary>c = f c₀ + i g, h = o tanh c. Remembers i, f, g, o and tanh c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Forward(in TapeRow row, int j)
    {
        var sums = row.Sums + j;
        var i = Functions<TVector, TLanes>.Sigmoid(TLanes.Load(sums));
        var f = Functions<TVector, TLanes>.Sigmoid(TLanes.Load(sums + row.Units));
        var g = Functions<TVector, TLanes>.Tanh(TLanes.Load(sums + 2 * row.Units));
        var o = Functions<TVector, TLanes>.Sigmoid(TLanes.Load(sums + 3 * row.Units));
        TLanes.Store(i, sums);
        TLanes.Store(f, sums + row.Units);
        TLanes.Store(g, sums + 2 * row.Units);
        TLanes.Store(o, sums + 3 * row.Units);
        var cell = TLanes.MultiplyAdd(f, TLanes.Load(row.CellsBefore + j), TLanes.Multiply(i, g));
        var tanh = Functions<TVector, TLanes>.Tanh(cell);
        TLanes.Store(cell, row.Cells + j);
        TLanes.Store(tanh, row.Tanhs + j);
        TLanes.Store(TLanes.Multiply(o, tanh), row.After + j);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Backward(in TapeRow row, int j)
    {
        var one = TLanes.Broadcast(1);
        var i = TLanes.Load(row.Sums + j);
        var f = TLanes.Load(row.Sums + row.Units + j);
        var g = TLanes.Load(row.Sums + 2 * row.Units + j);
        var o = TLanes.Load(row.Sums + 3 * row.Units + j);
        var tanh = TLanes.Load(row.Tanhs + j);
        var dh = TLanes.Load(row.Dh + j);

        // dc += dh o (1 − tanh² c)
        var dhTanh = TLanes.Multiply(dh, tanh);
        var dc = TLanes.MultiplyAdd(TLanes.Multiply(dh, o), TLanes.Subtract(one, TLanes.Multiply(tanh, tanh)), TLanes.Load(row.Carried + j));

        // of the sums: di = dc g i (1 − i), df = dc c₀ f (1 − f), dg = dc i (1 − g²), do = dh tanh(c) o (1 − o)
        var dci = TLanes.Multiply(dc, i);
        var dcf = TLanes.Multiply(dc, f);
        var sums = row.DSums + j;
        TLanes.Store(TLanes.Multiply(TLanes.Multiply(dci, g), TLanes.Subtract(one, i)), sums);
        TLanes.Store(TLanes.Multiply(TLanes.Multiply(dcf, TLanes.Load(row.CellsBefore + j)), TLanes.Subtract(one, f)), sums + row.Units);
        TLanes.Store(TLanes.Multiply(dci, TLanes.Subtract(one, TLanes.Multiply(g, g))), sums + 2 * row.Units);
        TLanes.Store(TLanes.Multiply(TLanes.Multiply(dhTanh, o), TLanes.Subtract(one, o)), sums + 3 * row.Units);
        TLanes.Store(dcf, row.Carried + j);
    }
}
