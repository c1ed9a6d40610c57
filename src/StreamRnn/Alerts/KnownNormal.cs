using StreamRnn.Readings;

namespace StreamRnn.Alerts;

/// <summary>An episode that a person called normal, as it is told.</summary>
/// <param name="Id">The id of the alert that was called normal.</param>
/// <param name="Until">When it expires; null: never.</param>
/// <param name="Suppressed">Alerts that did not open because of it.</param>
/// <param name="LastSuppressed">When the last of them would have opened.</param>
public sealed record NormalNotice(string Id, string Device, string? Channel, AlertKind Kind, Instant Since, Instant? Until, int Suppressed, Instant? LastSuppressed);

/// <summary>What a device's state says of it.</summary>
/// <param name="Known">Episodes called normal.</param>
/// <param name="Suppressed">Alerts of this device that did not open because they were like one of them.</param>
public sealed record NormalCount(int Known, int Suppressed, Instant? LastSuppressed);

/// <summary>
/// An episode that a person called normal. A verdict that would open an alert is like it when it is of the same sort and channel, points the same way, is no more than the episode was
/// (<see cref="Episode.Covers"/>), and comes out of a hidden state within a radius of the one that the episode came out of. The radius is <see cref="Radius"/> times how far the device's
/// states usually are from that one, learned from its calm readings, so it means the same for every device and net.
/// </summary>
internal sealed partial class KnownNormal(Episode episode, Instant since, Instant? until)
{
    /// <summary>Most of a device's ordinary states are within it, whatever its rhythm; a regime that is not the device's usual one lies beyond.</summary>
    public const double Radius = 1.5;

    // Calm readings before the state has a say; until then the usual distance is a guess.
    private const int Settled = 50;
    private const double Rate = 1.0 / 300;

    private double _usual;
    private int _count;

    public Episode Episode => episode;

    public Instant? Until { get; set; } = until;

    public int Suppressed { get; private set; }

    public Instant? LastSuppressed { get; private set; }

    public bool IsLike(in Verdict verdict, in Glimpse glimpse, double odd) =>
        SortOf(verdict.Kind) == SortOf(episode.Kind) && ReferenceEquals(verdict.Channel, episode.Channel) && glimpse.Upwards == episode.Upwards
        && (_count < Settled || episode.DistanceTo(glimpse.State) <= Radius * _usual)
        && episode.Covers(glimpse, odd);

    /// <summary>Learns from a calm reading how far the device's states usually are.</summary>
    public void Learn(ReadOnlySpan<float> state)
    {
        _count++;
        _usual += Math.Max(1.0 / _count, Rate) * (episode.DistanceTo(state) - _usual);
    }

    public void Count(Instant at)
    {
        Suppressed++;
        LastSuppressed = at;
    }

    /// <summary>For silence and stuck: when the last one of which this was asked began.</summary>
    public Instant? LastBegan { get; set; }

    public NormalNotice Told() => new(episode.AlertId, episode.Device.Name, episode.Channel?.Name, episode.Kind, since, Until, Suppressed, LastSuppressed);

    // Which evidence weighs most may change from one episode to the next of the same cause; how much of each there may be is the episode's to say.
    private static AlertKind SortOf(AlertKind kind) => kind is AlertKind.Silence or AlertKind.Stuck or AlertKind.DataQuality ? kind : AlertKind.PredictionError;
}
