using System.Text.Json;
using StreamRnn.Alerts;
using StreamRnn.Host;
using StreamRnn.Host.Configuration;
using StreamRnn.Host.Explaining;
using StreamRnn.Host.Replay;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Tests.Storage;

/// <summary>What led to an alert, from the journal of a store that is in use: the same alert again, or why not.</summary>
[Collection("environment")]
public sealed class ExplainTests : IDisposable
{
    // As the history is lived; and as it is not.
    private static readonly Settings Lived = new() { Detection = new DetectionOptions { FalseAlarmsPerDevicePerWeek = 100 } };
    private static readonly Settings Other = new() { Detection = new DetectionOptions { FalseAlarmsPerDevicePerWeek = 3 } };
    private static readonly Around Usual = new(60, null);

    private readonly History _history = new();

    public ExplainTests() => _history.Live(_ => Cut.None);

    [Fact]
    public void EveryAlertOfALifeComesAgainByteForByteFromTheReadingsOfItsDeviceAlone()
    {
        var alerts = Alerts();
        Assert.Contains(alerts, a => a[0].Kind == AlertKind.Silence);
        Assert.Contains(alerts, a => a[0].Device == "c" && a[0].Contributions.Count > 1);
        foreach (var told in alerts)
        {
            var about = Explain(told, Lived, Usual);
            Assert.True(about.IsSame, about.Difference);
            Assert.Equal(told.Select(Body), about.Again.Take(told.Count).Select(Body));
            Assert.All(about.Samples, s => Assert.Equal(told[0].Device, s.Channel.Device.Name));
        }
    }

