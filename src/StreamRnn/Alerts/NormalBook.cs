using StreamRnn.Readings;

namespace StreamRnn.Alerts;

/// <summary>
/// What people called normal on one shard's devices, and the episodes that they may still call so: those of the last <see cref="EpisodesOfADevice"/> alerts of each device.
/// An episode that is suppressed is followed like an alert, silently: it ends with as many calm readings, and when it goes beyond what was called normal, or lasts more than twice as long,
/// the alert opens after all. Belongs to the shard's thread. Devices without an alert cost one look into an array.
/// </summary>
public sealed partial class NormalBook(AlertOptions rules)
{
    /// <summary>Alerts of a device that can still be called normal.</summary>
    public const int EpisodesOfADevice = 8;

    /// <summary>Episodes of a device that are called normal at a time; a person who needs more has a device to look at.</summary>
    public const int MostOfADevice = 32;

    /// <summary>Alerts of all devices of a shard that can still be called normal: some 4 MB.</summary>
    public const int MostEpisodes = 10_000;

    private readonly Dictionary<string, Entry> _byId = new(StringComparer.Ordinal);
    private readonly SortedSet<(long OpenedAt, string Id)> _order = [];      // of all that are recent
    private readonly SortedSet<(long Until, string Id)> _expiring = [];
    private Entry?[] _entries = [];          // by the device's slot

    /// <summary>Whether anything is known or followed of the device: else nothing has to be asked.</summary>
    public bool Follows(Device device) => Find(device) is not null;

    /// <summary>Whether an episode that was called normal is going on, silently: nothing is learned then, as in an open alert.</summary>
    public bool IsHushed(Device device) => Find(device) is { Shadow: not null };

    /// <summary>The channel whose values the device's present episode is judged by; null where there is none.</summary>
    public Channel? ChannelOf(Device device) => Find(device) is { } entry ? entry.Shadow?.Of.Episode.Channel ?? entry.Open?.Channel : null;

    /// <summary>What the device's state says; null where nothing was ever called normal.</summary>
    public NormalCount? CountOf(Device device) =>
        Find(device) is { } entry && (entry.Known.Count > 0 || entry.Suppressed > 0) ? new NormalCount(entry.Known.Count, entry.Suppressed, entry.LastSuppressed) : null;

    /// <summary>One reading of a device that is followed and has no open alert.</summary>
    /// <param name="verdict">Its verdict.</param>
    /// <param name="glimpse">Of <see cref="ChannelOf"/>, else of the verdict's channel.</param>
    /// <param name="wouldOpen">Whether the verdict would open an alert.</param>
    /// <param name="odd">See <see cref="Episode.Covers"/>.</param>
    public Hush Observe(in Verdict verdict, in Glimpse glimpse, bool wouldOpen, double odd)
    {
        if (Find(verdict.Device) is not { } entry)
            return Hush.None;
        if (entry.Shadow is { } shadow)
            return GoOn(entry, shadow, verdict, glimpse, wouldOpen, odd);
        if (!wouldOpen)
        {
            if (verdict.Rarity < AlertLife.AlwaysCalm && glimpse.State.Length > 0)
            {
                foreach (var known in entry.Known)
                {
                    if (ReferenceEquals(known.Episode.Channel, verdict.Channel) && known.Episode.State.Length == glimpse.State.Length)
                        known.Learn(glimpse.State);
                }
            }

            return Hush.None;
        }

        foreach (var known in entry.Known)
        {
            if (!known.IsLike(verdict, glimpse, odd))
                continue;
            entry.Count(known, verdict.EventTime);
            entry.Shadow = new Shadow(known, verdict.Threshold);
            return Hush.Begins;
        }

        return Hush.None;
    }

    /// <summary>An alert opened: its episode begins.</summary>
    public void Opened(AlertEvent alert, Device device, Channel? channel, in Glimpse glimpse)
    {
        var entry = Find(device) ?? Remember(device);
        var episode = new Episode(alert.AlertId, alert.Kind, device, channel, alert.OpenedAt, glimpse);
        if (alert.Kind == AlertKind.Silence)
            entry.Silence = episode;
        else if (alert.Kind == AlertKind.Stuck)
            entry.Stuck = episode;
        else
            (entry.Open, entry.OpenLength) = (episode, 1);
        entry.Recent.Add(episode);
        _byId[episode.AlertId] = entry;
        _order.Add((episode.OpenedAt.Microseconds, episode.AlertId));
        if (entry.Recent.Count > EpisodesOfADevice)
            Forget(entry, entry.Recent[0]);
        ForgetOldest();
    }

