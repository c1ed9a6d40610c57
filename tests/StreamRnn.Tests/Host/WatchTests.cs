using Spectre.Console;
using StreamRnn.Alerts;
using StreamRnn.Host.Watch;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Host;

public sealed class WatchTests
{
    private static readonly Instant Noon = Instant.From(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public void AnAlertIsOnePlainLine()
    {
        var line = AlertLine.Of(Event("a", 0, AlertStatus.Opened));
        Assert.Equal("2026-03-01T12:00:00Z  opened    major     level_shift       It is warm.", line);
    }

    [Fact]
    public void ARepeatOfAnEventCountsOnce()
    {
        var board = new AlertBoard();
        Assert.True(board.Add(Event("a", 0, AlertStatus.Opened)));
        Assert.False(board.Add(Event("a", 0, AlertStatus.Opened)));        // the retained copy of the same event
        Assert.Equal((1, 1, 1), (board.Open.Count, board.Opened, board.Recent.Count()));
    }

    [Fact]
    public void AnEventThatComesLateDoesNotOpenAResolvedAlertAgain()
    {
        var board = new AlertBoard();
        board.Add(Event("a", 0, AlertStatus.Opened));
        board.Add(Event("a", 2, AlertStatus.Resolved));
        Assert.False(board.Add(Event("a", 1, AlertStatus.Updated)));
        Assert.Empty(board.Open);
        Assert.Equal((1, 1), (board.Opened, board.Resolved));
    }

    [Fact]
    public void AnEmptiedRetainedMessageClosesTheAlert()
    {
        var board = new AlertBoard();
        board.Add(Event("a", 3, AlertStatus.Updated));
        board.Close("a");
        Assert.Empty(board.Open);
    }

    [Fact]
    public void WhatAlertsWereSeenIsForgottenInTimeSoThatWatchingForYearsCostsNoMemory()
    {
        var board = new AlertBoard(keep: 10);
        for (var i = 0; i < 5_000; i++)
        {
            board.Add(Event($"a{i}", 0, AlertStatus.Opened));
            board.Add(Event($"a{i}", 1, AlertStatus.Resolved));
        }

        Assert.Equal(10, board.Recent.Count());
        Assert.True(board.Remembered <= 1_000, $"{board.Remembered} alerts are remembered");
    }

    [Theory]
    [InlineData("freezer-*", "minor", "level_shift", true)]
    [InlineData("freezer-?", "major", "", true)]
    [InlineData("pump-*", "minor", "", false)]
    [InlineData(null, "critical", "", false)]
    [InlineData(null, "info", "silence", false)]
    public void AFilterLooksAtDeviceKindAndSeverity(string? device, string severity, string kind, bool passes)
    {
        Assert.True(AlertWords.TryParse(severity, out Severity atLeast));
        var filter = new AlertFilter(device, AlertWords.TryParse(kind, out AlertKind k) ? [k] : [], atLeast);
        Assert.Equal(passes, filter.Passes(Event("a", 0, AlertStatus.Opened)));
    }

    [Theory]
    [InlineData(120, 30)]
    [InlineData(80, 24)]
    [InlineData(200, 60)]
    public void TheScreenFitsTheTerminalAndShowsTheMostSevereFirst(int width, int height)
    {
        var board = new AlertBoard();
        for (var i = 0; i < 40; i++)
            board.Add(Event($"a{i}", 0, AlertStatus.Opened) with { Device = $"freezer-{i}", Summary = $"freezer-{i} temperature is 4.31 °C, expected -18.4 to -17.2 °C: far above what it usually is at this time; check the device.", Severity = i == 7 ? Severity.Critical : Severity.Minor });
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = width;
        console.Write(AlertScreen.Of(board, "connected to localhost:1883", true, Noon + TimeSpan.FromSeconds(42), width, height));
        var lines = text.ToString().TrimEnd().Split('\n');
        Assert.True(lines.Length <= height, text.ToString());
        Assert.Contains("Open alerts: 40", lines[0], StringComparison.Ordinal);
        Assert.Contains("critical", lines.First(l => l.Contains("freezer-", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains(lines, l => l.Contains("more", StringComparison.Ordinal));
    }

    private static AlertEvent Event(string id, int sequence, AlertStatus status) => new()
    {
        AlertId = id,
        Sequence = sequence,
        Status = status,
        Kind = AlertKind.LevelShift,
        Severity = Severity.Major,
        Device = "freezer-2",
        Channel = "temperature",
        OpenedAt = Noon,
        EventTime = Noon,
        DetectedAt = Noon,
        Score = .8,
        FalseAlarmsPerWeek = .1,
        Summary = "It is warm.",
        Count = 1,
        ModelId = "base",
        ModelVersion = "1",
    };
}
