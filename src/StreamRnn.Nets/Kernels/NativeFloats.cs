using System.Runtime.InteropServices;

namespace StreamRnn.Nets.Kernels;

/// <summary>float32 memory outside the collector's heap, zeroed, aligned to a cache line (64 bytes), so that no vector load straddles two lines.</summary>
internal sealed unsafe class NativeFloats : IDisposable
{
    public const nuint Alignment = 64;

    /// <summary>Floats in a cache line: rows are padded to a multiple of it.</summary>
    public const int Line = 16;

    private float* _start;

    public NativeFloats(nint length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        var bytes = (nuint)length * sizeof(float);
        var huge = bytes >= HugePages.Smallest && HugePages.Known;
        _start = (float*)NativeMemory.AlignedAlloc(Math.Max(bytes, Alignment), huge ? HugePages.Size : Alignment);
        if (huge)
            HugePages.Ask(_start, bytes); // before the first touch, which is when the pages come
        NativeMemory.Clear(_start, bytes);
    }

    ~NativeFloats() => Release();

    public nint Length { get; }

    /// <summary>The first float; null after <see cref="Dispose"/>.</summary>
    public float* Start => _start;

    public Span<float> Span => new(_start, checked((int)Length));

    /// <summary><paramref name="n"/> rounded up to whole cache lines.</summary>
    public static int Padded(int n) => (n + Line - 1) & -Line;

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        NativeMemory.AlignedFree(_start);
        _start = null;
    }
}
