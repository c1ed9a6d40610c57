using System.Runtime.CompilerServices;

namespace StreamRnn.Nets.Kernels;

/// <summary>The cell of <see cref="SimpleRnnLayer"/>: one sum.</summary>
internal readonly unsafe struct SimpleRnnCell<TVector, TLanes> : ICell<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    public static int Sums => 1;

    public static bool IsSplit => false;

    public static int Peepholes => 0;

    /// <summary>With h for its power of two: h ← (1−h) / (1+h).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step(float* sums, float* peepholes, float* h, float* c)
    {
        var one = TLanes.Broadcast(1);
        var e = Functions<TVector, TLanes>.Exp2(TLanes.Load(sums));
        TLanes.Store(TLanes.Divide(TLanes.Subtract(one, e), TLanes.Add(one, e)), h);
    }

    /// <summary>h = tanh(sum). Remembers h.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Forward(in TapeRow row, int j)
    {
        var h = Functions<TVector, TLanes>.Tanh(TLanes.Load(row.Sums + j));
        TLanes.Store(h, row.Sums + j);
        TLanes.Store(h, row.After + j);
    }

    /// <summary>Of the sum: dh (1 − h²).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Backward(in TapeRow row, int j)
    {
        var h = TLanes.Load(row.Sums + j);
        TLanes.Store(TLanes.Multiply(TLanes.Load(row.Dh + j), TLanes.Subtract(TLanes.Broadcast(1), TLanes.Multiply(h, h))), row.DSums + j);
    }
}
