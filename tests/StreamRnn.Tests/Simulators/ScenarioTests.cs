using System.Text;
using StreamRnn.Simulators;
using StreamRnn.Simulators.Faults;

namespace StreamRnn.Tests.Simulators;

public sealed class ScenarioTests
{
    internal static readonly DateTimeOffset Monday = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Kinds => [.. DeviceKinds.All.Select(k => k.Name)];

    [Fact]
    public void TheSameSeedGivesTheSameBytes()
    {
        Assert.Equal(Bytes(seed: 11), Bytes(seed: 11));
        Assert.NotEqual(Bytes(seed: 11), Bytes(seed: 12));
    }

    [Fact]
    public void AScenarioCanBeEnumeratedAgain()
    {
        var emissions = Scenario.Create(3, [], 6, Monday, [Fault.Parse("noise-burst@30m")], Hours(1)).Emissions().Select(Line);
        Assert.NotEmpty(emissions);
        Assert.Equal(emissions.ToArray(), emissions.ToArray());
    }

    [Fact]
    public void ARunCanBeEnumeratedOnce()
    {
        var run = Scenario.Create(3, [], 6, Monday, options: Hours(1)).Begin().Emissions();
        Assert.NotEmpty(run.ToArray());
        Assert.Throws<InvalidOperationException>(() => run.ToArray());
    }

    [Fact]
    public void AFurtherDeviceChangesNothingOfTheOthers()
    {
        var few = Scenario.Create(5, ["pump", "market"], 2, Monday, options: Hours(3)).Emissions();
        var many = Scenario.Create(5, ["pump", "market"], 7, Monday, options: Hours(3)).Emissions();
        var names = few.Select(e => e.Topic).ToHashSet();
        Assert.Equal(few.Select(Line), many.Where(e => names.Contains(e.Topic)).Select(Line));
    }

    [Fact]
    public void DevicesAreDealtOutInTurnAndHaveNamesForPeople()
    {
        var names = Scenario.Create(1, ["thermostat", "freezer"], 3, Monday).Devices.Select(d => d.Name);
        Assert.Equal(["thermostat-01", "freezer-01", "thermostat-02"], names);
        Assert.Equal("freezer-123", Scenario.Create(1, ["freezer"], 123, Monday).Devices[^1].Name);
    }

