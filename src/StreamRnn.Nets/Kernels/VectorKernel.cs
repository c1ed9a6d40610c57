using System.Runtime.Intrinsics;

namespace StreamRnn.Nets.Kernels;

/// <summary>What training and dense layers need of one vector width, behind virtual calls that are few and long. Sizes named padded are multiples of 16 floats, rows start on cache lines.</summary>
internal abstract unsafe class VectorKernel
{
    private static VectorKernel? s_best;

    /// <summary>The width that <see cref="LstmKernels.Best"/> has; the narrowest where that is the scalar reference.</summary>
    public static VectorKernel Best => s_best ??= LstmKernels.Best.Name switch
    {
        "simd512" => new VectorKernel<Vector512<float>, Lanes512>(),
        "simd256" => new VectorKernel<Vector256<float>, Lanes256>(),
        _ => new VectorKernel<Vector128<float>, Lanes128>(),
    };

    /// <summary>C = S + A·B, see <see cref="Product{TVector,TLanes}.Multiply"/>; n padded.</summary>
    public abstract void Multiply(int m, int n, nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* start, nint startRow, float* c, nint cRow);

    /// <summary>
    /// The gates of a batch: <paramref name="z"/> (B, 4H) holds sums and is overwritten by i, f, g, o; then c = f c₀ + i g, t = tanh c, h = o t.
    /// </summary>
    /// <param name="units">H, padded; so are the rows of z, c and t.</param>
    /// <param name="h">Row b at h + b·hRow.</param>
    public abstract void LstmForward(int batch, int units, float* z, float* before, float* c, float* t, float* h, nint hRow);

    /// <summary>
    /// The gates of a batch backwards, for one step: from dh and dc (B, H) to dz (B, 4H), the gradient of the sums; dc becomes the gradient of the cell state before the step.
    /// </summary>
    public abstract void LstmBackward(int batch, int units, float* gates, float* before, float* t, float* dh, float* dc, float* dz);

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

    public override void LstmForward(int batch, int units, float* z, float* before, float* c, float* t, float* h, nint hRow)
    {
        for (var row = 0; row < batch; row++, z += 4 * units, before += units, c += units, t += units, h += hRow)
            for (var j = 0; j < units; j += TLanes.Width)
            {
                var i = Functions<TVector, TLanes>.Sigmoid(TLanes.Load(z + j));
                var f = Functions<TVector, TLanes>.Sigmoid(TLanes.Load(z + units + j));
                var g = Functions<TVector, TLanes>.Tanh(TLanes.Load(z + 2 * units + j));
                var o = Functions<TVector, TLanes>.Sigmoid(TLanes.Load(z + 3 * units + j));
                TLanes.Store(i, z + j);
                TLanes.Store(f, z + units + j);
                TLanes.Store(g, z + 2 * units + j);
                TLanes.Store(o, z + 3 * units + j);
                var cell = TLanes.MultiplyAdd(f, TLanes.Load(before + j), TLanes.Multiply(i, g));
                var tanh = Functions<TVector, TLanes>.Tanh(cell);
                TLanes.Store(cell, c + j);
                TLanes.Store(tanh, t + j);
                TLanes.Store(TLanes.Multiply(o, tanh), h + j);
            }
    }

    public override void LstmBackward(int batch, int units, float* gates, float* before, float* t, float* dh, float* dc, float* dz)
    {
        var one = TLanes.Broadcast(1);
        for (var row = 0; row < batch; row++, gates += 4 * units, before += units, t += units, dh += units, dc += units, dz += 4 * units)
            for (var j = 0; j < units; j += TLanes.Width)
            {
                var i = TLanes.Load(gates + j);
                var f = TLanes.Load(gates + units + j);
                var g = TLanes.Load(gates + 2 * units + j);
                var o = TLanes.Load(gates + 3 * units + j);
                var tanh = TLanes.Load(t + j);
                var dhj = TLanes.Load(dh + j);

                // dc += dh o (1 − tanh² c)
                var dhTanh = TLanes.Multiply(dhj, tanh);
                var dcj = TLanes.MultiplyAdd(TLanes.Multiply(dhj, o), TLanes.Subtract(one, TLanes.Multiply(tanh, tanh)), TLanes.Load(dc + j));

                // dz_i = dc g i (1 − i), dz_f = dc c₀ f (1 − f), dz_g = dc i (1 − g²), dz_o = dh tanh(c) o (1 − o)
                var dci = TLanes.Multiply(dcj, i);
                var dcf = TLanes.Multiply(dcj, f);
                TLanes.Store(TLanes.Multiply(TLanes.Multiply(dci, g), TLanes.Subtract(one, i)), dz + j);
                TLanes.Store(TLanes.Multiply(TLanes.Multiply(dcf, TLanes.Load(before + j)), TLanes.Subtract(one, f)), dz + units + j);
                TLanes.Store(TLanes.Multiply(dci, TLanes.Subtract(one, TLanes.Multiply(g, g))), dz + 2 * units + j);
                TLanes.Store(TLanes.Multiply(TLanes.Multiply(dhTanh, o), TLanes.Subtract(one, o)), dz + 3 * units + j);
                TLanes.Store(dcf, dc + j);
            }
    }

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
