using System.Text.RegularExpressions;

namespace StreamRnn.EndToEnd.Host;

public sealed class DemoTests
{
    [Fact]
    public async Task TheDemoTellsItsStoryAndEndsWithTheScore()
    {
        await using var demo = HostProcess.Start(null, systemd: false, null, "demo", "--for", "1m", "--seed", "1", "--port", "0", "--no-browser");
        var (code, _) = await demo.ExitAsync();
        Assert.True(code == 0, $"ended with {code}\n{demo.Output}\n{demo.Error}");
        var lines = demo.Output.Split('\n');
        Assert.Matches(new Regex(@"mqtt://127\.0\.0\.1:\d+"), lines[0]);
        Assert.Contains(lines, l => l.Contains("warming up", StringComparison.Ordinal));
        Assert.Equal(5, lines.Count(l => l.Contains("FAULT ", StringComparison.Ordinal)));
        Assert.Contains(lines, l => l.Contains("ALERT", StringComparison.Ordinal) && l.Contains("silence", StringComparison.Ordinal));
        Assert.Matches(new Regex(@"^faults found [1-5] of 5, false alarms \d+, median delay \d+\.\d s$"), lines.Last(l => l.Length > 0));
    }

    [Fact]
    public async Task ADemoThatIsKilledGoesOnWhereItWas()
    {
        var store = Directory.CreateTempSubdirectory("streamrnn-demo-");
        try
        {
            string[] args = ["demo", "--for", "1m", "--port", "0", "--store", store.FullName];
            await using (var demo = HostProcess.Start(null, systemd: false, null, args))
                await demo.UntilAsync(d => Regex.IsMatch(d.Output, "^ *0:1[3-9]", RegexOptions.Multiline), "it has learned for a while");
            await using var again = HostProcess.Start(null, systemd: false, null, args);
            await again.UntilAsync(d => d.Output.Contains("where it was interrupted: 6 devices are known", StringComparison.Ordinal), "it says what it knows");
            await again.UntilAsync(d => Regex.IsMatch(d.Output, " ready"), "the devices are warmed up");
            var learned = Regex.Match(again.Output, "([0-9,]+) readings of them were learned").Groups[1].Value.Replace(",", "", StringComparison.Ordinal);
            Assert.InRange(int.Parse(learned, System.Globalization.CultureInfo.InvariantCulture), 6 * 50, 6 * 480);
            Assert.DoesNotContain("warming up 1/50", again.Output, StringComparison.Ordinal);
        }
        finally
        {
            store.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public async Task CtrlCEndsTheDemoWithTheScoreSoFar()
    {
        Skip.If(OperatingSystem.IsWindows(), "its signals are Linux's");
        await using var demo = HostProcess.Start(null, systemd: false, null, "demo", "--port", "0");
        await demo.UntilAsync(d => d.Output.Contains("faults will be injected", StringComparison.Ordinal), "it has begun");
        demo.Signal("INT");
        var (code, took) = await demo.ExitAsync();
        Assert.True(code == 0, $"ended with {code}\n{demo.Output}\n{demo.Error}");
        Assert.True(took < TimeSpan.FromSeconds(15), $"ended after {took}");
        Assert.Contains("faults found 0 of 0, false alarms 0, median delay - s", demo.Output, StringComparison.Ordinal);
    }
}
