using System.Runtime.Intrinsics;

namespace StreamRnn.Nets.Kernels;

/// <summary>
/// The kernels that run on this machine and the choice among them. All but the reference give equal bits; the environment variable <c>STREAMRNN_KERNEL</c>
/// (<c>reference</c>, <c>scalar</c>, <c>simd128</c>, <c>simd256</c>, <c>simd512</c>) forces one.
/// </summary>
public static class StepKernels
{
    public const string Variable = "STREAMRNN_KERNEL";

    private static IStepKernel? s_best;

    /// <summary>The reference, then each width that the machine has, narrowest first.</summary>
    public static IReadOnlyList<IStepKernel> All { get; } = Find();

    /// <summary>The widest, or the one that the environment variable names.</summary>
    /// <exception cref="ArgumentException">The variable names a kernel that this machine has not.</exception>
    public static IStepKernel Best => s_best ??= Choose(Environment.GetEnvironmentVariable(Variable));

    /// <summary>The kernel of that name; the widest for null or an empty name.</summary>
    /// <exception cref="ArgumentException">No such kernel on this machine; the message lists those that are.</exception>
    public static IStepKernel Choose(string? name)
    {
        if (string.IsNullOrEmpty(name))
            return All[^1];
        foreach (var kernel in All)
            if (kernel.Name == name)
                return kernel;
        throw new ArgumentException($"{Variable} names the kernel '{name}'; this machine has: {string.Join(", ", All.Select(kernel => kernel.Name))}", nameof(name));
    }

    private static List<IStepKernel> Find()
    {
        List<IStepKernel> kernels = [new ReferenceKernel()];
        AddIfSupported<float, Lanes1>();
        AddIfSupported<Vector128<float>, Lanes128>();
        AddIfSupported<Vector256<float>, Lanes256>();
        AddIfSupported<Vector512<float>, Lanes512>();
        return kernels;

        void AddIfSupported<TVector, TLanes>()
            where TVector : struct
            where TLanes : struct, ILanes<TVector>
        {
            if (TLanes.IsSupported)
                kernels.Add(new BlockedKernel<TVector, TLanes>());
        }
    }
}
