using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace StreamRnn.Benchmarks.Kernels;

/// <summary>The most floating-point operations a second that one core does: fused multiply-adds between registers, nothing else.</summary>
/// <param name="Of512">GFLOP/s with 512-bit vectors, or 0 where the machine has none; likewise the others.</param>
internal readonly record struct FmaPeak(double Of128, double Of256, double Of512)
{
    private const int Loops = 4096;
    private const int Rounds = 300;

    private static float s_kept;

    public double Highest => Math.Max(Of128, Math.Max(Of256, Of512));

    public static FmaPeak Measure() => new(
        12 * 4 * 2.0 * Loops / Table.BestNanoseconds(static () => s_kept = Run128(), Rounds, 1),
        Vector256.IsHardwareAccelerated ? 12 * 8 * 2.0 * Loops / Table.BestNanoseconds(static () => s_kept = Run256(), Rounds, 1) : 0,
        Vector512.IsHardwareAccelerated ? 16 * 16 * 2.0 * Loops / Table.BestNanoseconds(static () => s_kept = Run512(), Rounds, 1) : 0);

    /// <summary>One run of the loop with the widest vectors, and the operations that it is: to be timed in turns with what is held against the peak.</summary>
    public static (Action Run, double Operations) Widest =>
        Vector512.IsHardwareAccelerated ? (static () => s_kept = Run512(), 16 * 16 * 2.0 * Loops)
        : Vector256.IsHardwareAccelerated ? (static () => s_kept = Run256(), 12 * 8 * 2.0 * Loops)
        : (static () => s_kept = Run128(), 12 * 4 * 2.0 * Loops);

    /// <summary>The higher of two measurements, width by width.</summary>
    public FmaPeak Or(FmaPeak other) => new(Math.Max(Of128, other.Of128), Math.Max(Of256, other.Of256), Math.Max(Of512, other.Of512));

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Run512()
    {
        var (a, b) = (Vector512.Create(0.999f), Vector512.Create(s_kept * 0 + 0.001f));
        var s0 = b; var s1 = b; var s2 = b; var s3 = b;
        var s4 = b; var s5 = b; var s6 = b; var s7 = b;
        var s8 = b; var s9 = b; var s10 = b; var s11 = b;
        var s12 = b; var s13 = b; var s14 = b; var s15 = b;
        for (var n = 0; n < Loops; n++)
        {
            s0 = Vector512.FusedMultiplyAdd(s0, a, b); s1 = Vector512.FusedMultiplyAdd(s1, a, b);
            s2 = Vector512.FusedMultiplyAdd(s2, a, b); s3 = Vector512.FusedMultiplyAdd(s3, a, b);
            s4 = Vector512.FusedMultiplyAdd(s4, a, b); s5 = Vector512.FusedMultiplyAdd(s5, a, b);
            s6 = Vector512.FusedMultiplyAdd(s6, a, b); s7 = Vector512.FusedMultiplyAdd(s7, a, b);
            s8 = Vector512.FusedMultiplyAdd(s8, a, b); s9 = Vector512.FusedMultiplyAdd(s9, a, b);
            s10 = Vector512.FusedMultiplyAdd(s10, a, b); s11 = Vector512.FusedMultiplyAdd(s11, a, b);
            s12 = Vector512.FusedMultiplyAdd(s12, a, b); s13 = Vector512.FusedMultiplyAdd(s13, a, b);
            s14 = Vector512.FusedMultiplyAdd(s14, a, b); s15 = Vector512.FusedMultiplyAdd(s15, a, b);
        }

        return Vector512.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11 + s12 + s13 + s14 + s15);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Run256()
    {
        var (a, b) = (Vector256.Create(0.999f), Vector256.Create(s_kept * 0 + 0.001f));
        var s0 = b; var s1 = b; var s2 = b; var s3 = b;
        var s4 = b; var s5 = b; var s6 = b; var s7 = b;
        var s8 = b; var s9 = b; var s10 = b; var s11 = b;
        for (var n = 0; n < Loops; n++)
        {
            s0 = Vector256.FusedMultiplyAdd(s0, a, b); s1 = Vector256.FusedMultiplyAdd(s1, a, b);
            s2 = Vector256.FusedMultiplyAdd(s2, a, b); s3 = Vector256.FusedMultiplyAdd(s3, a, b);
            s4 = Vector256.FusedMultiplyAdd(s4, a, b); s5 = Vector256.FusedMultiplyAdd(s5, a, b);
            s6 = Vector256.FusedMultiplyAdd(s6, a, b); s7 = Vector256.FusedMultiplyAdd(s7, a, b);
            s8 = Vector256.FusedMultiplyAdd(s8, a, b); s9 = Vector256.FusedMultiplyAdd(s9, a, b);
            s10 = Vector256.FusedMultiplyAdd(s10, a, b); s11 = Vector256.FusedMultiplyAdd(s11, a, b);
        }

        return Vector256.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Run128()
    {
        var (a, b) = (Vector128.Create(0.999f), Vector128.Create(s_kept * 0 + 0.001f));
        var s0 = b; var s1 = b; var s2 = b; var s3 = b;
        var s4 = b; var s5 = b; var s6 = b; var s7 = b;
        var s8 = b; var s9 = b; var s10 = b; var s11 = b;
        for (var n = 0; n < Loops; n++)
        {
            s0 = Vector128.FusedMultiplyAdd(s0, a, b); s1 = Vector128.FusedMultiplyAdd(s1, a, b);
            s2 = Vector128.FusedMultiplyAdd(s2, a, b); s3 = Vector128.FusedMultiplyAdd(s3, a, b);
            s4 = Vector128.FusedMultiplyAdd(s4, a, b); s5 = Vector128.FusedMultiplyAdd(s5, a, b);
            s6 = Vector128.FusedMultiplyAdd(s6, a, b); s7 = Vector128.FusedMultiplyAdd(s7, a, b);
            s8 = Vector128.FusedMultiplyAdd(s8, a, b); s9 = Vector128.FusedMultiplyAdd(s9, a, b);
            s10 = Vector128.FusedMultiplyAdd(s10, a, b); s11 = Vector128.FusedMultiplyAdd(s11, a, b);
        }

        return Vector128.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11);
    }
}
