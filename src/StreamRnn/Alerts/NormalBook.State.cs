using StreamRnn.Readings;

namespace StreamRnn.Alerts;

/// <content>What was called normal of a device, and what may still be, as bytes.</content>
public sealed partial class NormalBook
{
    private readonly List<Episode> _saved = [];      // of the device at hand, each once

    /// <summary>The device of an alert that is called normal or may be; null: none here.</summary>
    internal Device? DeviceOf(string alertId) => _byId.TryGetValue(alertId, out var entry) ? entry.Device : null;

    internal void Save(Device device, StateWriter to, ChannelOrder channels)
    {
        var entry = Find(device);
        to.Put(entry is not null);
        if (entry is null)
            return;
        _saved.Clear();
        _saved.AddRange(entry.Recent);
        foreach (var known in entry.Known)
            Place(known.Episode);
        foreach (var going in (ReadOnlySpan<Episode?>)[entry.Open, entry.Silence, entry.Stuck])
            Place(going);
        to.Put(_saved.Count);
        foreach (var episode in _saved)
            episode.Save(to, channels);
        to.Put(entry.Recent.Count);
        to.Put(entry.Known.Count);
        foreach (var known in entry.Known)
        {
            to.Put(Place(known.Episode));
            known.Save(to);
        }

        foreach (var going in (ReadOnlySpan<Episode?>)[entry.Open, entry.Silence, entry.Stuck])
            to.Put(Place(going));
        to.Put(entry.OpenLength);
        to.Put(entry.Suppressed);
        to.PutMaybe(entry.LastSuppressed);
        to.Put(entry.Shadow is null ? -1 : entry.Known.IndexOf(entry.Shadow.Of));
        if (entry.Shadow is not { } shadow)
            return;
        to.Put(shadow.Threshold);
        to.Put(shadow.Length);
        to.Put(shadow.Calm);
        to.Put(shadow.Grows);
    }

    internal void Restore(Device device, ref StateReader from, ChannelOrder channels, bool same)
    {
        if (!from.Get<bool>())
            return;
        var entry = Remember(device);
        var episodes = new Episode[from.GetCount()];
        for (var i = 0; i < episodes.Length; i++)
            episodes[i] = Episode.Read(device, ref from, channels, same);
        var recent = from.Get<int>();
        foreach (var episode in episodes.AsSpan(0, (uint)recent <= (uint)episodes.Length ? recent : throw from.Fault($"has {recent} recent episodes of {episodes.Length}")))
        {
            entry.Recent.Add(episode);
            _byId[episode.AlertId] = entry;
            _order.Add((episode.OpenedAt.Microseconds, episode.AlertId));
        }

        for (var n = from.GetCount(); n > 0; n--)
        {
            var known = KnownNormal.Read(At(episodes, ref from) ?? throw from.Fault("calls no episode normal"), ref from, same);
            entry.Known.Add(known);
            _byId[known.Episode.AlertId] = entry;
        }

        (entry.Open, entry.Silence, entry.Stuck) = (At(episodes, ref from), At(episodes, ref from), At(episodes, ref from));
        entry.OpenLength = from.Get<int>();
        entry.Restore(from.Get<int>(), from.GetMaybe<Instant>());
        var of = from.Get<int>();
        if (of >= entry.Known.Count)
            throw from.Fault($"follows episode {of} of {entry.Known.Count}");
        if (of >= 0)
            entry.Shadow = new Shadow(entry.Known[of], from.Get<double>()) { Length = from.Get<int>(), Calm = from.Get<int>(), Grows = from.Get<bool>() };
        ForgetOldest();
    }

    /// <summary>From here on what was called normal for a time expires.</summary>
    internal void Wake(Device device)
    {
        foreach (var known in Find(device)?.Known ?? [])
            Expire(known, known.Until);
    }

    private void ForgetOldest()
    {
        while (_order.Count > MostEpisodes)
        {
            var oldest = _order.Min;
            var entry = _byId[oldest.Id];
            Forget(entry, entry.Recent.Find(e => e.AlertId == oldest.Id)!);
        }
    }

    /// <returns>Its place; −1 for null.</returns>
    private int Place(Episode? episode)
    {
        if (episode is null)
            return -1;
        if (!_saved.Contains(episode))
            _saved.Add(episode);
        return _saved.IndexOf(episode);
    }

    private static Episode? At(Episode[] episodes, ref StateReader from)
    {
        var place = from.Get<int>();
        return place == -1 ? null : (uint)place < (uint)episodes.Length ? episodes[place] : throw from.Fault($"names episode {place} of {episodes.Length}");
    }
}