    [Fact]
    public void EmissionsComeInOrderOfTimeAndADevicesTimesOnlyGrow()
    {
        var due = DateTimeOffset.MinValue;
        var last = new Dictionary<string, DateTimeOffset>();
        foreach (var emission in Scenario.Create(2, [], 12, Monday, options: Hours(12)).Emissions())
        {
            Assert.True(emission.Due >= due);
            due = emission.Due;
            var reading = emission.Reading!;
            Assert.Equal(emission.Due, reading.Time);
            Assert.True(!last.TryGetValue(reading.Device, out var before) || reading.Time > before, $"{reading.Device} at {reading.Time}");
            last[reading.Device] = reading.Time;
        }

        Assert.Equal(12, last.Count);
        Assert.InRange(due, Monday + TimeSpan.FromHours(11.9), Monday + TimeSpan.FromHours(12));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void ANormalWeekStaysWithinWhatIsPhysicallyPlausible(string kind)
    {
        var plausible = new Dictionary<string, (double Low, double High)[]>
        {
            ["thermostat"] = [(14, 25), (16, 24), (0, 100), (-15, 30)],
            ["freezer"] = [(-24, -8), (0, 200), (0, 60)],
            ["wearable"] = [(38, 185), (0, 200), (0, 3)],
            ["market"] = [(70, 140), (1, 20_000), (1, 20)],
            ["account"] = [(0.5, 900), (0, 400)],
            ["pump"] = [(0.5, 4), (1, 9), (1.2, 5), (15, 80), (1400, 1500)],
        }[kind];
        foreach (var emission in Scenario.Create(4, [kind], 2, Monday, options: Hours(7 * 24)).Emissions())
        {
            var reading = emission.Reading!;
            for (var c = 0; c < plausible.Length; c++)
                Assert.True(reading.Values[c] >= plausible[c].Low && reading.Values[c] <= plausible[c].High, $"{reading.Device} {reading.Channels[c].Name} {reading.Values[c]} at {reading.Time}");
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void TheSpreadThatSizesFaultsIsThatOfANormalWeek(string kind)
    {
        var week = Scenario.Create(8, [kind], 1, Monday, options: Hours(7 * 24)).Emissions().Select(e => e.Reading!).ToArray();
        var channels = week[0].Channels;
        for (var c = 0; c < channels.Count; c++)
        {
            var sorted = week.Select(r => r.Values[c]).Order().ToArray();
            var quarter = (sorted[(int)(0.995 * sorted.Length) - 1] - sorted[(int)(0.005 * sorted.Length)]) / 4;
            Assert.InRange(channels[c].Spread, quarter / 2, quarter * 2);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void AWeekHasAsManyReadingsAsTheUsualIntervalSays(string kind)
    {
        var scenario = Scenario.Create(8, [kind], 4, Monday, options: Hours(7 * 24));
        Assert.InRange(scenario.Emissions().Count() / (scenario.ReadingsPerSecond * 7 * 86_400), 0.85, 1.15);
    }

    [Fact]
    public void AnotherIntervalSamplesTheSamePhysics()
    {
        var fast = Scenario.Create(8, ["thermostat"], 1, Monday, options: new ScenarioOptions { Length = TimeSpan.FromHours(24), Every = TimeSpan.FromSeconds(20) });
        var temperatures = fast.Emissions().Select(e => e.Reading!.Values[0]).ToArray();
        Assert.InRange(temperatures.Length, 4250, 4390);
        Assert.InRange(temperatures.Max() - temperatures.Min(), 2, 7);
    }

    [Fact]
    public void BareValuesPerChannelHaveTopicsOfTheirOwn()
    {
        var options = new ScenarioOptions { Length = TimeSpan.FromMinutes(2), PerChannel = true };
        var emissions = Scenario.Create(1, ["freezer"], 1, Monday, options: options).Emissions().Take(3).ToArray();
        Assert.Equal(["devices/freezer-01/temperature", "devices/freezer-01/power", "devices/freezer-01/door"], emissions.Select(e => e.Topic));
        Assert.All(emissions, e => Assert.Matches(@"^-?\d+(\.\d)?$", Encoding.UTF8.GetString(e.Payload)));
    }

    [Fact]
    public void StartingInThePastLetsDeviceTimeCatchUpWithTheClockAtTheEnd()
    {
        Assert.Equal(Monday, Scenario.StartToEndAtTheClock(Monday, TimeSpan.FromHours(1), 1));
        var start = Scenario.StartToEndAtTheClock(Monday, TimeSpan.FromHours(1), 60);
        Assert.Equal(Monday + TimeSpan.FromMinutes(1), start + TimeSpan.FromHours(1)); // an hour of device time takes a minute
    }

    [Theory]
    [InlineData("spike@1m:nobody", "nobody")]
    [InlineData("spike@1m:pump-01:taste", "taste")]
    [InlineData("fraud-burst@1m:pump-01", "does not suit")]
    [InlineData("dip@1m:account-01:amount", "does not suit")]
    [InlineData("malformed@1m:pump-01:speed", "as a whole")]
    [InlineData("spike@30h", "after the end")]
    [InlineData("stuck@1m=3", "no size")]
    public void AFaultThatCannotBeIsRefusedWithWhatThereIs(string fault, string named)
    {
        var refusal = Assert.Throws<ArgumentException>(() => Scenario.Create(1, [], 6, Monday, [Fault.Parse(fault)], Hours(24)));
        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
    }

    internal static ScenarioOptions Hours(double hours) => new() { Length = TimeSpan.FromHours(hours) };

    internal static string Line(Emission emission) => $"{emission.Due:O} {emission.Topic} {Convert.ToHexString(emission.Payload)}";

    private static string[] Bytes(long seed)
    {
        var faults = new[] { "spike@1h", "noise-burst@2h", "malformed@2h", "silence@3h", "fraud-burst@1h", "out-of-order@2h" }.Select(Fault.Parse);
        return [.. Scenario.Create(seed, [], 9, Monday, faults, Hours(5)).Emissions().Select(Line)];
    }
}