    [Fact]
    public void UnderAnotherSensitivityItIsSaidThatTheAlertDiffersAndWhyThatMayBe()
    {
        var differing = Alerts().Select(told => Explain(told, Other, Usual)).Where(about => !about.IsSame).ToList();
        Assert.NotEmpty(differing);
        Assert.All(differing, about =>
        {
            Assert.Contains("configuration", about.Why, StringComparison.Ordinal);
            Assert.Contains($"but {about.Difference}", Text(about).ReplaceLineEndings(" "), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void TheReadingThatOpenedItIsShownWithWhatWasForecastAndWhichEvidenceSpoke()
    {
        var about = Explain(Alerts().First(a => a[0].Device == "a" && a[0].Kind != AlertKind.Silence), Lived, Usual);
        var opening = about.Samples.Single(s => s.Time == about.Opening.OpenedAt);
        Assert.Equal(about.Opening.Value, opening.Value);
        Assert.Equal(about.Opening.Expected, opening.Expected);
        Assert.Equal(about.Opening.Score, opening.Now, 6);
        Assert.True(opening.Now > opening.Threshold);
        Assert.True(opening.Rarity > 1);
        Assert.NotEqual("", ExplainText.Spoke(opening.Evidence));
        Assert.Equal(60, about.Samples.Count(s => s.Time < about.Opening.OpenedAt));
        Assert.Equal(about.Samples.Where(s => s.Time >= about.Opening.OpenedAt && s.Time <= about.ClosedAt).Max(s => s.Now), about.Samples.Single(s => s.Time == about.PeakAt).Now);
    }

    [Fact]
    public void ItsTextFitsATerminalAndMarksWhereItOpenedPeakedAndClosed()
    {
        foreach (var told in Alerts())
        {
            var text = Text(Explain(told, Lived, Usual));
            Assert.All(text.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 100, line));
            Assert.Contains(told[0].Summary.Split(' ')[^1], text, StringComparison.Ordinal);
            Assert.Contains("\n  opened ", text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
            Assert.Equal(told[^1].Status == AlertStatus.Resolved, text.ReplaceLineEndings("\n").Contains("\n  closed ", StringComparison.Ordinal));
            Assert.Contains("byte for byte", text.ReplaceLineEndings(" "), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AroundIsANumberOfReadingsOrATime()
    {
        var told = Alerts().First(a => a[0].Device == "a" && a[^1].Status == AlertStatus.Resolved);
        var (opened, closed) = (told[0].OpenedAt, told[^1].EventTime);
        var few = Explain(told, Lived, new Around(3, null)).Samples;
        Assert.Equal((3, 3), (few.Count(s => s.Time < opened), few.Count(s => s.Time > closed)));
        var seconds = Explain(told, Lived, new Around(0, TimeSpan.FromSeconds(10))).Samples;
        Assert.Equal((8, 8), (seconds.Count(s => s.Time < opened), seconds.Count(s => s.Time > closed)));      // of five seconds, one is without a reading
    }

    [Fact]
    public void AnAlertIsFoundByItsIdByAnEventOfItAndByABeginning()
    {
        using var journal = Journal.OpenAsItIs(_history.Folder, DeviceRegistry.Unbounded());
        foreach (var told in Alerts())
        {
            foreach (var asked in (string[])[told[0].AlertId, told[0].AlertId.ToUpperInvariant(), told[^1].Id, told[0].AlertId[..12]])
                Assert.Equal(told.Select(e => e.Id), AlertSearch.Find(asked, journal, []).Select(e => e.Id));
        }

        Assert.Equal(Alerts().Last(a => a[0].Device == "c")[0].AlertId, AlertSearch.Find("c", journal, [])[0].AlertId);
        Assert.Contains("write more of the id", Assert.Throws<UsageException>(() => AlertSearch.Find("", journal, [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsNotThereIsAnsweredWithWhatIs()
    {
        var id = Alerts()[0][0].AlertId;
        var slip = (id[0] == 'f' ? 'e' : 'f') + id[1..];
        Assert.Contains($"Did you mean\n  {id}", (await RunAsync("explain", slip, "--store", _history.Folder)).Error, StringComparison.Ordinal);
        var (code, _, error) = await RunAsync("explain", "a", "--store", _history.Folder, "--around", "some");
        Assert.Equal(2, code);
        Assert.Contains("--around is 'some'; allowed is a number of readings", error, StringComparison.Ordinal);
        Assert.Contains("the last alerts are:", (await RunAsync("explain", "nothing-like-it", "--store", _history.Folder)).Error, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("explain", id, "--store", _history.Folder, "--plot", "out.jpg")).Code);
    }

    [Fact]
    public async Task OfAnAlertThatIsGoneItIsSaidHowFarTheJournalReaches()
    {
        var told = Alerts()[0];
        using var copy = new Host.Folder();
        StoreFiles.BackUp(_history.Folder, Path.Combine(copy.Path, "whole"));
        var folder = Path.Combine(copy.Path, "whole");
        using (var journal = Journal.Open(folder, DeviceRegistry.Unbounded()))
        {
            foreach (var alert in journal.Alerts().Select(a => a.Alert).ToList())
            {
                journal.Mark(new Mark(alert.AlertId, alert.Sequence, Shown: false, Refused: false));
                journal.Mark(new Mark(alert.AlertId, alert.Sequence, Shown: true, Refused: false));
            }

            journal.Commit();
            journal.Prune(journal.Position, new Instant(long.MaxValue), long.MaxValue);
            journal.Add(new Arrivals { Now = told[0].DetectedAt + TimeSpan.FromHours(1) });
            journal.Commit();
            Assert.True(journal.First > 1);
        }

        var (code, _, error) = await RunAsync("explain", told[0].AlertId, "--store", folder);
        Assert.Equal(2, code);
        Assert.Contains("It begins at ", error, StringComparison.Ordinal);
        Assert.Contains("StreamRnn:Storage:History", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ForProgramsItIsOneObjectWithEveryEventAndReading()
    {
        var told = Alerts().First(a => a[0].Device == "a");
        var (code, output, _) = await RunAsync("explain", told[0].AlertId[..12], "--json", "--store", _history.Folder);
        using var json = JsonDocument.Parse(output);
        var same = json.RootElement.GetProperty("replay").GetProperty("same").GetBoolean();
        Assert.Equal(same ? 0 : 1, code);
        Assert.Equal(told.Select(e => e.Sequence), json.RootElement.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("sequence").GetInt32()));
        var reading = json.RootElement.GetProperty("readings").EnumerateArray().First(r => r.GetProperty("time").GetString() == told[0].OpenedAt.ToString());
        Assert.Equal(told[0].Value, reading.GetProperty("value").GetDouble());
        Assert.Equal(["range", "level", "near", "far", "window"], reading.GetProperty("evidence").EnumerateObject().Select(e => e.Name));
    }

    [Fact]
    public async Task APictureIsDrawnOfTheAlertAndOfOneDeviceOfTheJournal()
    {
        using var folder = new Host.Folder();
        var (one, whole) = (Path.Combine(folder.Path, "one.png"), Path.Combine(folder.Path, "whole.png"));
        Assert.Contains("drawn into", (await RunAsync("explain", Alerts()[0][0].AlertId, "--plot", one, "--store", _history.Folder)).Output, StringComparison.Ordinal);
        await RunAsync("replay", "--from-journal", "--device", "a", "--plot", whole, "--store", _history.Folder);
        Assert.All((string[])[one, whole], path => Assert.Equal([0x89, .. "PNG"u8], File.ReadAllBytes(path).Take(4)));
    }

    [Theory]
    [InlineData("a picture is of one device", "--plot", "out.png")]
    [InlineData("--model goes with files", "--model", "some.model")]
    [InlineData("--prime goes with files", "--prime", "past.csv")]
    [InlineData("'nobody' is not in the store", "--device", "nobody")]
    public async Task ReplayOfTheJournalRefusesWhatItWouldElseNotDo(string says, params string[] options)
    {
        var (code, _, error) = await RunAsync(["replay", "--from-journal", "--store", _history.Folder, .. options]);
        Assert.Equal(2, code);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    [Fact]
    public void WhoReadsTheJournalAsItIsSeesNothingThatComesAndNothingGo()
    {
        using var asItIs = Journal.OpenAsItIs(_history.Folder, DeviceRegistry.Unbounded());
        using var asItBecomes = Journal.Open(_history.Folder, DeviceRegistry.Unbounded(), readOnly: true);
        var before = asItIs.Position;
        _history.Tick();
        Assert.Equal(before, asItIs.ReadFrom(1).Last().Position);
        Assert.Equal(before + 1, asItBecomes.ReadFrom(1).Last().Position);
    }

    public void Dispose() => _history.Dispose();

    private List<List<AlertEvent>> Alerts()
    {
        using var journal = Journal.OpenAsItIs(_history.Folder, DeviceRegistry.Unbounded());
        return [.. journal.Alerts().Select(a => a.Alert).GroupBy(e => e.AlertId).Select(events => events.ToList())];
    }

    private Explanation Explain(IReadOnlyList<AlertEvent> told, Settings settings, Around around)
    {
        using var replayer = new JournalReplayer(_history.Folder, settings, DeviceGroups.None, keepScores: true);
        return Explanation.Of(told, replayer, around, () => { }, CancellationToken.None);
    }

    private static string Text(Explanation about)
    {
        using var text = new StringWriter();
        ExplainText.Write(about, 8, text);
        return text.ToString();
    }

    private static string Body(AlertEvent e)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        AlertJson.WriteData(e, buffer);
        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(args, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
