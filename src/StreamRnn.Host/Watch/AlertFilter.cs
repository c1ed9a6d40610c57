using System.IO.Enumeration;
using StreamRnn.Alerts;

namespace StreamRnn.Host.Watch;

/// <summary>Which alerts a person wants to see. What is not set lets all pass.</summary>
/// <param name="Device">A device's name, with * and ? as wildcards.</param>
/// <param name="Kinds">Any of these kinds; empty: all.</param>
/// <param name="AtLeast">This severity or a higher one.</param>
internal sealed record AlertFilter(string? Device, IReadOnlyList<AlertKind> Kinds, Severity AtLeast)
{
    public bool Passes(AlertEvent e) =>
        (Device is null || FileSystemName.MatchesSimpleExpression(Device, e.Device, ignoreCase: false))
        && (Kinds.Count == 0 || Kinds.Contains(e.Kind))
        && e.Severity >= AtLeast;
}
