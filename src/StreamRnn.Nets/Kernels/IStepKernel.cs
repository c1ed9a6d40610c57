namespace StreamRnn.Nets.Kernels;

/// <summary>One way to compute the step of a recurrent layer. Tests and benchmarks enumerate <see cref="StepKernels.All"/>.</summary>
public interface IStepKernel
{
    /// <summary>As in the environment variable <c>STREAMRNN_KERNEL</c>.</summary>
    string Name { get; }

    /// <summary>Copies the layer's weights into the order that this kernel reads.</summary>
    RecurrentStep Prepare(RecurrentLayer layer);
}
