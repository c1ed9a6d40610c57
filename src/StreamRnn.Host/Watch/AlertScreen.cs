using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;
using StreamRnn.Alerts;
using StreamRnn.Readings;
using StreamRnn.Simulators;

namespace StreamRnn.Host.Watch;

/// <summary>
/// The live view of <c>watch</c>: the alerts that are open on top, the last events below, as many as the terminal has room for. No column for
/// the device: every summary begins with it.
/// </summary>
internal static class AlertScreen
{
    private const int SeverityWidth = 8;
    private const int SinceWidth = 12;
    private const int EventWidth = 8;

    /// <param name="connection">In words: where we are connected to, or that we try to.</param>
    /// <param name="width">Columns of the terminal.</param>
    /// <param name="height">Lines of the terminal.</param>
    public static IRenderable Of(AlertBoard board, string connection, bool connected, Instant now, int width, int height)
    {
        var open = board.Open;
        var says = Math.Max(10, width - SeverityWidth - SinceWidth - EventWidth - 13);        // 4 columns: 5 lines between and 2 blanks in each

        // Frames and headings of two tables, the row "and n more" and the last line take 12 lines; the open alerts get up to half of the rest.
        var room = Math.Max(4, height - 12);
        var shownOpen = Fitting(open, Math.Max(2, open.Count == 0 ? 1 : room / 2), says, out var used);
        var shownRecent = Fitting([.. board.Recent], Math.Max(2, room - Math.Max(1, used)), says, out _);
        return new Rows(
            OpenTable(open, shownOpen, now),
            RecentTable(board.Recent.Take(shownRecent)),
            new Markup(string.Create(CultureInfo.InvariantCulture,
                $"{(connected ? "[green]●[/]" : "[red]●[/]")} {Markup.Escape(connection)}   {board.Opened} opened, {board.Resolved} resolved since we look   [grey]Ctrl-C ends[/]")));
    }

    // How many events fit into so many lines; a long sentence is wrapped, by words, to two or three.
    private static int Fitting(IReadOnlyList<AlertEvent> events, int room, int says, out int used)
    {
        used = 0;
        var count = 0;
        foreach (var e in events)
        {
            var lines = 1 + (int)(e.Summary.Length * 1.1 / says);
            if (count > 0 && used + lines > room)
                break;
            (used, count) = (used + lines, count + 1);
        }

        return count;
    }

    private static Table OpenTable(IReadOnlyList<AlertEvent> open, int shown, Instant now)
    {
        var table = Framed(open.Count == 0 ? "Open alerts: none" : string.Create(CultureInfo.InvariantCulture, $"Open alerts: {open.Count}"), open.Count == 0 ? "green" : "red");
        table.AddColumns(Column("severity", SeverityWidth), Column("since", SinceWidth).RightAligned(), new TableColumn("says"));
        foreach (var e in open.Take(shown))
            table.AddRow(Coloured(e.Severity), Durations.Say(AlertBoard.Age(e, now)), Markup.Escape(e.Summary));
        if (open.Count == 0)
            table.AddRow("", "", "[grey]all devices behave as expected[/]");
        else if (open.Count > shown)
            table.AddRow("", "", string.Create(CultureInfo.InvariantCulture, $"[grey]and {open.Count - shown} more[/]"));
        return table;
    }

    private static Table RecentTable(IEnumerable<AlertEvent> recent)
    {
        var table = Framed("Last events", "grey");
        table.AddColumns(Column("UTC", SinceWidth), Column("event", EventWidth), Column("severity", SeverityWidth), new TableColumn("says"));
        foreach (var e in recent)
        {
            table.AddRow(e.EventTime.ToDateTimeOffset().ToString("HH:mm:ss", CultureInfo.InvariantCulture), Coloured(e.Status), Coloured(e.Severity),
                Markup.Escape(e.Summary));
        }

        return table;
    }

    private static TableColumn Column(string title, int width) => new(title) { Width = width };

    private static Table Framed(string title, string colour) =>
        new() { Border = TableBorder.Rounded, BorderStyle = new Style(Color.Grey), Expand = true, Title = new TableTitle($"[{colour}]{title}[/]") };

    public static string Coloured(Severity severity) => severity switch
    {
        Severity.Critical => "[white on red]critical[/]",
        Severity.Major => "[red]major[/]",
        Severity.Minor => "[yellow]minor[/]",
        _ => "[blue]info[/]",
    };

    private static string Coloured(AlertStatus status) => status switch
    {
        AlertStatus.Opened => "[bold]opened[/]",
        AlertStatus.Resolved => "[green]resolved[/]",
        _ => "updated",
    };
}
