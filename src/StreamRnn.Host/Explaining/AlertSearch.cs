using System.Globalization;
using StreamRnn.Alerts;
using StreamRnn.Host.Configuration;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Host.Explaining;

/// <summary>Finds an alert among those that a journal keeps, by its id, the id of one of its events, or the beginning of either; and the last of a device.</summary>
internal static class AlertSearch
{
    private const int Shown = 4;

    /// <returns>The events of the alert, oldest first: at least one.</returns>
    /// <exception cref="UsageException">None is meant, or several; the message names those that may be.</exception>
    public static IReadOnlyList<AlertEvent> Find(string asked, Journal journal, IReadOnlyList<Device> devices)
    {
        var all = journal.Alerts().Select(a => a.Alert).GroupBy(e => e.AlertId).Select(events => events.OrderBy(e => e.Sequence).ToList()).ToList();
        if (all.Find(events => Is(events[0].AlertId) || events.Exists(e => Is(e.Id))) is { } whole)
            return whole;
        if (all.FindLast(events => events[0].Device == asked) is { } last)
            return last;
        var meant = all.Where(events => events.Exists(e => e.Id.StartsWith(asked, StringComparison.OrdinalIgnoreCase))).ToList();
        if (meant.Count == 1)
            return meant[0];
        throw new UsageException(meant.Count > 1
            ? $"{meant.Count} alerts begin with '{asked}'; write more of the id:{Named(meant)}"
            : $"no alert '{asked}' is kept in {Path.GetDirectoryName(journal.Path)}. {Kept(asked, all, journal, devices)}");

        bool Is(string id) => id.Equals(asked, StringComparison.OrdinalIgnoreCase);
    }

    private static string Kept(string asked, List<List<AlertEvent>> all, Journal journal, IReadOnlyList<Device> devices)
    {
        var reach = journal.First <= 1 ? "It keeps all from its beginning on" : Begins(journal) is { } begin
            ? $"It begins at {begin}: alerts that were over before that are gone with their readings (StreamRnn:Storage:History and MaxBytes say how long both are kept)" : "It keeps no readings";
        if (all.Count == 0)
            return $"{reach}; there is no alert in it.";
        if (devices.Any(d => d.Name == asked))
            return $"'{asked}' is a device of which no alert is kept. {reach}.";
        if (Nearest.To(asked.Split('-')[0], all.Select(events => events[0].AlertId)) is { } near)
            return $"Did you mean{Named([.. all.Where(events => events[0].AlertId == near)])}";
        return $"{reach}; the last alerts are:{Named(all)}";
    }

    private static Instant? Begins(Journal journal)
    {
        foreach (var entry in journal.ReadFrom(journal.First))
            return entry.Now;
        return null;
    }

    private static string Named(List<List<AlertEvent>> alerts)
    {
        var last = alerts.TakeLast(Shown).Reverse().Select(events => $"\n  {events[0].AlertId}  {events[0].OpenedAt}  {AlertWords.Of(events[0].Kind),-16}  {events[0].Device}{(events[0].Channel is { } channel ? " " + channel : "")}");
        return string.Concat(last) + (alerts.Count > Shown ? string.Create(CultureInfo.InvariantCulture, $"\n  … and {alerts.Count - Shown} before") : "");
    }
}
