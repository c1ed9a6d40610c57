using StreamRnn.Readings;

namespace StreamRnn.Alerts;

/// <content>An episode as bytes; its channels by their place in the saved state.</content>
public sealed partial class Episode
{
    private Episode(Device device, Channel? channel, string alertId, AlertKind kind, Instant openedAt, bool upwards, float[] state, float[] evidence, float[] channels)
    {
        (Device, Channel, AlertId, Kind, OpenedAt, Upwards) = (device, channel, alertId, kind, openedAt, upwards);
        (_state, _evidence, _channels) = (state, evidence, channels);
    }

    internal void Save(StateWriter to, ChannelOrder channels)
    {
        to.Put(channels.PlaceOf(Channel));
        to.PutText(AlertId);
        to.Put(Kind);
        to.Put(OpenedAt);
        to.Put(Upwards);
        to.PutAll<float>(_state);
        to.PutAll<float>(_evidence);
        for (var place = 0; place < channels.Count; place++)
            to.Put(channels[place].Index is var c && c < _channels.Length ? _channels[c] : 0f);
        to.Put(Length);
        to.Put(Seconds);
        to.Put(_error);
        to.Put(_deviationUp);
        to.Put(_deviationDown);
    }

    /// <param name="same">Whether the base model is the one of then; the hidden state of another one says nothing.</param>
    internal static Episode Read(Device device, ref StateReader from, ChannelOrder channels, bool same)
    {
        var channel = channels.At(from.Get<int>(), from);
        var (alertId, kind, openedAt, upwards) = (from.GetName(), from.Get<AlertKind>(), from.Get<Instant>(), from.Get<bool>());
        var (state, evidence) = (from.GetAll<float>().ToArray(), from.GetAll<float>().ToArray());
        var rarities = new float[device.Channels.Count];
        for (var place = 0; place < channels.Count; place++)
            rarities[channels[place].Index] = from.Get<float>();
        return new Episode(device, channel, alertId, kind, openedAt, upwards, same ? state : [], evidence, rarities)
        {
            Length = from.Get<int>(),
            Seconds = from.Get<double>(),
            _error = from.Get<double>(),
            _deviationUp = from.Get<double>(),
            _deviationDown = from.Get<double>(),
        };
    }
}

/// <content>The same of what was called normal.</content>
internal sealed partial class KnownNormal
{
    internal void Save(StateWriter to)
    {
        to.Put(since);
        to.PutMaybe(Until);
        to.Put(_usual);
        to.Put(_count);
        to.Put(Suppressed);
        to.PutMaybe(LastSuppressed);
        to.PutMaybe(LastBegan);
    }

    internal static KnownNormal Read(Episode episode, ref StateReader from, bool same)
    {
        var known = new KnownNormal(episode, from.Get<Instant>(), from.GetMaybe<Instant>());
        var (usual, count) = (from.Get<double>(), from.Get<int>());
        if (same)
            (known._usual, known._count) = (usual, count);
        (known.Suppressed, known.LastSuppressed, known.LastBegan) = (from.Get<int>(), from.GetMaybe<Instant>(), from.GetMaybe<Instant>());
        return known;
    }
}
