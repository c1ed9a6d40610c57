using StreamRnn.Detection;
using StreamRnn.Nets;

namespace StreamRnn.Pipeline;

/// <summary>What the shard knows of one sample while its batch is folded.</summary>
internal struct Seen
{
    public double Near, Far;             // forecasts of this value, and of the one 11 readings on; made before this one was looked at
    public Evidence Raw, Calibrated;
    public double Combined;
}

/// <summary>The batch's work space, used again for every batch: for each sample its outlook, the net's inputs and outputs side by side, and what is seen of it.</summary>
internal sealed class Foresight(ForecastNet net) : IDisposable
{
    /// <summary>How many readings ahead of the last value each of <see cref="ForecastsOf"/> is.</summary>
    public static readonly int[] Ahead = [1, Outlook.FarSteps];

    private const int AnchorWidth = 2 * Anchors.Count;

    private Seen[] _seen = [];
    private bool[] _dropped = [];
    private double[] _near = [], _far = [];          // (B, 2K) anchors and scales
    private float[] _inputs = [];                    // (n, 22), rows of the stepped samples only
    private float[] _heads = [];                     // (2n, 11): near, far, near, far …
    private int[] _slots = [], _samples = [];        // (n)
    private int _stepped;

    public ref Seen this[int sample] => ref _seen[sample];

    public ReadOnlySpan<double> NearAnchors(int sample) => _near.AsSpan(sample * AnchorWidth, AnchorWidth);

    public ReadOnlySpan<double> FarAnchors(int sample) => _far.AsSpan(sample * AnchorWidth, AnchorWidth);

    public bool IsDropped(int sample) => _dropped[sample];

    public void Drop(int sample) => _dropped[sample] = true;

    public void Begin(int samples)
    {
        _stepped = 0;
        if (samples > _seen.Length)
        {
            var size = Math.Max(samples, 2 * _seen.Length);
            (_seen, _dropped, _slots, _samples) = (new Seen[size], new bool[size], new int[size], new int[size]);
            (_near, _far) = (new double[size * AnchorWidth], new double[size * AnchorWidth]);
            (_inputs, _heads) = (new float[size * Outlook.Inputs], new float[2 * size * Outlook.HeadInputs]);
        }

        _seen.AsSpan(0, samples).Clear();
        _dropped.AsSpan(0, samples).Clear();
    }

    /// <summary>Notes the outlook of one sample; <see cref="Step"/> then steps all that were noted.</summary>
    public void Look(int sample, int slot, in SeriesRow row, long time)
    {
        var n = _stepped++;
        (_samples[n], _slots[n]) = (sample, slot);
        var heads = _heads.AsSpan(2 * n * Outlook.HeadInputs, 2 * Outlook.HeadInputs);
        Outlook.Look(row, time, _near.AsSpan(sample * AnchorWidth, AnchorWidth), _far.AsSpan(sample * AnchorWidth, AnchorWidth),
            _inputs.AsSpan(n * Outlook.Inputs, Outlook.Inputs), heads[..Outlook.HeadInputs], heads[Outlook.HeadInputs..]);
    }

    public void Step(StateBank states)
    {
        if (_stepped == 0)
            return;
        var raw = net.Step(states, _slots.AsSpan(0, _stepped), _inputs.AsSpan(0, _stepped * Outlook.Inputs), _heads.AsSpan(0, 2 * _stepped * Outlook.HeadInputs));
        for (var n = 0; n < _stepped; n++)
        {
            var sample = _samples[n];
            _seen[sample].Near = net.Forecast(raw.Slice(2 * n * ForecastNet.Outputs, ForecastNet.Outputs), NearAnchors(sample));
            _seen[sample].Far = net.Forecast(raw.Slice(((2 * n) + 1) * ForecastNet.Outputs, ForecastNet.Outputs), FarAnchors(sample));
        }
    }

    /// <summary>In the order of <see cref="Ahead"/>; NaN where nothing was known yet.</summary>
    public double[] ForecastsOf(int sample, bool known) => known ? [_seen[sample].Near, _seen[sample].Far] : [double.NaN, double.NaN];

    /// <summary>An ablation: the last value in place of all of the net's forecasts.</summary>
    public void ForecastLastValues()
    {
        foreach (var sample in _samples.AsSpan(0, _stepped))
            (_seen[sample].Near, _seen[sample].Far) = (NearAnchors(sample)[Anchors.Last], FarAnchors(sample)[Anchors.Last]);
    }

    public void Dispose() => net.Dispose();
}
