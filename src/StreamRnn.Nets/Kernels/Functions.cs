using System.Runtime.CompilerServices;

namespace StreamRnn.Nets.Kernels;

/// <summary>2^t, the logistic function and tanh on whole vectors; exactly rounded operations only, hence the same bits at every width.</summary>
internal static class Functions<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    /// <summary>1 / ln 2.</summary>
    public const float Log2E = 1.442695040888963f;

    /// <summary>Beyond ±40, 1/(1 + 2^t) is 0 or 1 in float32, and three factors 1 + 2^40 times a cell state still fit below 3e38.</summary>
    private const float Limit = 40;

    /// <summary>2^t, t clamped to ±40: n = round(t), a polynomial of degree 6 on |t − n| ≤ ½ (minimax, relative error 2e-9 before rounding), a scale by 2^n.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp2(TVector t)
    {
        t = TLanes.Max(TLanes.Min(t, TLanes.Broadcast(Limit)), TLanes.Broadcast(-Limit));
        var n = TLanes.Round(t);
        var f = TLanes.Subtract(t, n);
        var p = TLanes.MultiplyAdd(f, TLanes.Broadcast(0.000153458120042038f), TLanes.Broadcast(0.0013399931219343839f));
        p = TLanes.MultiplyAdd(f, p, TLanes.Broadcast(0.009618488957112786f));
        p = TLanes.MultiplyAdd(f, p, TLanes.Broadcast(0.05550328776964845f));
        p = TLanes.MultiplyAdd(f, p, TLanes.Broadcast(0.24022646890634128f));
        p = TLanes.MultiplyAdd(f, p, TLanes.Broadcast(0.6931472057372677f));
        p = TLanes.MultiplyAdd(f, p, TLanes.Broadcast(1f));
        return TLanes.Scale(p, n);
    }

    /// <summary>1 / (1 + e^−z).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sigmoid(TVector z)
    {
        var one = TLanes.Broadcast(1);
        return TLanes.Divide(one, TLanes.Add(one, Exp2(TLanes.Multiply(z, TLanes.Broadcast(-Log2E)))));
    }

    /// <summary>(1 − e^−2z) / (1 + e^−2z); absolute error about 1e-7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Tanh(TVector z)
    {
        var one = TLanes.Broadcast(1);
        var e = Exp2(TLanes.Multiply(z, TLanes.Broadcast(-2 * Log2E)));
        return TLanes.Divide(TLanes.Subtract(one, e), TLanes.Add(one, e));
    }
}
