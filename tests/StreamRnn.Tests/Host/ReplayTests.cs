using System.Globalization;
using System.Text;
using StreamRnn.Alerts;
using StreamRnn.Host;

namespace StreamRnn.Tests.Host;

/// <summary>Replay works in the current directory, for its settings: one test at a time.</summary>
[Collection("environment")]
public sealed class ReplayTests
{
    [Fact]
    public async Task ADayThatEndsInAHundredTimesTheUsualOpensAnAlertAndExitsWithFindings()
    {
        using var folder = new Folder();
        var (code, output, error) = await Run(folder.Write("office.csv", Series(spike: true)));
        Assert.Equal((1, ""), (code, error));
        Assert.Contains("  opened  ", output, StringComparison.Ordinal);
        Assert.Contains("office value", output, StringComparison.Ordinal);
        Assert.Contains("office: 600 readings, 1 alert", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithAHistoryARecordIsJudgedFromItsFirstRow()
    {
        using var folder = new Folder();
        var rows = Series(spike: false).Trim().Split('\n');
        var history = folder.Write("past.csv", string.Join('\n', rows[..590]));
        var record = folder.Write("office.csv", $"{rows[0]}\n{string.Join('\n', rows[590..600])}\n2026-03-01 10:00:00,2000\n");
        Assert.Equal(0, (await Run(record)).Code);
        var (code, output, _) = await Run(record, "--prime", history);
        Assert.Equal(1, code);
        Assert.Contains("office: 11 readings, 1 alert", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACalmSeriesHasNoFindings()
    {
        using var folder = new Folder();
        var (code, output, _) = await Run(folder.Write("office.csv", Series(spike: false)));
        Assert.Equal(0, code);
        Assert.Contains("no alert", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JsonIsOneCloudEventALineAndTheSameEachTime()
    {
        using var folder = new Folder();
        var file = folder.Write("office.csv", Series(spike: true));
        var (_, output, error) = await Run(file, "--json");
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.True(CloudEvent.TryRead(Encoding.UTF8.GetBytes(line), out _, out var why), why));
        Assert.Contains("office: 600 readings", error, StringComparison.Ordinal);
        Assert.Equal(output, (await Run(file, "--json")).Output);
    }

    [Fact]
    public async Task APictureIsDrawnForEachFile()
    {
        using var folder = new Folder();
        var plot = Path.Combine(folder.Path, "out.png");
        await Run(folder.Write("a.csv", Series(spike: true)), folder.Write("b.csv", Series(spike: false)), "--plot", plot);
        Assert.True(File.Exists(Path.Combine(folder.Path, "out-a.png")));
        Assert.True(File.Exists(Path.Combine(folder.Path, "out-b.png")));
    }

    [Theory]
    [InlineData("timestamp,value\n1,2\n2,two\n", "row 3, column 'value'")]
    [InlineData("when,value\n", "row 1")]
    public async Task AFileThatCannotBeUsedIsAUsageErrorThatNamesThePlace(string text, string place)
    {
        using var folder = new Folder();
        var (code, _, error) = await Run(folder.Write("office.csv", text));
        Assert.Equal(2, code);
        Assert.Contains(place, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASilenceInTheRecordIsNoticedWhenItHappensAndEndsWithTheNextReading()
    {
        using var folder = new Folder();
        var rows = Series(spike: false).Split('\n').ToList();
        rows.RemoveRange(400, 60);
        var (_, output, _) = await Run(folder.Write("office.csv", string.Join('\n', rows)));
        var opened = Assert.Single(output.Split('\n'), l => l.Contains("opened", StringComparison.Ordinal) && l.Contains("silence", StringComparison.Ordinal));
        // The last reading before the gap is at minute 398; within minutes it is missed, long before minute 459.
        var at = DateTimeOffset.Parse(opened.Split(' ')[0], CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal).TimeOfDay;
        Assert.InRange(at.TotalMinutes, 399, 420);
        Assert.Contains("reports again", output, StringComparison.Ordinal);
    }

    private static string Series(bool spike)
    {
        var random = new Random(3);
        var text = new StringBuilder("timestamp,value\n");
        for (var i = 0; i < 600; i++)
        {
            var value = 20 + Math.Sin(i / 20.0) + (.1 * random.NextDouble()) + (spike && i is >= 500 and < 503 ? 100 : 0);
            text.Append(CultureInfo.InvariantCulture, $"{new DateTime(2026, 3, 1).AddMinutes(i):yyyy-MM-dd HH:mm:ss},{value:0.###}\n");
        }

        return text.ToString();
    }

    private static async Task<(int Code, string Output, string Error)> Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(["replay", .. args], output, error);
        return (code, output.ToString(), error.ToString());
    }
}
