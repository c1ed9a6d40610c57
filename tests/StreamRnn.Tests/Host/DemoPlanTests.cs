using System.Text;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Host.Demo;
using StreamRnn.Mqtt;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Simulators;

namespace StreamRnn.Tests.Host;

/// <summary>The demo's promise, without its two minutes: the same payloads through decoder and detector, on a clock that does not wait.</summary>
public sealed class DemoPlanTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void AtLeastFourOfFiveFaultsAreFoundWithAtMostOneFalseAlarm(int seed)
    {
        var plan = new DemoPlan(DemoPlan.Usual, seed);
        var score = Play(plan);
        Assert.True(score.Found >= 4 && score.FalseAlarms <= 1, $"{score.Line()}; not found: {string.Join(", ", score.Faults.Where(f => f.Delay is null).Select(f => f.Label.Kind))}");
    }

    private static Scoreboard Play(DemoPlan plan)
    {
        var registry = new DeviceRegistry();
        var decoder = new PayloadDecoder(new IngestOptions(), registry);
        using var detector = new Detector(new DetectionOptions { FalseAlarmsPerDevicePerWeek = plan.FalseAlarmsPerDevicePerWeek }, new AlertOptions(), BaseModel.Load(), registry);
        var score = new Scoreboard(5, plan.Aftermath);
        var arrivals = new Arrivals();
        var buffer = new ReadingBuffer();
        var clock = TimeSpan.Zero;
        foreach (var emission in plan.Emissions())
        {
            var at = (emission.Due - plan.Scenario.Start) / plan.Speed;
            while (clock + TimeSpan.FromSeconds(0.5) < at)
            {
                clock += TimeSpan.FromSeconds(0.5);
                Fold(clock);
            }

            if (emission.Label is { } label && emission.Edge == LabelEdge.Start)
                score.Inject(label, at, (label.End - label.Start) / plan.Speed);
            if (emission.Reading is null)
                continue;
            decoder.Decode(Encoding.UTF8.GetBytes(emission.Topic), emission.Payload, Instant.From(plan.Scenario.Start + at), buffer);
            arrivals.Readings.Append(buffer);
            buffer.Clear();
            Fold(at);
        }

        return score;

        void Fold(TimeSpan at)
        {
            arrivals.Now = arrivals.Heard = Instant.From(plan.Scenario.Start + at);
            foreach (var alert in detector.Fold(arrivals).Alerts.Where(a => a.Status == AlertStatus.Opened))
                score.Open(alert, at);
            arrivals.Readings.Clear();
        }
    }
}
