using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;
using StreamRnn.Host.Watch;

namespace StreamRnn.Host.Demo;

/// <summary>The demo on a terminal: a row per device (value, expected band, where the value lies in it, score, phase), and what happened below.</summary>
internal static class DemoScreen
{
    private const int BandWidth = 21;
    private const int ScoreWidth = 10;

    /// <param name="lines">What happened, oldest first.</param>
    public static IRenderable Of(DemoBoard board, DemoPlan plan, string broker, TimeSpan at, IReadOnlyList<(TimeSpan At, Tone Tone, string Text)> lines, int width, int height)
    {
        var table = new Table { Border = TableBorder.Rounded, BorderStyle = new Style(Color.Grey), Expand = true };
        table.AddColumns(
            new TableColumn("device").NoWrap(), new TableColumn("channel").NoWrap(), new TableColumn("value").NoWrap().RightAligned(),
            new TableColumn("expected").NoWrap(), new TableColumn("value in its band") { Width = BandWidth, NoWrap = true },
            new TableColumn("score") { Width = ScoreWidth, NoWrap = true }, new TableColumn("phase").NoWrap());
        foreach (var device in board.Devices)
            table.AddRow(Row(board, device));
        var room = Math.Max(3, height - plan.Scenario.Devices.Count - 8);
        var shown = new List<IRenderable>();
        var used = 0;
        foreach (var (time, tone, text) in lines.Reverse())
        {
            used += 1 + ((text.Length + 8) / Math.Max(20, width));
            if (used > room)
                break;
            shown.Insert(0, new Markup($"[grey]{Clock(time)}[/]  {Coloured(tone, text)}"));
        }

        return new Rows(
        [
            new Markup($"[bold]StreamRnn demo[/]  {Clock(at)} of {Clock(plan.Length)}   broker [bold]mqtt://{broker}[/]   {Markup.Escape(board.Score.Line())}   [grey]Ctrl-C ends[/]"),
            table,
            .. shown,
        ]);
    }

    public static string Clock(TimeSpan at) => string.Create(CultureInfo.InvariantCulture, $"{(int)at.TotalMinutes}:{at.Seconds:00}");

    private static string[] Row(DemoBoard board, DemoBoard.DeviceView device)
    {
        var channel = board.ChannelOf(device);
        var view = device.Channels.GetValueOrDefault(channel, new DemoBoard.ChannelView(double.NaN, null, null, null));
        var phase = DemoBoard.PhaseOf(device);
        return
        [
            Markup.Escape(device.Name), Markup.Escape(channel), AlertLine.Number(view.Value),
            view.Lower is null ? "–" : $"{AlertLine.Number(view.Lower)} to {AlertLine.Number(view.Upper)}",
            Band(view), ScoreBar(device),
            device.Phase switch { "alerting" => $"[white on red] {phase} [/]", "silent" => $"[black on yellow] {phase} [/]", "ready" => $"[green]{phase}[/]", _ => $"[blue]{phase}[/]" },
        ];
    }

    // The band is the middle half of the field: ┄┄┄┄┄━━━━━●━━━━━┄┄┄┄┄. A value beyond the field is at its edge, with an arrow.
    private static string Band(DemoBoard.ChannelView view)
    {
        if (view is not { Lower: { } lower, Upper: { } upper } || !double.IsFinite(view.Value))
            return "";
        const int quarter = BandWidth / 4;
        var span = Math.Max(upper - lower, 1e-12);
        var place = (int)Math.Round(quarter + ((view.Value - lower) / span * (BandWidth - 1 - (2 * quarter))));
        var inside = view.Value >= lower && view.Value <= upper;
        var mark = place < 0 ? '◄' : place >= BandWidth ? '►' : '●';
        place = Math.Clamp(place, 0, BandWidth - 1);
        var field = string.Concat(Enumerable.Range(0, BandWidth).Select(i => i < quarter || i > BandWidth - 1 - quarter ? "┄" : "━"));
        return $"[grey]{field[..place]}[/][{(inside ? "green" : "red")}]{mark}[/][grey]{field[(place + 1)..]}[/]";
    }

    private static string ScoreBar(DemoBoard.DeviceView device)
    {
        var full = (int)Math.Round(Math.Clamp(device.Score, 0, 1) * ScoreWidth);
        var colour = device.Score > device.Threshold ? "red" : device.Score > device.Threshold * .8 ? "yellow" : "green";
        return $"[{colour}]{new string('█', full)}[/][grey]{new string('░', ScoreWidth - full)}[/]";
    }

    private static string Coloured(Tone tone, string text) => tone switch
    {
        Tone.Fault => $"[yellow]{Markup.Escape(text)}[/]",
        Tone.Alert => $"[bold red]{Markup.Escape(text)}[/]",
        Tone.Miss => $"[bold magenta]{Markup.Escape(text)}[/]",
        Tone.Calm => $"[green]{Markup.Escape(text)}[/]",
        _ => Markup.Escape(text),
    };
}
