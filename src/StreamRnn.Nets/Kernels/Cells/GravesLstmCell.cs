using System.Runtime.CompilerServices;

namespace StreamRnn.Nets.Kernels;

/// <summary>The cell of <see cref="GravesLstmLayer"/>: sums i, f, g, o, peepholes i, f, o.</summary>
internal readonly unsafe struct GravesLstmCell<TVector, TLanes> : ICell<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    public static int Sums => 4;

    public static bool IsSplit => false;

    public static int Peepholes => 3;

    /// <summary>As in <see cref="LstmCell{TVector,TLanes}"/>, with p c beside the sums: of the c before for i and f, of the c after for o.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step(float* sums, float* peepholes, float* h, float* c)
    {
        var one = TLanes.Broadcast(1);
        var before = TLanes.Load(c);
        var i = TLanes.Add(one, Functions<TVector, TLanes>.Exp2(TLanes.MultiplyAdd(TLanes.Load(peepholes), before, TLanes.Load(sums))));
        var f = TLanes.Add(one, Functions<TVector, TLanes>.Exp2(TLanes.MultiplyAdd(TLanes.Load(peepholes + TLanes.Width), before, TLanes.Load(sums + TLanes.Width))));
        var g = Functions<TVector, TLanes>.Exp2(TLanes.Load(sums + 2 * TLanes.Width));
        var input = TLanes.Multiply(i, TLanes.Add(one, g));
        var cell = TLanes.Divide(
            TLanes.MultiplyAdd(before, input, TLanes.Multiply(TLanes.Subtract(one, g), f)),
            TLanes.Multiply(input, f));
        TLanes.Store(cell, c);
        var o = TLanes.Add(one, Functions<TVector, TLanes>.Exp2(TLanes.MultiplyAdd(TLanes.Load(peepholes + 2 * TLanes.Width), cell, TLanes.Load(sums + 3 * TLanes.Width))));
        var e = Functions<TVector, TLanes>.Exp2(TLanes.Multiply(cell, TLanes.Broadcast(-2 * Functions<TVector, TLanes>.Log2E)));
        TLanes.Store(TLanes.Divide(TLanes.Subtract(one, e), TLanes.Multiply(o, TLanes.Add(one, e))), h);
    }

    /// <summary>c = f c₀ + i g, h = o tanh c. Remembers i, f, g, o and tanh c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Forward(in TapeRow row, int j)
    {
        var sums = row.Sums + j;
        var before = TLanes.Load(row.CellsBefore + j);
        var i = Functions<TVector, TLanes>.Sigmoid(TLanes.MultiplyAdd(TLanes.Load(row.Peepholes + j), before, TLanes.Load(sums)));
        var f = Functions<TVector, TLanes>.Sigmoid(TLanes.MultiplyAdd(TLanes.Load(row.Peepholes + row.Units + j), before, TLanes.Load(sums + row.Units)));
        var g = Functions<TVector, TLanes>.Tanh(TLanes.Load(sums + 2 * row.Units));
        var cell = TLanes.MultiplyAdd(f, before, TLanes.Multiply(i, g));
        var o = Functions<TVector, TLanes>.Sigmoid(TLanes.MultiplyAdd(TLanes.Load(row.Peepholes + 2 * row.Units + j), cell, TLanes.Load(sums + 3 * row.Units)));
        var tanh = Functions<TVector, TLanes>.Tanh(cell);
        TLanes.Store(i, sums);
        TLanes.Store(f, sums + row.Units);
        TLanes.Store(g, sums + 2 * row.Units);
        TLanes.Store(o, sums + 3 * row.Units);
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
        var (before, after) = (TLanes.Load(row.CellsBefore + j), TLanes.Load(row.Cells + j));

        // of o's sum: do = dh tanh(c) o (1 − o), which reaches c through p_o: dc += dh o (1 − tanh² c) + do p_o
        var dOut = TLanes.Multiply(TLanes.Multiply(TLanes.Multiply(dh, tanh), o), TLanes.Subtract(one, o));
        var dc = TLanes.MultiplyAdd(TLanes.Multiply(dh, o), TLanes.Subtract(one, TLanes.Multiply(tanh, tanh)), TLanes.Load(row.Carried + j));
        dc = TLanes.MultiplyAdd(dOut, TLanes.Load(row.Peepholes + 2 * row.Units + j), dc);

        // di = dc g i (1 − i), df = dc c₀ f (1 − f), dg = dc i (1 − g²), and dc₀ = dc f + di p_i + df p_f
        var dci = TLanes.Multiply(dc, i);
        var dcf = TLanes.Multiply(dc, f);
        var dIn = TLanes.Multiply(TLanes.Multiply(dci, g), TLanes.Subtract(one, i));
        var dForget = TLanes.Multiply(TLanes.Multiply(dcf, before), TLanes.Subtract(one, f));
        var sums = row.DSums + j;
        TLanes.Store(dIn, sums);
        TLanes.Store(dForget, sums + row.Units);
        TLanes.Store(TLanes.Multiply(dci, TLanes.Subtract(one, TLanes.Multiply(g, g))), sums + 2 * row.Units);
        TLanes.Store(dOut, sums + 3 * row.Units);
        TLanes.Store(TLanes.MultiplyAdd(dIn, TLanes.Load(row.Peepholes + j), TLanes.MultiplyAdd(dForget, TLanes.Load(row.Peepholes + row.Units + j), dcf)), row.Carried + j);

        var dp = row.PeepholeGradients + j;
        TLanes.Store(TLanes.MultiplyAdd(dIn, before, TLanes.Load(dp)), dp);
        TLanes.Store(TLanes.MultiplyAdd(dForget, before, TLanes.Load(dp + row.Units)), dp + row.Units);
        TLanes.Store(TLanes.MultiplyAdd(dOut, after, TLanes.Load(dp + 2 * row.Units)), dp + 2 * row.Units);
    }
}
