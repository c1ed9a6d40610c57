using System.Text;
using System.Text.Json;
using StreamRnn.Simulators;
using StreamRnn.Simulators.Faults;

namespace StreamRnn.Tests.Simulators;

public sealed class FaultTests
{
    public static TheoryData<string, string> FaultsAndDevices
    {
        get
        {
            var pairs = new TheoryData<string, string>();
            foreach (var fault in FaultKind.All)
            {
                foreach (var device in DeviceKinds.All.Where(d => fault.WholeDevice || fault.Suits(d, d.Channels[0])))
                    pairs.Add(fault.Name, device.Name);
            }

            return pairs;
        }
    }

    [Theory, MemberData(nameof(FaultsAndDevices))]
    public void AFaultChangesItsDeviceWithinItsLabelAndNothingElse(string faultName, string kindName)
    {
        var (kind, device) = (DeviceKinds.Named(kindName), kindName + "-02");
        var options = new ScenarioOptions { Length = 420 * kind.Every };
        var fault = new Fault(FaultKind.Named(faultName), 200 * kind.Every, device);
        var scenario = Scenario.Create(21, [kindName], 2, ScenarioTests.Monday, [fault], options);
        var label = Assert.Single(scenario.Labels);

        var normal = Scenario.Create(21, [kindName], 2, ScenarioTests.Monday, options: options).Emissions().ToArray();
        var faulty = scenario.Emissions().ToArray();
        var edges = faulty.Where(e => e.Label is not null).ToArray();
        Assert.Equal([(LabelEdge.Start, label.Start), (LabelEdge.End, label.End)], edges.Select(e => (e.Edge, e.Due)));
        Assert.All(edges, e => Assert.Equal(label, e.Label));
        Assert.Equal((device, faultName, fault.Kind.Anomalous), (label.Device, label.Kind, label.Anomalous));

        // A reading that was overtaken leaves at the label's end at the latest, so it belongs inside though it is due at the end.
        bool Inside(Emission e) => e.Topic == "devices/" + device
            && ((e.Due >= label.Start && e.Due < label.End) || (e.Due == label.End && e.Reading?.Time < label.End));
        var touched = faulty.Where(Inside).Select(ScenarioTests.Line).ToArray();
        Assert.Equal(normal.Where(e => !Inside(e)).Select(ScenarioTests.Line), faulty.Where(e => e.Label is null && !Inside(e)).Select(ScenarioTests.Line));
        Assert.NotEqual(normal.Where(Inside).Select(ScenarioTests.Line), touched);
    }

    [Theory]
    [InlineData("spike", 1)]
    [InlineData("dip", -1)]
    [InlineData("level-shift", 1)]
    public void AShiftedValueIsShiftedByTheLabelledSize(string faultName, int sign)
    {
        var (label, normal, faulty) = Compare($"{faultName}@3h=4.5:freezer-01:temperature");
        Assert.Equal(4.5, label.Size);
        Assert.Equal("°C", label.Unit);
        Assert.NotEmpty(faulty);
        Assert.All(normal.Zip(faulty), p => Assert.Equal(p.First.Values[0] + sign * 4.5, p.Second.Values[0], 6));
        Assert.All(normal.Zip(faulty), p => Assert.Equal(p.First.Values[1..], p.Second.Values[1..]));
    }

    [Fact]
    public void ADriftGrowsFromNothingToItsSize()
    {
        var (_, normal, faulty) = Compare("drift@3h=10:freezer-01");
        var drift = normal.Zip(faulty, (n, f) => f.Values[0] - n.Values[0]).ToArray();
        Assert.InRange(drift[0], 0, 0.2);
        Assert.InRange(drift[^1], 9.7, 10);
        Assert.All(drift.Zip(drift.Skip(1)), p => Assert.True(p.Second >= p.First - 1e-9));
    }

    [Fact]
    public void AStuckChannelRepeatsItsLastValueBeforeTheOnset()
    {
        var scenario = Scenario.Create(3, ["pump"], 1, ScenarioTests.Monday, [Fault.Parse("stuck@1h:pump-01:temperature")], ScenarioTests.Hours(3));
        var label = scenario.Labels[0];
        var readings = scenario.Emissions().Where(e => e.Reading is not null).Select(e => e.Reading!).ToArray();
        var last = readings.Last(r => r.Time < label.Start).Values[3];
        Assert.All(readings.Where(r => r.Time >= label.Start && r.Time < label.End), r => Assert.Equal(last, r.Values[3]));
    }

    [Fact]
    public void ASilentChannelIsLeftOutAndASilentDeviceSendsNothing()
    {
        var (_, _, channel) = Compare("silence@3h:freezer-01:power");
        Assert.NotEmpty(channel);
        Assert.All(channel, r => Assert.True(double.IsNaN(r.Values[1])));
        Assert.DoesNotContain("power", Encoding.UTF8.GetString(Payloads.Object(channel[0])), StringComparison.Ordinal);
        var (_, _, device) = Compare("silence@3h:freezer-01");
        Assert.Empty(device);
    }

    [Fact]
    public void DuplicatesAreTheSameBytesTwice()
    {
        var emissions = Within("duplicate@3h:freezer-01");
        Assert.NotEmpty(emissions);
        Assert.All(emissions.Chunk(2), pair => Assert.Equal(pair[0].Payload, pair[1].Payload));
    }

    [Fact]
    public void ReadingsOutOfOrderAreAllThereAndGoBackInTime()
    {
        var (_, normal, faulty) = Compare("out-of-order@3h:freezer-01");
        Assert.Equal(normal.Select(r => r.Time), faulty.Select(r => r.Time).Order());
        Assert.Contains(faulty.Zip(faulty.Skip(1)), p => p.Second.Time < p.First.Time);
    }

