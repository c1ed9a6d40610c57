using StreamRnn.Nets;
using StreamRnn.Nets.Kernels;

namespace StreamRnn.Detection;

/// <summary>
/// The net that forecasts: an LSTM layer over the inputs f, and one head for both horizons on [h, f, g] that weighs and shifts the anchors.
/// <code>
/// h, c ← LSTM(f, h, c)
/// y    = W₂ relu(W₁ [h, f, g] + b₁) + b₂
/// μ    = the mixture's point forecast from y, the anchors and their scales: see <see cref="MixtureHead"/>
/// </code>
/// Weights are shared and immutable, the work space is not: one object per thread.
/// </summary>
public sealed class ForecastNet : IDisposable
{
    public const int HeadWidth = 48;

    /// <summary>Width of y.</summary>
    public static readonly int Outputs = new MixtureHead(Anchors.Count).RawWidth;

    private readonly RecurrentStep _lstm;
    private readonly DenseStep _hidden, _output;
    private readonly MixtureHead _mixture = new(Anchors.Count);
    private float[] _joined = [], _relu = [], _raw = [];

    public ForecastNet(ForecastLayers layers)
    {
        Units = layers.Lstm.Units;
        (_lstm, _hidden, _output) = (layers.Lstm.Prepare(), layers.Hidden.Prepare(), layers.Output.Prepare());
    }

    /// <summary>H.</summary>
    public int Units { get; }

    /// <summary>Steps B sequences by one reading each and runs the head for both horizons.</summary>
    /// <param name="states">Hidden and cell states; the named rows are overwritten.</param>
    /// <param name="rows">(B)</param>
    /// <param name="f">(B, 22)</param>
    /// <param name="g">(2B, 11): near, far, near, far …</param>
    /// <returns>y, (2B, <see cref="Outputs"/>), valid until the next call.</returns>
    public ReadOnlySpan<float> Step(StateBank states, ReadOnlySpan<int> rows, ReadOnlySpan<float> f, ReadOnlySpan<float> g)
    {
        var batch = rows.Length;
        var width = Units + Outlook.Inputs + Outlook.HeadInputs;
        if (_joined.Length < 2 * batch * width)
        {
            _joined = new float[2 * batch * width];
            _relu = new float[2 * batch * HeadWidth];
            _raw = new float[2 * batch * Outputs];
        }

        _lstm.Step(states, rows, f);
        for (var i = 0; i < 2 * batch; i++)
        {
            ForecastLayers.Join(
                states.Row(rows[i / 2])[..Units], f.Slice(i / 2 * Outlook.Inputs, Outlook.Inputs), g.Slice(i * Outlook.HeadInputs, Outlook.HeadInputs),
                _joined.AsSpan(i * width, width));
        }

        _hidden.Run(_joined.AsSpan(0, 2 * batch * width), _relu.AsSpan(0, 2 * batch * HeadWidth));
        _output.Run(_relu.AsSpan(0, 2 * batch * HeadWidth), _raw.AsSpan(0, 2 * batch * Outputs));
        return _raw.AsSpan(0, 2 * batch * Outputs);
    }

    /// <summary>μ, in the series' own unit, from one row of raw outputs and the horizon's anchors and scales (2K).</summary>
    public double Forecast(ReadOnlySpan<float> raw, ReadOnlySpan<double> anchors)
    {
        Span<float> locations = stackalloc float[Anchors.Count], scales = stackalloc float[Anchors.Count];
        var unit = Outlook.InUnits(anchors, locations, scales);
        return anchors[Anchors.Last] + (unit * _mixture.Forecast(raw, locations, scales));
    }

    public void Dispose()
    {
        _lstm.Dispose();
        _hidden.Dispose();
        _output.Dispose();
    }
}
