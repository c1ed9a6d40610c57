using System.Runtime.Intrinsics;

namespace StreamRnn.Nets.Kernels;

/// <summary>What training and dense layers need of one vector width, behind virtual calls that are few and long. Sizes named padded are multiples of 16 floats, rows start on cache lines.</summary>
internal abstract unsafe class VectorKernel
{
    private static VectorKernel? s_best;

    /// <summary>The width that <see cref="StepKernels.Best"/> has; one lane where that is the reference.</summary>
    public static VectorKernel Best => s_best ??= StepKernels.Best.Name switch
    {
        "simd512" => new VectorKernel<Vector512<float>, Lanes512>(),
        "simd256" => new VectorKernel<Vector256<float>, Lanes256>(),
        "simd128" => new VectorKernel<Vector128<float>, Lanes128>(),
        _ => new VectorKernel<float, Lanes1>(),
    };

    /// <summary>C = S + A·B, see <see cref="Product{TVector,TLanes}.Multiply"/>; n padded.</summary>
    public abstract void Multiply(int m, int n, nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow);

    /// <summary>The layer's cell at this width.</summary>
    public abstract CellKernel Cell(RecurrentLayer layer);

    /// <summary>Applies an activation to n values in place; n padded.</summary>
    public abstract void Activate(Activation activation, nint n, float* y);

    /// <summary>Multiplies d by the activation's derivative, told from its output y; n padded.</summary>
    public abstract void ActivateBackward(Activation activation, nint n, float* y, float* d);
}

internal sealed unsafe class VectorKernel<TVector, TLanes> : VectorKernel
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    public override void Multiply(int m, int n, nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow)
        => Product<TVector, TLanes>.Multiply(m, n, k, a, aRow, aStep, b, bStep, start, startRow, c, cRow);

    public override CellKernel Cell(RecurrentLayer layer) => layer.Cell<TVector, TLanes>();

    public override void Activate(Activation activation, nint n, float* y)
    {
        switch (activation)
        {
            case Activation.Relu:
                for (nint i = 0; i < n; i += TLanes.Width)
                    TLanes.Store(TLanes.Max(TLanes.Load(y + i), TLanes.Broadcast(0)), y + i);
                break;
            case Activation.Tanh:
                for (nint i = 0; i < n; i += TLanes.Width)
                    TLanes.Store(Functions<TVector, TLanes>.Tanh(TLanes.Load(y + i)), y + i);
                break;
            case Activation.Sigmoid:
                for (nint i = 0; i < n; i += TLanes.Width)
                    TLanes.Store(Functions<TVector, TLanes>.Sigmoid(TLanes.Load(y + i)), y + i);
                break;
        }
    }

    public override void ActivateBackward(Activation activation, nint n, float* y, float* d)
    {
        switch (activation)
        {
            case Activation.Relu:
                for (nint i = 0; i < n; i += TLanes.Width)
                    TLanes.Store(TLanes.WherePositive(TLanes.Load(y + i), TLanes.Load(d + i)), d + i);
                break;
            case Activation.Tanh:
                for (nint i = 0; i < n; i += TLanes.Width)
                {
                    var tanh = TLanes.Load(y + i);
                    TLanes.Store(TLanes.Multiply(TLanes.Load(d + i), TLanes.Subtract(TLanes.Broadcast(1), TLanes.Multiply(tanh, tanh))), d + i);
                }

                break;
            case Activation.Sigmoid:
                for (nint i = 0; i < n; i += TLanes.Width)
                {
                    var sigmoid = TLanes.Load(y + i);
                    TLanes.Store(TLanes.Multiply(TLanes.Load(d + i), TLanes.Multiply(sigmoid, TLanes.Subtract(TLanes.Broadcast(1), sigmoid))), d + i);
                }

                break;
        }
    }
}
