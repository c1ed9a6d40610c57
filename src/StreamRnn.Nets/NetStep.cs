using StreamRnn.Nets.Kernels;

namespace StreamRnn.Nets;

/// <summary>
/// A net ready to be stepped: many sequences by one row each, their states outside. A sequence's bits depend only on its own state and inputs: not on the batch's size, on its mates or on
/// its place. Has work space of its own: one object per thread.
/// </summary>
public sealed class NetStep : IDisposable
{
    /// <summary>Sequences that go through all layers together, while their values are in the cache.</summary>
    private const int Together = 192;

    private readonly LayerStep[] _layers;
    private readonly int[] _widths, _offsets;
    private readonly int _stateWidth;
    private readonly OutputLoss? _residual;
    private readonly float[] _even, _odd;

    internal NetStep(Net net, IStepKernel? kernel)
    {
        (Inputs, Outputs, _stateWidth) = (net.Inputs, net.Outputs, Math.Max(1, net.StateWidth));
        _residual = net.Residual;
        _layers = [.. net.Layers.Select(layer => layer.PrepareStep(kernel))];
        _widths = [.. net.Layers.Select(layer => layer.Outputs)];
        _offsets = [.. net.Offsets];
        var widest = _widths.Max() * Together;
        (_even, _odd) = (new float[widest], new float[widest]);
    }

    /// <summary>I.</summary>
    public int Inputs { get; }

    /// <summary>O.</summary>
    public int Outputs { get; }

    /// <summary>Steps B sequences by one row each. Allocates nothing.</summary>
    /// <param name="bank">Of <see cref="Net.CreateBank"/>; the rows named are overwritten, all others are left alone.</param>
    /// <param name="rows">(B), each row at most once; B may be 0.</param>
    /// <param name="x">(B, I), finite. A value that is not poisons the state of its own sequence and no other.</param>
    /// <param name="y">(B, O): overwritten. Must not overlap x.</param>
    /// <exception cref="ArgumentException">A shape disagrees, a row comes twice, or the bank is another net's; nothing was changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A row does not exist; nothing was changed.</exception>
    public void Step(StateBank bank, ReadOnlySpan<int> rows, ReadOnlySpan<float> x, Span<float> y)
    {
        ArgumentNullException.ThrowIfNull(bank);
        if (bank.Width != _stateWidth)
            throw new ArgumentException($"the bank's rows have {bank.Width} floats; this net's states have {_stateWidth}: it is the bank of another net", nameof(bank));
        Shapes.Require(x.Length, nameof(x), rows.Length, Inputs);
        Shapes.Require(y.Length, nameof(y), rows.Length, Outputs);
        bank.Check(rows);
        for (var first = 0; first < rows.Length; first += Together)
        {
            var count = Math.Min(Together, rows.Length - first);
            var some = rows.Slice(first, count);
            var input = x.Slice(first * Inputs, count * Inputs);
            for (var l = 0; l < _layers.Length; l++)
            {
                var output = l == _layers.Length - 1 ? y.Slice(first * Outputs, count * Outputs) : (l % 2 == 0 ? _even : _odd).AsSpan(0, count * _widths[l]);
                _layers[l].Run(bank, _offsets[l], some, input, output);
                input = output;
            }

            _residual?.AddTo(y.Slice(first * Outputs, count * Outputs), x.Slice(first * Inputs, count * Inputs));
        }
    }

    /// <summary>Runs one sequence over T rows: exactly the same as T steps.</summary>
    /// <param name="x">(T, I).</param>
    /// <param name="y">(T, O): overwritten.</param>
    public void Run(StateBank bank, int row, ReadOnlySpan<float> x, Span<float> y)
    {
        var steps = y.Length / Outputs;
        Shapes.Require(y.Length, nameof(y), steps, Outputs);
        Shapes.Require(x.Length, nameof(x), steps, Inputs);
        for (var t = 0; t < steps; t++)
            Step(bank, [row], x.Slice(t * Inputs, Inputs), y.Slice(t * Outputs, Outputs));
    }

    /// <summary>Frees the copied weights.</summary>
    public void Dispose()
    {
        foreach (var layer in _layers)
            layer.Dispose();
    }
}