    [Fact]
    public void ASlowClockShiftsTheTimeInThePayloadOnly()
    {
        var (label, _, _) = Compare("clock-skew@3h=7200:freezer-01");
        Assert.Equal(7200, label.Size);
        Assert.All(Within("clock-skew@3h=7200:freezer-01"), e =>
        {
            Assert.Equal(e.Due - TimeSpan.FromHours(2), e.Reading!.Time);
            Assert.Contains(Payloads.TimeText(e.Due.AddHours(-2)), Encoding.UTF8.GetString(e.Payload), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void MalformedPayloadsAreNoReadings()
    {
        var emissions = Within("malformed@3h:freezer-01");
        Assert.True(emissions.Length >= 7);
        Assert.All(emissions, e => Assert.Null(e.Reading));
        Assert.All(emissions, e => Assert.DoesNotContain((byte)'\n', e.Payload));
        Assert.True(emissions.Count(e => !IsJson(e.Payload)) > emissions.Length / 2);

        static bool IsJson(byte[] payload)
        {
            try
            {
                using var document = JsonDocument.Parse(payload);
                return true;
            }
            catch (JsonException)
            {
                return false;
            }
        }
    }

    [Fact]
    public void AStolenCardPaysMuchFarAwayWithinMinutes()
    {
        var scenario = Scenario.Create(6, ["account"], 1, ScenarioTests.Monday, [Fault.Parse("fraud-burst@15h")], ScenarioTests.Hours(24));
        var label = scenario.Labels[0];
        var payments = scenario.Emissions().Where(e => e.Reading is { } r && r.Time >= label.Start && r.Time < label.End).Select(e => e.Reading!).ToArray();
        Assert.Equal(TimeSpan.FromMinutes(20), label.End - label.Start);
        Assert.True(payments.Count(p => p.Values[0] > 200 && p.Values[1] > 500) >= 8);
    }

    [Theory]
    [InlineData("market")]
    [InlineData("account")]
    public void WhereReadingsComeIrregularlyAFaultTouchesItsNumberOfReadings(string kind)
    {
        for (var seed = 1; seed <= 10; seed++)
        {
            var scenario = Scenario.Create(seed, [kind], 1, ScenarioTests.Monday, [Fault.Parse("spike@27h")], ScenarioTests.Hours(72)); // 3 h at night
            var label = scenario.Labels[0];
            Assert.Equal(3, scenario.Emissions().Count(e => e.Reading is { } r && r.Time >= label.Start && r.Time < label.End));
        }
    }

    [Fact]
    public void AnInjectedFaultBeginsNowAndTouchesNothingBefore()
    {
        var options = ScenarioTests.Hours(6);
        var normal = Scenario.Create(9, ["freezer"], 1, ScenarioTests.Monday, options: options).Emissions().Select(ScenarioTests.Line).ToArray();
        var run = Scenario.Create(9, ["freezer"], 1, ScenarioTests.Monday, options: options).Begin();
        var seen = new List<Emission>();
        Label? label = null;
        foreach (var emission in run.Emissions())
        {
            seen.Add(emission);
            if (seen.Count == 100)
                label = run.Inject(Fault.ParseNow("spike+5m:freezer-01"));
        }

        Assert.Equal(seen[99].Due + TimeSpan.FromMilliseconds(1), label!.Start);
        Assert.Equal(normal.Take(100), seen.Take(100).Select(ScenarioTests.Line));
        Assert.Equal([label, label], seen.Where(e => e.Label is not null).Select(e => e.Label));
        var readings = seen.Where(e => e.Label is null).Select(ScenarioTests.Line).ToArray();
        var changed = normal.Zip(readings).Count(p => p.First != p.Second);
        Assert.InRange(changed, 4, 6);
    }

    [Fact]
    public void ALabelReadsBackAsItWasWritten()
    {
        var label = Scenario.Create(1, [], 6, ScenarioTests.Monday, [Fault.Parse("drift@1h+2h=5:thermostat-01")]).Labels[0];
        Assert.Equal(label, Label.Parse(label.ToJson()));
        Assert.Equal("{\"device\":\"thermostat-01\",\"channel\":\"temperature\",\"kind\":\"drift\",\"start\":\"2026-01-05T01:00:00.000Z\",\"end\":\"2026-01-05T03:00:00.000Z\",\"anomalous\":true,\"size\":5,",
            label.ToJson()[..label.ToJson().IndexOf("\"unit\"", StringComparison.Ordinal)]);
        Assert.Throws<FormatException>(() => Label.Parse("{\"device\":1}"));
    }

    private static Emission[] Within(string fault)
    {
        var scenario = Scenario.Create(13, ["freezer"], 1, ScenarioTests.Monday, [Fault.Parse(fault)], ScenarioTests.Hours(8));
        var label = scenario.Labels[0];
        return [.. scenario.Emissions().Where(e => e.Label is null && e.Due >= label.Start && e.Due < label.End)];
    }

    /// <summary>The readings of a freezer within the label, as they would have been and as they were, in order of emission.</summary>
    private static (Label Label, SimulatedReading[] Normal, SimulatedReading[] Faulty) Compare(string fault)
    {
        var scenario = Scenario.Create(13, ["freezer"], 1, ScenarioTests.Monday, [Fault.Parse(fault)], ScenarioTests.Hours(8));
        var label = scenario.Labels[0];
        var normal = Scenario.Create(13, ["freezer"], 1, ScenarioTests.Monday, options: ScenarioTests.Hours(8));
        return (label, Readings(normal), Readings(scenario));

        SimulatedReading[] Readings(Scenario s) =>
            [.. s.Emissions().Where(e => e.Reading is { } r && r.Time >= label.Start && r.Time < label.End).Select(e => e.Reading!)];
    }
}
