using System.Runtime.CompilerServices;

namespace StreamRnn.Nets.Kernels;

/// <summary>
/// The product of two matrices, the heart of a step and of training: C = S + A·B with A (M, K), B (K, N), C and the start S (M, N).
/// One element of C is one chain of fused multiply-adds, k = 0 to K − 1, in whatever tile it falls: its bits depend neither on M nor on N nor on its place.
/// </summary>
internal static unsafe class Product<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    /// <summary>Rows of A that a tile takes together where registers allow; fewer follow for the rest.</summary>
    public static int TileRows => TLanes.HasManyRegisters ? 6 : 2;

    /// <summary>C = S + A·B.</summary>
    /// <param name="m">Rows of A and C.</param>
    /// <param name="n">Columns of B and C: a multiple of the vector's width (the caller pads).</param>
    /// <param name="k">Length of the sums.</param>
    /// <param name="a">Element (m, k) at a[m·aRow + k·aStep]: a matrix or, with the strides exchanged, its transpose.</param>
    /// <param name="b">Element (k, n) at b[k·bStep + n].</param>
    /// <param name="start">Where the sums begin: element (m, n) at start[m·startRow + n]. A stride of 0 gives every row the same bias; c itself accumulates.</param>
    /// <param name="c">Element (m, n) at c[m·cRow + n]; overwritten.</param>
    public static void Multiply(int m, int n, nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow)
    {
        var column = 0;
        for (; column + 4 * TLanes.Width <= n; column += 4 * TLanes.Width)
            Rows4(m, k, a, aRow, aStep, b + column, bStep, start + column, startRow, c + column, cRow);
        for (; column + 2 * TLanes.Width <= n; column += 2 * TLanes.Width)
            Rows2(m, k, a, aRow, aStep, b + column, bStep, start + column, startRow, c + column, cRow);
        for (; column < n; column += TLanes.Width)
            Rows1(m, k, a, aRow, aStep, b + column, bStep, start + column, startRow, c + column, cRow);
    }

    /// <summary>Every row of A with four vectors of B.</summary>
    public static void Rows4(int m, nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow)
    {
        if (TLanes.HasManyRegisters)
            for (; m >= 6; m -= 6, a += 6 * aRow, start += 6 * startRow, c += 6 * cRow)
                Tile6x4(k, a, aRow, aStep, b, bStep, start, startRow, c, cRow);
        for (; m >= 2; m -= 2, a += 2 * aRow, start += 2 * startRow, c += 2 * cRow)
            Tile2x4(k, a, aRow, aStep, b, bStep, start, startRow, c, cRow);
        if (m > 0)
            Tile1x4(k, a, aRow, aStep, b, bStep, start, startRow, c, cRow);
    }

    /// <summary>Every row of A with three vectors of B.</summary>
    public static void Rows3(int m, nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow)
    {
        if (TLanes.HasManyRegisters)
            for (; m >= 6; m -= 6, a += 6 * aRow, start += 6 * startRow, c += 6 * cRow)
                Tile6x3(k, a, aRow, aStep, b, bStep, start, startRow, c, cRow);
        for (; m > 0; m--, a += aRow, start += startRow, c += cRow)
            Tile1x3(k, a, aRow, aStep, b, bStep, start, startRow, c, cRow);
    }

    private static void Rows2(int m, nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow)
    {
        for (; m >= 6; m -= 6, a += 6 * aRow, start += 6 * startRow, c += 6 * cRow) // 12 sums, 2 weights, a broadcast: 16 registers hold them
            Tile6x2(k, a, aRow, aStep, b, bStep, start, startRow, c, cRow);
        for (; m > 0; m--, a += aRow, start += startRow, c += cRow)
            Tile1x2(k, a, aRow, aStep, b, bStep, start, startRow, c, cRow);
    }

    private static void Rows1(int m, nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow)
    {
        for (; m >= 6; m -= 6, a += 6 * aRow, start += 6 * startRow, c += 6 * cRow)
            Tile6x1(k, a, aRow, aStep, b, bStep, start, startRow, c, cRow);
        for (; m > 0; m--, a += aRow, start += startRow, c += cRow)
            Tile1x1(k, a, aRow, aStep, b, bStep, start, startRow, c, cRow);
    }

    // The tiles are compiled once and for good: without vectors in registers, as in the runtime's first quick version, a step takes twenty times as long.

    /// <summary>6 rows × 4 vectors: 24 sums in registers.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Tile6x4(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow)
    {
        var a0 = a;
        var a1 = a + aRow;
        var a2 = a + 2 * aRow;
        var a3 = a + 3 * aRow;
        var a4 = a + 4 * aRow;
        var a5 = a + 5 * aRow;
        var s00 = Load(start, 0); var s01 = Load(start, 1); var s02 = Load(start, 2); var s03 = Load(start, 3);
        var s10 = Load(start + startRow, 0); var s11 = Load(start + startRow, 1); var s12 = Load(start + startRow, 2); var s13 = Load(start + startRow, 3);
        var s20 = Load(start + 2 * startRow, 0); var s21 = Load(start + 2 * startRow, 1); var s22 = Load(start + 2 * startRow, 2); var s23 = Load(start + 2 * startRow, 3);
        var s30 = Load(start + 3 * startRow, 0); var s31 = Load(start + 3 * startRow, 1); var s32 = Load(start + 3 * startRow, 2); var s33 = Load(start + 3 * startRow, 3);
        var s40 = Load(start + 4 * startRow, 0); var s41 = Load(start + 4 * startRow, 1); var s42 = Load(start + 4 * startRow, 2); var s43 = Load(start + 4 * startRow, 3);
        var s50 = Load(start + 5 * startRow, 0); var s51 = Load(start + 5 * startRow, 1); var s52 = Load(start + 5 * startRow, 2); var s53 = Load(start + 5 * startRow, 3);
        for (nint i = 0, end = k * aStep; i != end; i += aStep)
        {
            var b0 = Load(b, 0); var b1 = Load(b, 1); var b2 = Load(b, 2); var b3 = Load(b, 3);
            var x = TLanes.Broadcast(a0[i]);
            s00 = TLanes.MultiplyAdd(x, b0, s00); s01 = TLanes.MultiplyAdd(x, b1, s01); s02 = TLanes.MultiplyAdd(x, b2, s02); s03 = TLanes.MultiplyAdd(x, b3, s03);
            x = TLanes.Broadcast(a1[i]);
            s10 = TLanes.MultiplyAdd(x, b0, s10); s11 = TLanes.MultiplyAdd(x, b1, s11); s12 = TLanes.MultiplyAdd(x, b2, s12); s13 = TLanes.MultiplyAdd(x, b3, s13);
            x = TLanes.Broadcast(a2[i]);
            s20 = TLanes.MultiplyAdd(x, b0, s20); s21 = TLanes.MultiplyAdd(x, b1, s21); s22 = TLanes.MultiplyAdd(x, b2, s22); s23 = TLanes.MultiplyAdd(x, b3, s23);
            x = TLanes.Broadcast(a3[i]);
            s30 = TLanes.MultiplyAdd(x, b0, s30); s31 = TLanes.MultiplyAdd(x, b1, s31); s32 = TLanes.MultiplyAdd(x, b2, s32); s33 = TLanes.MultiplyAdd(x, b3, s33);
            x = TLanes.Broadcast(a4[i]);
            s40 = TLanes.MultiplyAdd(x, b0, s40); s41 = TLanes.MultiplyAdd(x, b1, s41); s42 = TLanes.MultiplyAdd(x, b2, s42); s43 = TLanes.MultiplyAdd(x, b3, s43);
            x = TLanes.Broadcast(a5[i]);
            s50 = TLanes.MultiplyAdd(x, b0, s50); s51 = TLanes.MultiplyAdd(x, b1, s51); s52 = TLanes.MultiplyAdd(x, b2, s52); s53 = TLanes.MultiplyAdd(x, b3, s53);
            b += bStep;
        }

        Store(s00, c, 0); Store(s01, c, 1); Store(s02, c, 2); Store(s03, c, 3);
        Store(s10, c + cRow, 0); Store(s11, c + cRow, 1); Store(s12, c + cRow, 2); Store(s13, c + cRow, 3);
        Store(s20, c + 2 * cRow, 0); Store(s21, c + 2 * cRow, 1); Store(s22, c + 2 * cRow, 2); Store(s23, c + 2 * cRow, 3);
        Store(s30, c + 3 * cRow, 0); Store(s31, c + 3 * cRow, 1); Store(s32, c + 3 * cRow, 2); Store(s33, c + 3 * cRow, 3);
        Store(s40, c + 4 * cRow, 0); Store(s41, c + 4 * cRow, 1); Store(s42, c + 4 * cRow, 2); Store(s43, c + 4 * cRow, 3);
        Store(s50, c + 5 * cRow, 0); Store(s51, c + 5 * cRow, 1); Store(s52, c + 5 * cRow, 2); Store(s53, c + 5 * cRow, 3);
    }

    /// <summary>2 rows × 4 vectors: 8 sums in registers.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x4(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow)
    {
        var a0 = a;
        var a1 = a + aRow;
        var s00 = Load(start, 0); var s01 = Load(start, 1); var s02 = Load(start, 2); var s03 = Load(start, 3);
        var s10 = Load(start + startRow, 0); var s11 = Load(start + startRow, 1); var s12 = Load(start + startRow, 2); var s13 = Load(start + startRow, 3);
        for (nint i = 0, end = k * aStep; i != end; i += aStep)
        {
            var b0 = Load(b, 0); var b1 = Load(b, 1); var b2 = Load(b, 2); var b3 = Load(b, 3);
            var x = TLanes.Broadcast(a0[i]);
            s00 = TLanes.MultiplyAdd(x, b0, s00); s01 = TLanes.MultiplyAdd(x, b1, s01); s02 = TLanes.MultiplyAdd(x, b2, s02); s03 = TLanes.MultiplyAdd(x, b3, s03);
            x = TLanes.Broadcast(a1[i]);
            s10 = TLanes.MultiplyAdd(x, b0, s10); s11 = TLanes.MultiplyAdd(x, b1, s11); s12 = TLanes.MultiplyAdd(x, b2, s12); s13 = TLanes.MultiplyAdd(x, b3, s13);
            b += bStep;
        }

        Store(s00, c, 0); Store(s01, c, 1); Store(s02, c, 2); Store(s03, c, 3);
        Store(s10, c + cRow, 0); Store(s11, c + cRow, 1); Store(s12, c + cRow, 2); Store(s13, c + cRow, 3);
    }

    /// <summary>1 row × 4 vectors: 4 sums in registers.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x4(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow)
    {
        var a0 = a;
        var s00 = Load(start, 0); var s01 = Load(start, 1); var s02 = Load(start, 2); var s03 = Load(start, 3);
        for (nint i = 0, end = k * aStep; i != end; i += aStep)
        {
            var b0 = Load(b, 0); var b1 = Load(b, 1); var b2 = Load(b, 2); var b3 = Load(b, 3);
            var x = TLanes.Broadcast(a0[i]);
            s00 = TLanes.MultiplyAdd(x, b0, s00); s01 = TLanes.MultiplyAdd(x, b1, s01); s02 = TLanes.MultiplyAdd(x, b2, s02); s03 = TLanes.MultiplyAdd(x, b3, s03);
            b += bStep;
        }

        Store(s00, c, 0); Store(s01, c, 1); Store(s02, c, 2); Store(s03, c, 3);
    }

    /// <summary>6 rows × 3 vectors: 18 sums in registers.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Tile6x3(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow)
    {
        var a0 = a;
        var a1 = a + aRow;
        var a2 = a + 2 * aRow;
        var a3 = a + 3 * aRow;
        var a4 = a + 4 * aRow;
        var a5 = a + 5 * aRow;
        var s00 = Load(start, 0); var s01 = Load(start, 1); var s02 = Load(start, 2);
        var s10 = Load(start + startRow, 0); var s11 = Load(start + startRow, 1); var s12 = Load(start + startRow, 2);
        var s20 = Load(start + 2 * startRow, 0); var s21 = Load(start + 2 * startRow, 1); var s22 = Load(start + 2 * startRow, 2);
        var s30 = Load(start + 3 * startRow, 0); var s31 = Load(start + 3 * startRow, 1); var s32 = Load(start + 3 * startRow, 2);
        var s40 = Load(start + 4 * startRow, 0); var s41 = Load(start + 4 * startRow, 1); var s42 = Load(start + 4 * startRow, 2);
        var s50 = Load(start + 5 * startRow, 0); var s51 = Load(start + 5 * startRow, 1); var s52 = Load(start + 5 * startRow, 2);
        for (nint i = 0, end = k * aStep; i != end; i += aStep)
        {
            var b0 = Load(b, 0); var b1 = Load(b, 1); var b2 = Load(b, 2);
            var x = TLanes.Broadcast(a0[i]);
            s00 = TLanes.MultiplyAdd(x, b0, s00); s01 = TLanes.MultiplyAdd(x, b1, s01); s02 = TLanes.MultiplyAdd(x, b2, s02);
            x = TLanes.Broadcast(a1[i]);
            s10 = TLanes.MultiplyAdd(x, b0, s10); s11 = TLanes.MultiplyAdd(x, b1, s11); s12 = TLanes.MultiplyAdd(x, b2, s12);
            x = TLanes.Broadcast(a2[i]);
            s20 = TLanes.MultiplyAdd(x, b0, s20); s21 = TLanes.MultiplyAdd(x, b1, s21); s22 = TLanes.MultiplyAdd(x, b2, s22);
            x = TLanes.Broadcast(a3[i]);
            s30 = TLanes.MultiplyAdd(x, b0, s30); s31 = TLanes.MultiplyAdd(x, b1, s31); s32 = TLanes.MultiplyAdd(x, b2, s32);
            x = TLanes.Broadcast(a4[i]);
            s40 = TLanes.MultiplyAdd(x, b0, s40); s41 = TLanes.MultiplyAdd(x, b1, s41); s42 = TLanes.MultiplyAdd(x, b2, s42);
            x = TLanes.Broadcast(a5[i]);
            s50 = TLanes.MultiplyAdd(x, b0, s50); s51 = TLanes.MultiplyAdd(x, b1, s51); s52 = TLanes.MultiplyAdd(x, b2, s52);
            b += bStep;
        }

        Store(s00, c, 0); Store(s01, c, 1); Store(s02, c, 2);
        Store(s10, c + cRow, 0); Store(s11, c + cRow, 1); Store(s12, c + cRow, 2);
        Store(s20, c + 2 * cRow, 0); Store(s21, c + 2 * cRow, 1); Store(s22, c + 2 * cRow, 2);
        Store(s30, c + 3 * cRow, 0); Store(s31, c + 3 * cRow, 1); Store(s32, c + 3 * cRow, 2);
        Store(s40, c + 4 * cRow, 0); Store(s41, c + 4 * cRow, 1); Store(s42, c + 4 * cRow, 2);
        Store(s50, c + 5 * cRow, 0); Store(s51, c + 5 * cRow, 1); Store(s52, c + 5 * cRow, 2);
    }

    /// <summary>1 row × 3 vectors: 3 sums in registers.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x3(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow)
    {
        var a0 = a;
        var s00 = Load(start, 0); var s01 = Load(start, 1); var s02 = Load(start, 2);
        for (nint i = 0, end = k * aStep; i != end; i += aStep)
        {
            var b0 = Load(b, 0); var b1 = Load(b, 1); var b2 = Load(b, 2);
            var x = TLanes.Broadcast(a0[i]);
            s00 = TLanes.MultiplyAdd(x, b0, s00); s01 = TLanes.MultiplyAdd(x, b1, s01); s02 = TLanes.MultiplyAdd(x, b2, s02);
            b += bStep;
        }

        Store(s00, c, 0); Store(s01, c, 1); Store(s02, c, 2);
    }

    /// <summary>6 rows × 2 vectors: 12 sums in registers.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Tile6x2(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow)
    {
        var a0 = a;
        var a1 = a + aRow;
        var a2 = a + 2 * aRow;
        var a3 = a + 3 * aRow;
        var a4 = a + 4 * aRow;
        var a5 = a + 5 * aRow;
        var s00 = Load(start, 0); var s01 = Load(start, 1);
        var s10 = Load(start + startRow, 0); var s11 = Load(start + startRow, 1);
        var s20 = Load(start + 2 * startRow, 0); var s21 = Load(start + 2 * startRow, 1);
        var s30 = Load(start + 3 * startRow, 0); var s31 = Load(start + 3 * startRow, 1);
        var s40 = Load(start + 4 * startRow, 0); var s41 = Load(start + 4 * startRow, 1);
        var s50 = Load(start + 5 * startRow, 0); var s51 = Load(start + 5 * startRow, 1);
        for (nint i = 0, end = k * aStep; i != end; i += aStep)
        {
            var b0 = Load(b, 0); var b1 = Load(b, 1);
            var x = TLanes.Broadcast(a0[i]);
            s00 = TLanes.MultiplyAdd(x, b0, s00); s01 = TLanes.MultiplyAdd(x, b1, s01);
            x = TLanes.Broadcast(a1[i]);
            s10 = TLanes.MultiplyAdd(x, b0, s10); s11 = TLanes.MultiplyAdd(x, b1, s11);
            x = TLanes.Broadcast(a2[i]);
            s20 = TLanes.MultiplyAdd(x, b0, s20); s21 = TLanes.MultiplyAdd(x, b1, s21);
            x = TLanes.Broadcast(a3[i]);
            s30 = TLanes.MultiplyAdd(x, b0, s30); s31 = TLanes.MultiplyAdd(x, b1, s31);
            x = TLanes.Broadcast(a4[i]);
            s40 = TLanes.MultiplyAdd(x, b0, s40); s41 = TLanes.MultiplyAdd(x, b1, s41);
            x = TLanes.Broadcast(a5[i]);
            s50 = TLanes.MultiplyAdd(x, b0, s50); s51 = TLanes.MultiplyAdd(x, b1, s51);
            b += bStep;
        }

        Store(s00, c, 0); Store(s01, c, 1);
        Store(s10, c + cRow, 0); Store(s11, c + cRow, 1);
        Store(s20, c + 2 * cRow, 0); Store(s21, c + 2 * cRow, 1);
        Store(s30, c + 3 * cRow, 0); Store(s31, c + 3 * cRow, 1);
        Store(s40, c + 4 * cRow, 0); Store(s41, c + 4 * cRow, 1);
        Store(s50, c + 5 * cRow, 0); Store(s51, c + 5 * cRow, 1);
    }

    /// <summary>1 row × 2 vectors: 2 sums in registers.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x2(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow)
    {
        var a0 = a;
        var s00 = Load(start, 0); var s01 = Load(start, 1);
        for (nint i = 0, end = k * aStep; i != end; i += aStep)
        {
            var b0 = Load(b, 0); var b1 = Load(b, 1);
            var x = TLanes.Broadcast(a0[i]);
            s00 = TLanes.MultiplyAdd(x, b0, s00); s01 = TLanes.MultiplyAdd(x, b1, s01);
            b += bStep;
        }

        Store(s00, c, 0); Store(s01, c, 1);
    }

    /// <summary>6 rows × 1 vector: 6 sums in registers.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Tile6x1(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow)
    {
        var a0 = a;
        var a1 = a + aRow;
        var a2 = a + 2 * aRow;
        var a3 = a + 3 * aRow;
        var a4 = a + 4 * aRow;
        var a5 = a + 5 * aRow;
        var s00 = Load(start, 0);
        var s10 = Load(start + startRow, 0);
        var s20 = Load(start + 2 * startRow, 0);
        var s30 = Load(start + 3 * startRow, 0);
        var s40 = Load(start + 4 * startRow, 0);
        var s50 = Load(start + 5 * startRow, 0);
        for (nint i = 0, end = k * aStep; i != end; i += aStep)
        {
            var b0 = Load(b, 0);
            var x = TLanes.Broadcast(a0[i]);
            s00 = TLanes.MultiplyAdd(x, b0, s00);
            x = TLanes.Broadcast(a1[i]);
            s10 = TLanes.MultiplyAdd(x, b0, s10);
            x = TLanes.Broadcast(a2[i]);
            s20 = TLanes.MultiplyAdd(x, b0, s20);
            x = TLanes.Broadcast(a3[i]);
            s30 = TLanes.MultiplyAdd(x, b0, s30);
            x = TLanes.Broadcast(a4[i]);
            s40 = TLanes.MultiplyAdd(x, b0, s40);
            x = TLanes.Broadcast(a5[i]);
            s50 = TLanes.MultiplyAdd(x, b0, s50);
            b += bStep;
        }

        Store(s00, c, 0);
        Store(s10, c + cRow, 0);
        Store(s20, c + 2 * cRow, 0);
        Store(s30, c + 3 * cRow, 0);
        Store(s40, c + 4 * cRow, 0);
        Store(s50, c + 5 * cRow, 0);
    }

    /// <summary>1 row × 1 vector: 1 sum in registers.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x1(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow)
    {
        var a0 = a;
        var s00 = Load(start, 0);
        for (nint i = 0, end = k * aStep; i != end; i += aStep)
        {
            var b0 = Load(b, 0);
            var x = TLanes.Broadcast(a0[i]);
            s00 = TLanes.MultiplyAdd(x, b0, s00);
            b += bStep;
        }

        Store(s00, c, 0);
    }

    /// <summary>One row of A with four vectors each of two matrices, whose first rows are the starts: c (2, 4 vectors).</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Row4Twice(nint k, float* a, float* first, float* second, float* c)
    {
        var s0 = Load(first, 0); var s1 = Load(first, 1); var s2 = Load(first, 2); var s3 = Load(first, 3);
        var t0 = Load(second, 0); var t1 = Load(second, 1); var t2 = Load(second, 2); var t3 = Load(second, 3);
        for (nint i = 0; i != k; i++)
        {
            first += 4 * TLanes.Width;
            second += 4 * TLanes.Width;
            var x = TLanes.Broadcast(a[i]);
            s0 = TLanes.MultiplyAdd(x, Load(first, 0), s0); s1 = TLanes.MultiplyAdd(x, Load(first, 1), s1);
            s2 = TLanes.MultiplyAdd(x, Load(first, 2), s2); s3 = TLanes.MultiplyAdd(x, Load(first, 3), s3);
            t0 = TLanes.MultiplyAdd(x, Load(second, 0), t0); t1 = TLanes.MultiplyAdd(x, Load(second, 1), t1);
            t2 = TLanes.MultiplyAdd(x, Load(second, 2), t2); t3 = TLanes.MultiplyAdd(x, Load(second, 3), t3);
        }

        Store(s0, c, 0); Store(s1, c, 1); Store(s2, c, 2); Store(s3, c, 3);
        Store(t0, c, 4); Store(t1, c, 5); Store(t2, c, 6); Store(t3, c, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Load(float* row, int vector) => TLanes.Load(row + vector * TLanes.Width);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TVector sums, float* row, int vector) => TLanes.Store(sums, row + vector * TLanes.Width);
}
