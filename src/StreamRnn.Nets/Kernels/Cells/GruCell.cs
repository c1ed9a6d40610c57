using System.Runtime.CompilerServices;

namespace StreamRnn.Nets.Kernels;

/// <summary>The cell of <see cref="GruLayer"/>: sums n (x alone), r, z, m (h alone).</summary>
internal readonly unsafe struct GruCell<TVector, TLanes> : ICell<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    public static int Sums => 4;

    public static bool IsSplit => true;

    public static int Peepholes => 0;

    /// <summary>
    /// With r, z and n for their powers of two: n's exponent is n + m/(1+r), and h ← (z (1−n) + h (1+n)) / ((1+z)(1+n)): two divisions.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step(float* sums, float* peepholes, float* h, float* c)
    {
        var one = TLanes.Broadcast(1);
        var r = TLanes.Add(one, Functions<TVector, TLanes>.Exp2(TLanes.Load(sums + TLanes.Width)));
        var z = Functions<TVector, TLanes>.Exp2(TLanes.Load(sums + 2 * TLanes.Width));
        var n = Functions<TVector, TLanes>.Exp2(TLanes.Add(TLanes.Load(sums), TLanes.Divide(TLanes.Load(sums + 3 * TLanes.Width), r)));
        var whole = TLanes.Add(one, n);
        var above = TLanes.MultiplyAdd(TLanes.Load(h), whole, TLanes.Multiply(z, TLanes.Subtract(one, n)));
        TLanes.Store(TLanes.Divide(above, TLanes.Multiply(TLanes.Add(one, z), whole)), h);
    }

    /// <summary>n = tanh(sum + r m), h = n + z (h₀ − n). Remembers n, r, z, m.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Forward(in TapeRow row, int j)
    {
        var sums = row.Sums + j;
        var r = Functions<TVector, TLanes>.Sigmoid(TLanes.Load(sums + row.Units));
        var z = Functions<TVector, TLanes>.Sigmoid(TLanes.Load(sums + 2 * row.Units));
        var n = Functions<TVector, TLanes>.Tanh(TLanes.MultiplyAdd(r, TLanes.Load(sums + 3 * row.Units), TLanes.Load(sums)));
        TLanes.Store(n, sums);
        TLanes.Store(r, sums + row.Units);
        TLanes.Store(z, sums + 2 * row.Units);
        TLanes.Store(TLanes.MultiplyAdd(z, TLanes.Subtract(TLanes.Load(row.Before + j), n), n), row.After + j);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Backward(in TapeRow row, int j)
    {
        var one = TLanes.Broadcast(1);
        var n = TLanes.Load(row.Sums + j);
        var r = TLanes.Load(row.Sums + row.Units + j);
        var z = TLanes.Load(row.Sums + 2 * row.Units + j);
        var m = TLanes.Load(row.Sums + 3 * row.Units + j);
        var dh = TLanes.Add(TLanes.Load(row.Dh + j), TLanes.Load(row.Carried + j));

        // of the sums: dn = dh (1 − z)(1 − n²), dm = dn r, dr = dn m r (1 − r), dz = dh (h₀ − n) z (1 − z); and h₀ itself has dh z
        var dhz = TLanes.Multiply(dh, z);
        var dn = TLanes.Multiply(TLanes.Subtract(dh, dhz), TLanes.Subtract(one, TLanes.Multiply(n, n)));
        var dm = TLanes.Multiply(dn, r);
        var sums = row.DSums + j;
        TLanes.Store(dn, sums);
        TLanes.Store(TLanes.Multiply(TLanes.Multiply(dm, m), TLanes.Subtract(one, r)), sums + row.Units);
        TLanes.Store(TLanes.Multiply(TLanes.Multiply(dhz, TLanes.Subtract(TLanes.Load(row.Before + j), n)), TLanes.Subtract(one, z)), sums + 2 * row.Units);
        TLanes.Store(dm, sums + 3 * row.Units);
        TLanes.Store(dhz, row.Carried + j);
    }
}
