using StreamRnn.Alerts;
using StreamRnn.Host;
using StreamRnn.Host.Evaluation;
using StreamRnn.Readings;
using StreamRnn.Simulators;
using StreamRnn.Simulators.Faults;

namespace StreamRnn.Tests.Host;

[Collection("environment")]
public sealed class SimulatedWeekTests
{
    public static TheoryData<string> Kinds => [.. DeviceKinds.All.Select(kind => kind.Name)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void FaultsOfEveryKindComeAfterTheFirstDaysAndFarApart(string name)
    {
        var kind = DeviceKinds.Named(name);
        var options = new WeekOptions([kind], Devices: 13);
        var scenario = WeekPlan.Faulty(options, kind);
        Assert.Equal(scenario.Labels, WeekPlan.Faulty(options, kind).Labels);
        Assert.NotEqual(scenario.Labels, WeekPlan.Faulty(options with { Seed = 2 }, kind).Labels);
        Assert.Equal(WeekPlan.Suiting(kind).Select(k => k.Name).Order(), scenario.Labels.Select(l => l.Kind).Distinct().Order());
        Assert.All(scenario.Labels, label => Assert.True(label.Start >= scenario.Start + TimeSpan.FromDays(2)));
        foreach (var device in scenario.Labels.GroupBy(l => l.Device))
        {
            Assert.InRange(device.Count(), 1, 4);
            foreach (var (before, after) in device.OrderBy(l => l.Start).Zip(device.OrderBy(l => l.Start).Skip(1)))
                Assert.True(after.Start >= before.End + (WeekPlan.Aftermath * kind.Every), $"{before.Summary} and {after.Summary}");
        }
    }

    [Fact]
    public void AnAlertWithinAFaultFindsItAndAnyOtherIsFalse()
    {
        var kind = DeviceKinds.Named("pump");
        var options = new WeekOptions([kind], Devices: 4, Days: 7, Faults: 3);
        var (clean, faulty) = (WeekPlan.Clean(options, kind), WeekPlan.Faulty(options, kind));
        var labels = faulty.Labels.Where(l => l.Anomalous).ToList();
        var spike = labels.First(l => l.Kind == "spike");
        var silence = labels.First(l => l.Kind == "silence");
        var second = faulty.Start + (30 * (Math.Ceiling((spike.Start - faulty.Start).TotalSeconds / 30) + 1) * TimeSpan.FromSeconds(1));      // the second reading that is touched

        var figures = Of(
            [(spike.Device, AlertKind.OutOfRange, clean.Start.AddHours(3)), (spike.Device, AlertKind.Silence, clean.Start.AddDays(5))],
            [
                (spike.Device, AlertKind.PredictionError, second), (spike.Device, AlertKind.LevelShift, second.AddSeconds(60)),      // one fault
                (silence.Device, AlertKind.Silence, silence.Start.AddSeconds(75)),
                ("pump-01", AlertKind.OutOfRange, faulty.Start.AddHours(1)),
            ]);
        Assert.Equal((2, labels.Count, 4.0), (figures.Found, figures.Planned, figures.DeviceWeeks));
        Assert.Equal([2], Assert.Single(figures.Faults, f => f.Kind == FaultKind.Spike).Delays);
        Assert.InRange(Assert.Single(Assert.Single(figures.Faults, f => f.Kind == FaultKind.Silence).Delays), 2, 3);      // readings that it would have sent
        Assert.Equal(2, figures.Abrupt.MedianDelay);
        Assert.Equal(0.5, figures.CleanRate);
        Assert.Equal([AlertKind.OutOfRange], figures.FaultyAlarms);
        Assert.InRange(figures.FaultyWeeks, 3.5, 3.99);

        var deaf = Of([], []);
        Assert.Equal((0, 0.0, 0.0), (deaf.Found, deaf.CleanRate, deaf.FaultyRate));
        Assert.True(double.IsNaN(deaf.Abrupt.MedianDelay));
        // Of another device, too early or too late, it finds nothing.
        var astray = Of([], [(labels.First(l => l.Device != spike.Device).Device, AlertKind.Pattern, spike.Start), (spike.Device, AlertKind.Pattern, spike.Start.AddSeconds(-1)), (spike.Device, AlertKind.Pattern, spike.End.AddSeconds(1201))]);
        Assert.Equal((0, 3), (astray.Found, astray.FaultyAlarms.Count));

        WeekFigures Of(IEnumerable<(string, AlertKind, DateTimeOffset)> quiet, IEnumerable<(string, AlertKind, DateTimeOffset)> loud) => WeekFigures.Of(kind, Made(clean, quiet), Made(faulty, loud));

        SimulatedRun Made(Scenario scenario, IEnumerable<(string Device, AlertKind Kind, DateTimeOffset At)> alerts)
        {
            // A reading every half minute, but none in the silence.
            var arrivals = scenario.Devices.ToDictionary(d => d.Name, d => Enumerable.Range(0, 7 * 2880).Select(n => scenario.Start.AddSeconds(30 * n))
                .Where(time => scenario == clean || d.Name != silence.Device || time < silence.Start || time >= silence.End).ToList());
            return new SimulatedRun(scenario, 1, [.. alerts.Select(a => new OpenedAlert(Alert(a.Device, a.Kind), a.At))], arrivals, []);
        }
    }

    [Fact]
    public async Task SimulatedDevicesAreEvaluatedWithoutAFolderAndTheReportSaysWhereItComesFrom()
    {
        using var folder = new Folder();
        var report = Path.Combine(folder.Path, "docs", "detection.md");
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await CommandLine.RunAsync(["evaluate", "--simulated", "--kind", "freezer", "account", "--devices", "2", "--days", "2", "--seed", "3", "--report", report], output, error);
        Assert.True(code == 0, error.ToString());
        var table = output.ToString();
        Assert.Matches(@"\| freezer \| [\d,]{5,} \| \d+ \| \d+ % \|", table);
        Assert.Matches(@"\| account \| ", table);
        Assert.Matches(@"\| simulated freezer \| 6 \| \d\.\d+ ± \d\.\d+ \| n/a", table);
        Assert.DoesNotContain("VUS-PR", table, StringComparison.Ordinal);

        var lines = await File.ReadAllLinesAsync(report);
        Assert.StartsWith("# Detection on ", lines[0], StringComparison.Ordinal);
        Assert.Contains("seed 3", lines[2], StringComparison.Ordinal);
        Assert.Contains("`streamrnn evaluate --simulated --kind freezer account --devices 2", lines[2], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("≥ 95 % / ≤ 1 / ≤ 3", StringComparison.Ordinal));
        Assert.EndsWith(table[..table.LastIndexOf("2 kinds", StringComparison.Ordinal)], await File.ReadAllTextAsync(report), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("expected is a folder of recordings, --simulated, or both", "evaluate")]
    [InlineData("--days is for --simulated", "evaluate", "somewhere", "--days", "3")]
    [InlineData("--ablate needs DIR", "evaluate", "--simulated", "--ablate")]
    [InlineData("allowed is a whole number from 1 to 365", "evaluate", "--simulated", "--days", "0")]
    [InlineData("allowed is one of thermostat, freezer, wearable, market, account, pump", "evaluate", "--simulated", "--kind", "fridge")]
    public async Task OptionsThatDoNotGoTogetherAreRefused(string refusal, params string[] args)
    {
        var error = new StringWriter();
        Assert.Equal(2, await CommandLine.RunAsync(args, new StringWriter(), error));
        Assert.Contains(refusal, error.ToString(), StringComparison.Ordinal);
    }

    private static AlertEvent Alert(string device, AlertKind kind) => new()
    {
        AlertId = device,
        Sequence = 0,
        Status = AlertStatus.Opened,
        Kind = kind,
        Severity = Severity.Minor,
        Device = device,
        OpenedAt = default,
        EventTime = default,
        DetectedAt = default,
        Score = 0.6,
        FalseAlarmsPerWeek = 1,
        Summary = "",
        Count = 1,
        ModelId = "m",
        ModelVersion = "1",
    };
}
