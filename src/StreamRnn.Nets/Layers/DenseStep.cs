using System.Runtime.CompilerServices;
using StreamRnn.Nets.Kernels;

namespace StreamRnn.Nets;

/// <summary>
/// A dense layer ready to be run. Immutable: threads may share it. A row's bits do not depend on the batch's size, on the other rows or on its place.
/// </summary>
public sealed unsafe class DenseStep : LayerStep
{
    private const int TileRows = 6;
    private const int TileColumns = 256;

    private readonly VectorKernel _kernel = VectorKernel.Best;
    private readonly Activation _activation;
    private readonly int _columns; // O padded
    private readonly NativeFloats _packed; // (I + 1, O padded): Wᵀ, then b

    internal DenseStep(DenseLayer layer)
    {
        (Inputs, Outputs, _activation) = (layer.Inputs, layer.Outputs, layer.Activation);
        _columns = NativeFloats.Padded(Outputs);
        _packed = new NativeFloats((nint)(Inputs + 1) * _columns);
        Pack(layer, _packed.Start, _columns);
    }

    /// <summary>I.</summary>
    public int Inputs { get; }

    /// <summary>O.</summary>
    public int Outputs { get; }

    /// <summary>y = φ(W x + b) for B rows. Allocates nothing.</summary>
    /// <param name="x">(B, I).</param>
    /// <param name="y">(B, O): overwritten. Must not overlap x.</param>
    /// <exception cref="ArgumentException">A length disagrees.</exception>
    [SkipLocalsInit]
    public void Run(ReadOnlySpan<float> x, Span<float> y)
    {
        ObjectDisposedException.ThrowIf(_packed.Start is null, this);
        var batch = y.Length / Outputs;
        Shapes.Require(y.Length, nameof(y), batch, Outputs);
        Shapes.Require(x.Length, nameof(x), batch, Inputs);
        var memory = stackalloc float[TileRows * TileColumns + NativeFloats.Line];
        var sums = (float*)(((nuint)memory + NativeFloats.Alignment - 1) & ~(NativeFloats.Alignment - 1));
        var bias = _packed.Start + (nint)Inputs * _columns;
        fixed (float* inputs = x)
            for (var first = 0; first < batch; first += TileRows)
            {
                var rows = Math.Min(TileRows, batch - first);
                for (var column = 0; column < _columns; column += TileColumns)
                {
                    var width = Math.Min(TileColumns, _columns - column);
                    _kernel.Multiply(rows, width, Inputs, inputs + (nint)first * Inputs, Inputs, 1, _packed.Start + column, _columns, bias + column, 0, sums, width);
                    _kernel.Activate(_activation, rows * width, sums);
                    var wanted = Math.Min(width, Outputs - column);
                    for (var row = 0; row < rows; row++)
                        new ReadOnlySpan<float>(sums + row * width, wanted).CopyTo(y.Slice((first + row) * Outputs + column, wanted));
                }
            }
    }

    internal override void Run(StateBank bank, int offset, ReadOnlySpan<int> rows, ReadOnlySpan<float> x, Span<float> y) => Run(x, y);

    public override void Dispose() => _packed.Dispose();

    internal static void Pack(DenseLayer layer, float* packed, int columns)
    {
        for (var output = 0; output < layer.Outputs; output++)
        {
            for (var k = 0; k < layer.Inputs; k++)
                packed[(nint)k * columns + output] = layer.W.Values[output * layer.Inputs + k];
            packed[(nint)layer.Inputs * columns + output] = layer.B.Values[output];
        }
    }
}
