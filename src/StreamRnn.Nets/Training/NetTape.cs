namespace StreamRnn.Nets.Training;

/// <summary>
/// A net on chunks of T steps of B sequences, forward and back; the state is carried from chunk to chunk, gradients stop at a chunk's start (Williams and Peng 1990). One thread. Equal inputs give equal bits.
/// </summary>
public sealed class NetTape : IDisposable
{
    private readonly Net _net;
    private readonly LayerTape[] _tapes;
    private readonly float[][] _states;   // per layer (B, state width)
    private readonly float[][] _outputs;  // per layer (T, B, O)
    private readonly float[][] _slopes;   // per layer (T, B, O): ∂loss/∂output
    private int _steps;

    internal NetTape(Net net, int maxSteps, int batch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxSteps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        (_net, MaxSteps, Batch) = (net, maxSteps, batch);
        _tapes = [.. net.Layers.Select(layer => layer.CreateTape(maxSteps, batch))];
        _states = [.. net.Layers.Select(layer => new float[batch * layer.StateWidth])];
        _outputs = [.. net.Layers.Select(layer => new float[maxSteps * batch * layer.Outputs])];
        _slopes = [.. net.Layers.Select(layer => new float[maxSteps * batch * layer.Outputs])];
    }

    /// <summary>The most steps of a chunk.</summary>
    public int MaxSteps { get; }

    /// <summary>B.</summary>
    public int Batch { get; }

    /// <summary>Whether chunks are for learning, as at the beginning; false to look at the loss of rows that are held out: then nothing is dropped.</summary>
    public bool Training
    {
        get => _tapes[0].Training;
        set
        {
            foreach (var tape in _tapes)
                tape.Training = value;
        }
    }

    /// <summary>All sequences begin anew: states of zero.</summary>
    public void Restart()
    {
        foreach (var state in _states)
            Array.Clear(state);
    }

    /// <summary>Sequence <paramref name="b"/> begins anew: the next chunk's column b is another sequence.</summary>
    public void Restart(int b)
    {
        foreach (var state in _states)
            state.AsSpan(b * (state.Length / Batch), state.Length / Batch).Clear();
    }

    /// <summary>Runs a chunk with the net's present weights.</summary>
    /// <param name="steps">T.</param>
    /// <param name="x">(T, B, I).</param>
    /// <returns>y, (T, B, O), valid until the next call.</returns>
    public ReadOnlySpan<float> Forward(int steps, ReadOnlySpan<float> x)
    {
        _steps = steps;
        var first = x;
        for (var l = 0; l < _tapes.Length; l++)
        {
            var y = _outputs[l].AsSpan(0, steps * Batch * _net.Layers[l].Outputs);
            _tapes[l].Forward(steps, x, _states[l], y);
            x = y;
        }

        _net.Residual?.AddTo(_outputs[^1].AsSpan(0, x.Length), first);

        return x;
    }

    /// <summary>Adds the gradients of the last chunk to the net's parameters.</summary>
    /// <param name="dy">(T, B, O): ∂loss by the last layer's outputs; for <c>rnnOutput</c> by its sums, as <see cref="OutputLoss.Evaluate"/> gives it.</param>
    public void Backward(ReadOnlySpan<float> dy)
    {
        for (var l = _tapes.Length - 1; l >= 0; l--)
        {
            var dx = l == 0 ? default : _slopes[l - 1].AsSpan(0, _steps * Batch * _net.Layers[l - 1].Outputs);
            _tapes[l].Backward(dy, dx);
            dy = dx;
        }
    }

    public void Dispose()
    {
        foreach (var tape in _tapes)
            tape.Dispose();
    }
}
