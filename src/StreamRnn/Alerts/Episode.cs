using StreamRnn.Nets;
using StreamRnn.Readings;

namespace StreamRnn.Alerts;

/// <summary>What the detector sees of a device at one reading, as far as one episode is compared with another. All of it was known before anything is learned from the reading.</summary>
public readonly ref struct Glimpse
{
    /// <summary>(x − μ₁)/s₁ of the channel that is looked at: its value off the net's forecast, in the series' own usual error. Signed.</summary>
    public double Error { get; init; }

    /// <summary>(x − m)/S of the same channel: its value off the slow mean, in the series' own spread. Signed.</summary>
    public double Deviation { get; init; }

    /// <summary>Which way the strongest evidence points.</summary>
    public bool Upwards { get; init; }

    /// <summary>Calibrated evidence of that channel by kind, decades, 0 or more; higher is more anomalous.</summary>
    public ReadOnlySpan<float> Evidence { get; init; }

    /// <summary>Rarity G by <see cref="Channel.Index"/>, decades; 0 for channels that were not heard lately.</summary>
    public ReadOnlySpan<float> Channels { get; init; }

    /// <summary>(H): hidden state of that channel's series, which has not seen the value yet.</summary>
    public ReadOnlySpan<float> State { get; init; }
}

/// <summary>
/// What the detector saw of one alert: the state it came out of, and how far it went. What a person calls normal is an episode; what is no more than it is suppressed from then on.
/// Some 400 bytes at 64 units and one channel.
/// </summary>
public sealed partial class Episode
{
    // Two episodes of one cause never are the same size: half as much again is the same thing, twice as much is not. On top is what any calm reading may have: errors of three usual
    // errors, deviations of three spreads, rarities of two decades. So what was calm in the episode may be as odd as calm things are.
    internal const double Larger = 1.5;
    private const double CalmSize = 3, CalmRarity = 2;

    // Rarities beyond it are told apart by nothing but the length of an extrapolation.
    private const float MostRarity = 12;

    private readonly float[] _state, _evidence;
    private float[] _channels;
    private double _error, _deviationUp, _deviationDown;

    public Episode(string alertId, AlertKind kind, Device device, Channel? channel, Instant openedAt, in Glimpse glimpse)
    {
        (AlertId, Kind, Device, Channel, OpenedAt, Upwards) = (alertId, kind, device, channel, openedAt, glimpse.Upwards);
        (_state, _evidence, _channels) = (glimpse.State.ToArray(), new float[glimpse.Evidence.Length], new float[glimpse.Channels.Length]);
        Extend(glimpse, 1);
    }

    public string AlertId { get; }

    public AlertKind Kind { get; }

    public Device Device { get; }

    /// <summary>The channel that weighed most when it opened; null for the whole device.</summary>
    public Channel? Channel { get; }

    public Instant OpenedAt { get; }

    public bool Upwards { get; }

    /// <summary>Readings from the first to the last that was not calm.</summary>
    public int Length { get; private set; }

    /// <summary>For silence and stuck: how long it lasted, seconds (of silence on the listening clock).</summary>
    public double Seconds { get; set; }

    /// <summary>(H): see <see cref="Glimpse.State"/>.</summary>
    public ReadOnlySpan<float> State => _state;

    /// <summary>Takes in one more of its readings, the <paramref name="length"/>-th.</summary>
    public void Extend(in Glimpse glimpse, int length)
    {
        Length = length;
        _error = Math.Max(_error, Math.Abs(glimpse.Error));
        _deviationUp = Math.Max(_deviationUp, glimpse.Deviation);
        _deviationDown = Math.Max(_deviationDown, -glimpse.Deviation);
        for (var k = 0; k < glimpse.Evidence.Length; k++)
            _evidence[k] = Math.Max(_evidence[k], glimpse.Evidence[k]);
        if (glimpse.Channels.Length > _channels.Length)
            Array.Resize(ref _channels, glimpse.Channels.Length);
        for (var c = 0; c < glimpse.Channels.Length; c++)
            _channels[c] = Math.Max(_channels[c], Math.Min(glimpse.Channels[c], MostRarity));
    }

    /// <summary>Whether a reading is no more than this episode was: no kind of evidence and no channel that was calm is odd now, and what was odd is not so by more than half as much again.</summary>
    /// <param name="glimpse">Of this episode's <see cref="Channel"/>.</param>
    /// <param name="odd">The rarity from which a channel by itself would open an alert: one that stays below is not asked.</param>
    public bool Covers(in Glimpse glimpse, double odd)
    {
        for (var k = 0; k < glimpse.Evidence.Length; k++)
        {
            if (glimpse.Evidence[k] > Limit(_evidence[k], CalmRarity))
                return false;
        }

        for (var c = 0; c < glimpse.Channels.Length; c++)
        {
            var rarity = Math.Min(glimpse.Channels[c], MostRarity);
            if (rarity > odd && rarity > Limit(c < _channels.Length ? _channels[c] : 0, CalmRarity))
                return false;
        }

        // An error either way, for the return from an episode is as hard to foresee as its beginning; how far the values go is asked for each side.
        return Math.Abs(glimpse.Error) <= Limit(_error, CalmSize)
            && glimpse.Deviation <= Limit(_deviationUp, CalmSize) && -glimpse.Deviation <= Limit(_deviationDown, CalmSize);
    }

    /// <summary>How far a hidden state is from the one that this episode came out of: Euclidean, 0 or more.</summary>
    public double DistanceTo(ReadOnlySpan<float> state) => Embeddings.Distance(_state, state);

    private static double Limit(double peak, double calm) => (Larger * peak) + calm;
}
