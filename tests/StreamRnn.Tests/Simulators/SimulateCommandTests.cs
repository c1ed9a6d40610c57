using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using StreamRnn.Simulators;
using StreamRnn.Simulators.Commands;
using StreamRnn.Simulators.Faults;
using StreamRnn.Simulators.Playing;

namespace StreamRnn.Tests.Simulators;

public sealed class SimulateCommandTests
{
    [Fact]
    public async Task TheListNamesEveryKindOfDeviceAndEveryFault()
    {
        var (exit, output, _) = await RunAsync("--list");
        Assert.Equal(0, exit);
        Assert.All(DeviceKinds.All, k => Assert.Contains($"  {k.Name} ", output, StringComparison.Ordinal));
        Assert.All(FaultKind.All, k => Assert.Contains($"  {k.Name} ", output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--zz", "--kind")]
    [InlineData("--fault melt@5m", "level-shift")]
    [InlineData("--fault spike@soon", Fault.Grammar)]
    [InlineData("--kind toaster", "thermostat")]
    [InlineData("--devices 0", "1 to 1000000")]
    [InlineData("--speed -1", "above zero")]
    [InlineData("--rate fast", "above zero")]
    [InlineData("--for soon", "1h30m")]
    [InlineData("--broker http://x", "mqtt://")]
    [InlineData("--qos 3", "0, 1 or 2")]
    [InlineData("--speed 2 --rate 3", "exclude each other")]
    [InlineData("--csv x.csv --kind pump", "exclude each other")]
    [InlineData("--topic a/b", "--csv")]
    [InlineData("--csv x.csv --topic a/#", "no + or #")]
    [InlineData("--stdout --for 1m --fault spike@5m", "after the end")]
    [InlineData("--stdout --for 1m --fault spike@5s:nobody", "thermostat-01")]
    [InlineData("--stdout --start 2999-01-01", "future")]
    public async Task WrongUsageExitsWith2AndSaysWhatIsAllowed(string arguments, string allowed)
    {
        var (exit, output, error) = await RunAsync(arguments.Split(' '));
        Assert.Equal(2, exit);
        Assert.Empty(output);
        Assert.Contains(allowed, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--csv nowhere.csv --stdout", "nowhere.csv")]
    [InlineData("--for 1s --broker mqtt://127.0.0.1:1", "127.0.0.1:1")]
    public async Task WhatCannotBeReachedExitsWith1AndIsNamed(string arguments, string named)
    {
        var (exit, _, error) = await RunAsync(arguments.Split(' '));
        Assert.Equal(1, exit);
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StandardOutputGetsALineForEachMessageAndTheSameForTheSameSeed()
    {
        string[] arguments = ["--stdout", "--kind", "pump,account", "--devices", "3", "--for", "2h", "--rate", "max", "--start", "2026-01-05", "--fault", "malformed@1h:pump-01"];
        var (exit, output, _) = await RunAsync(arguments);
        var (_, again, _) = await RunAsync(arguments);
        Assert.Equal(0, exit);
        Assert.Equal(output, again);
        var lines = output.TrimEnd('\n').Split('\n');
        Assert.All(lines, l => Assert.Matches("^(devices/(pump|account)-0[12]|simulators/labels) ", l));
        Assert.Equal(2, lines.Count(l => l.StartsWith("simulators/labels ", StringComparison.Ordinal)));
        Assert.True(lines.Length > 450, $"{lines.Length} lines");
    }

    [Fact]
    public async Task TheLabelsFileHoldsOneLineForEachFault()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            await RunAsync("--stdout", "--for", "3h", "--rate", "max", "--start", "2026-01-05", "--labels", path, "--fault", "spike@1h:freezer-01", "--fault", "duplicate@2h:pump-01");
            var labels = LabelFile.Read(path);
            Assert.Equal([("freezer-01", "spike", true), ("pump-01", "duplicate", false)], labels.Select(l => (l.Device, l.Kind, l.Anomalous)));
            Assert.Equal(new DateTimeOffset(2026, 1, 5, 1, 0, 0, TimeSpan.Zero), labels[0].Start);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task WithoutAStartDeviceTimeEndsAtTheClock()
    {
        var (_, output, _) = await RunAsync("--stdout", "--kind", "pump", "--devices", "1", "--for", "1d", "--rate", "max");
        var last = JsonNode.Parse(output.TrimEnd('\n').Split('\n')[^1].Split(' ', 2)[1])!["time"]!.GetValue<DateTimeOffset>();
        Assert.InRange(DateTimeOffset.UtcNow - last, TimeSpan.Zero, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task AReaderThatHasSeenEnoughEndsTheSimulation()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var simulators = Path.ChangeExtension(typeof(SimulateCommand).Assembly.Location, "dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [simulators, "--stdout", "--speed", "600"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            Assert.StartsWith("devices/", await process.StandardOutput.ReadLineAsync(limit.Token), StringComparison.Ordinal);
            process.StandardOutput.Close();
            await process.WaitForExitAsync(limit.Token);
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var root = new RootCommand { SimulateCommand.Create() };
        var parsed = root.Parse(["simulate", .. arguments]);
        var exit = parsed.Errors.Count > 0
            ? UsageErrors.Report(parsed, error)
            : await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error });
        return (exit, output.ToString(), error.ToString());
    }
}
