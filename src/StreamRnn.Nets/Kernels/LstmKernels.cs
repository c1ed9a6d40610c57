using System.Runtime.Intrinsics;

namespace StreamRnn.Nets.Kernels;

/// <summary>
/// The kernels that run on this machine and the choice among them. The vector kernels give equal bits at every width; the environment variable <c>STREAMRNN_KERNEL</c>
/// (<c>reference</c>, <c>simd128</c>, <c>simd256</c>, <c>simd512</c>) forces one.
/// </summary>
public static class LstmKernels
{
    public const string Variable = "STREAMRNN_KERNEL";

    private static ILstmKernel? s_best;

    /// <summary>Slowest first: the reference, then each width that the machine has.</summary>
    public static IReadOnlyList<ILstmKernel> All { get; } = Find();

    /// <summary>The widest, or the one that the environment variable names.</summary>
    /// <exception cref="ArgumentException">The variable names a kernel that this machine has not.</exception>
    public static ILstmKernel Best => s_best ??= Choose(Environment.GetEnvironmentVariable(Variable));

    /// <summary>The kernel of that name; the widest for null or an empty name.</summary>
    /// <exception cref="ArgumentException">No such kernel on this machine; the message lists those that are.</exception>
    public static ILstmKernel Choose(string? name)
    {
        if (string.IsNullOrEmpty(name))
            return All[^1];
        foreach (var kernel in All)
            if (kernel.Name == name)
                return kernel;
        throw new ArgumentException($"{Variable} names the kernel '{name}'; this machine has: {string.Join(", ", All.Select(kernel => kernel.Name))}", nameof(name));
    }

    private static List<ILstmKernel> Find()
    {
        List<ILstmKernel> kernels = [new ReferenceLstm()];
        AddIfSupported<Vector128<float>, Lanes128>();
        AddIfSupported<Vector256<float>, Lanes256>();
        AddIfSupported<Vector512<float>, Lanes512>();
        return kernels;

        void AddIfSupported<TVector, TLanes>()
            where TVector : struct
            where TLanes : struct, ILanes<TVector>
        {
            if (TLanes.IsSupported)
                kernels.Add(new BlockedLstm<TVector, TLanes>());
        }
    }
}