    /// <summary>One more reading of an open alert of values.</summary>
    public void Extend(in Verdict verdict, in Glimpse glimpse, bool stillOpen)
    {
        if (Find(verdict.Device) is not { Open: { } open } entry)
            return;
        entry.OpenLength++;
        if (verdict.Rarity >= AlertLife.CalmBelow(verdict.Threshold, rules))
            open.Extend(glimpse, entry.OpenLength);
        if (!stillOpen)
            entry.Open = null;
    }

    /// <summary>What a channel may have been reported for, silence or standing still, is over.</summary>
    /// <param name="seconds">How long it was so.</param>
    public void Ended(Channel channel, AlertKind kind, double seconds)
    {
        if (Find(channel.Device) is not { } entry)
            return;
        ref var lasting = ref (kind == AlertKind.Silence ? ref entry.Silence : ref entry.Stuck);
        if (lasting is null || (lasting.Channel is not null && !ReferenceEquals(lasting.Channel, channel)))
            return;
        lasting.Seconds = Math.Max(lasting.Seconds, seconds);
        lasting = null;
    }

    /// <summary>A device's silence, or its standing still, would open an alert.</summary>
    /// <param name="channel">The channel that is silent or stuck; null for the whole device.</param>
    /// <param name="began">When it began: it is counted once.</param>
    /// <param name="eventTime">When an alert would open.</param>
    /// <param name="seconds">How long it has lasted.</param>
    /// <returns>Whether such a one was called normal: on the same channel, and no more than half as long again.</returns>
    public Hush ObserveLasting(Device device, AlertKind kind, Channel? channel, Instant began, Instant eventTime, double seconds)
    {
        if (Find(device) is not { } entry)
            return Hush.None;
        foreach (var known in entry.Known)
        {
            if (known.Episode.Kind != kind || !ReferenceEquals(known.Episode.Channel, channel) || seconds > Episode.Larger * known.Episode.Seconds)
                continue;
            if (known.LastBegan == began)
                return Hush.GoesOn;
            known.LastBegan = began;
            entry.Count(known, eventTime);
            return Hush.Begins;
        }

        return Hush.None;
    }

    /// <summary>A person says that an alert was no fault.</summary>
    /// <param name="until">When that expires; null: never.</param>
    /// <returns>The episode; null with the reason why not.</returns>
    public (Episode? Episode, string? Refusal) Call(string alertId, Instant now, Instant? until)
    {
        if (!_byId.TryGetValue(alertId, out var entry))
            return (null, null);                                 // of another shard, or of none
        if (entry.Known.Find(k => k.Episode.AlertId == alertId) is { } already)
        {
            Expire(already, until);
            return (already.Episode, null);
        }

        if (entry.Known.Count >= MostOfADevice)
            return (null, $"{MostOfADevice} episodes of {entry.Device} are called normal already; undo one of them first");
        var episode = entry.Recent.Find(e => e.AlertId == alertId)!;
        var known = new KnownNormal(episode, now, null);
        entry.Known.Add(known);
        Expire(known, until);
        // What is going on belongs to it, however it goes on: from here the person has seen it.
        if (ReferenceEquals(entry.Open, episode))
            (entry.Open, entry.Shadow) = (null, new Shadow(known, 0) { Length = entry.OpenLength, Grows = true });
        return (episode, null);
    }

    /// <returns>The device, or null: no such id here.</returns>
    public Device? Undo(string id, string? device = null)
    {
        if (!_byId.TryGetValue(id, out var entry) || (device is not null && entry.Device.Name != device) || entry.Known.Find(k => k.Episode.AlertId == id) is not { } known)
            return null;
        Remove(entry, known);
        return entry.Device;
    }

    /// <summary>Forgets what has expired.</summary>
    /// <returns>A device of which something expired, or null when all is done.</returns>
    public Device? NextExpired(Instant now)
    {
        if (_expiring.Count == 0)
            return null;
        var (until, id) = _expiring.Min;
        return until <= now.Microseconds ? Undo(id) : null;
    }

