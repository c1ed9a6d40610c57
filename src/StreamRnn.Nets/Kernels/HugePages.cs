using System.Runtime.InteropServices;

namespace StreamRnn.Nets.Kernels;

/// <summary>
/// Pages of 2 MB for large blocks: rows in random order then miss the caches but not the table of pages as well. Linux gives them to those who ask, if its transparent huge pages are set to
/// <c>madvise</c> or <c>always</c>; where it does not, and on other systems, memory is as it always was.
/// </summary>
internal static unsafe class HugePages
{
    public const nuint Size = 2 << 20;

    /// <summary>Blocks below that fit what the processor's own table of pages holds.</summary>
    public const nuint Smallest = 8 * Size;

    private const int MadvHugepage = 14;

    private static readonly delegate* unmanaged<void*, nuint, int, int> s_madvise = Find();

    /// <summary>Whether there is somebody to ask.</summary>
    public static bool Known => s_madvise != null;

    /// <summary>Asks for huge pages under a block that begins on a multiple of <see cref="Size"/>. The answer may be no: nothing but speed depends on it.</summary>
    public static void Ask(void* start, nuint bytes) => _ = s_madvise(start, bytes & ~(Size - 1), MadvHugepage);

    private static delegate* unmanaged<void*, nuint, int, int> Find() =>
        OperatingSystem.IsLinux() && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "madvise", out var madvise)
            ? (delegate* unmanaged<void*, nuint, int, int>)madvise
            : null;
}
