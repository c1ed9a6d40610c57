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