    /// <summary>What is called normal, in the order of devices' slots and of being called so.</summary>
    /// <param name="device">Only of this device; null: of all.</param>
    public IEnumerable<NormalNotice> List(string? device) =>
        from entry in _entries
        where entry is not null && (device is null || entry.Device.Name == device)
        from known in entry.Known
        select known.Told();

    private Hush GoOn(Entry entry, Shadow shadow, in Verdict verdict, in Glimpse glimpse, bool wouldOpen, double odd)
    {
        shadow.Length++;
        if (shadow.Threshold == 0)
            shadow.Threshold = verdict.Threshold;
        var calm = verdict.Rarity < AlertLife.CalmBelow(shadow.Threshold, rules);
        shadow.Calm = calm ? shadow.Calm + 1 : 0;
        var episode = shadow.Of.Episode;
        if (shadow.Grows && !calm)
            episode.Extend(glimpse, shadow.Length);
        if (wouldOpen && !shadow.Grows && (shadow.Length > (2 * episode.Length) + rules.HoldReadings || !episode.Covers(glimpse, odd)))
        {
            entry.Shadow = null;
            return Hush.None;                                    // more than was called normal
        }

        if (shadow.Calm >= rules.HoldReadings || shadow.Length >= rules.LongestReadings)
        {
            entry.Shadow = null;
            return shadow.Calm >= rules.HoldReadings ? Hush.GoesOn : Hush.Adopted;
        }

        return Hush.GoesOn;
    }

    private void Expire(KnownNormal known, Instant? until)
    {
        if (known.Until is { } before)
            _expiring.Remove((before.Microseconds, known.Episode.AlertId));
        known.Until = until;
        if (until is { } at)
            _expiring.Add((at.Microseconds, known.Episode.AlertId));
    }

    private void Remove(Entry entry, KnownNormal known)
    {
        Expire(known, null);
        entry.Known.Remove(known);
        if (ReferenceEquals(entry.Shadow?.Of, known))
            entry.Shadow = null;
        if (!entry.Recent.Contains(known.Episode))
            _byId.Remove(known.Episode.AlertId);
    }

    private void Forget(Entry entry, Episode episode)
    {
        entry.Recent.Remove(episode);
        _order.Remove((episode.OpenedAt.Microseconds, episode.AlertId));
        if (!entry.Known.Exists(k => ReferenceEquals(k.Episode, episode)))
            _byId.Remove(episode.AlertId);
    }

    private Entry? Find(Device device) => device.Slot < _entries.Length ? _entries[device.Slot] : null;

    private Entry Remember(Device device)
    {
        if (device.Slot >= _entries.Length)
            Array.Resize(ref _entries, Math.Max(device.Slot + 1, _entries.Length * 2));
        return _entries[device.Slot] = new Entry(device);
    }

    private sealed class Entry(Device device)
    {
        public readonly Device Device = device;
        public readonly List<Episode> Recent = [];
        public readonly List<KnownNormal> Known = [];
        public Episode? Open, Silence, Stuck;
        public int OpenLength;
        public Shadow? Shadow;

        public int Suppressed { get; private set; }

        public Instant? LastSuppressed { get; private set; }

        public void Restore(int suppressed, Instant? last) => (Suppressed, LastSuppressed) = (suppressed, last);

        public void Count(KnownNormal known, Instant at)
        {
            known.Count(at);
            Suppressed++;
            LastSuppressed = at;
        }
    }

    /// <summary>An episode that is going on and not told.</summary>
    private sealed class Shadow(KnownNormal of, double threshold)
    {
        public readonly KnownNormal Of = of;
        public double Threshold = threshold;
        public int Length = 1, Calm;

        /// <summary>It was called normal while it was going on: how far it goes is learned as it goes.</summary>
        public bool Grows;
    }
}

/// <summary>What becomes of a verdict because of what was called normal.</summary>
public enum Hush
{
    /// <summary>Nothing: it opens an alert if it would.</summary>
    None,

    /// <summary>An alert would have opened and does not.</summary>
    Begins,

    /// <summary>It belongs to an episode that is suppressed.</summary>
    GoesOn,

    /// <summary>The suppressed episode has lasted so long that an alert would be adopted: what it shows is the normal now.</summary>
    Adopted,
}
