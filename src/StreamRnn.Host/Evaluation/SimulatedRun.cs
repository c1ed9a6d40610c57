using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Simulators;

namespace StreamRnn.Host.Evaluation;

/// <summary>An alert that opened, and when the detector knew.</summary>
internal readonly record struct OpenedAlert(AlertEvent Alert, DateTimeOffset At);

/// <summary>A scenario lived through the product's own detector, without a broker and as fast as it goes.</summary>
/// <param name="Arrivals">Device → when its readings arrived.</param>
internal sealed record SimulatedRun(
    Scenario Scenario, long Readings, IReadOnlyList<OpenedAlert> Opened, IReadOnlyDictionary<string, List<DateTimeOffset>> Arrivals, IReadOnlyList<SeriesSkill> Skill)
{
    /// <summary>What arrives within a tenth of the usual interval is one entry, as with a service that is busy: of a device rarely more than one reading.</summary>
    private const double Window = 0.1;

    /// <param name="maxLateness">As configured for the service: readings that overtook each other within it are put back in order.</param>
    /// <param name="withSkill">Keep all forecasts and measure them: some 32 bytes a value while it lasts.</param>
    /// <param name="progress">Is told the share of the scenario that is done, now and then.</param>
    public static SimulatedRun Live(Scenario scenario, DetectionOptions detection, AlertOptions alerts, BaseModel model, TimeSpan maxLateness, bool withSkill, Action<double> progress, CancellationToken cancel)
    {
        var registry = new DeviceRegistry();
        using var detector = new Detector(detection with { KeepForecasts = withSkill }, alerts, model, registry);
        var room = new WaitingRoom(maxLateness);
        var entry = new Arrivals();
        var forecasts = new ForecastTracks();
        List<OpenedAlert> opened = [];
        var arrivals = scenario.Devices.ToDictionary(d => d.Name, _ => new List<DateTimeOffset>());
        var window = scenario.Devices[0].Kind.Every * Window;
        var (readings, last, until) = (0L, scenario.Start, scenario.Start + window);
        foreach (var emission in scenario.Emissions())
        {
            if (emission.Reading is not { } reading)
                continue;                                    // the truth about a fault, or a payload that no codec could read
            if (emission.Due >= until)
            {
                Fold();
                until = emission.Due + window;
            }

            Add(reading);
            last = emission.Due;
            arrivals[reading.Device].Add(last);
            if (++readings % 1000 == 0)
            {
                cancel.ThrowIfCancellationRequested();
                progress((last - scenario.Start) / scenario.Options.Length!.Value);
            }
        }

        Fold();
        last = scenario.Start + scenario.Options.Length!.Value;
        Fold();                                              // a device that is silent to the end is noticed there
        progress(1);
        return new SimulatedRun(scenario, readings, opened, arrivals, withSkill ? forecasts.Skill() : []);

        void Add(SimulatedReading reading)
        {
            if (!registry.TryGetDevice(reading.Device, out var device, out var refusal))
                throw new InvalidOperationException($"the simulated device {reading.Device} was refused: {refusal}");
            entry.Readings.Begin(device, Instant.From(reading.Time));
            for (var i = 0; i < reading.Values.Length; i++)
            {
                if (double.IsNaN(reading.Values[i]))
                    continue;
                if (!registry.TryGetChannel(device, reading.Channels[i].Name, out var channel, out refusal))
                    throw new InvalidOperationException($"the simulated channel {reading.Device}/{reading.Channels[i].Name} was refused: {refusal}");
                entry.Readings.Add(channel, reading.Values[i]);
            }

            entry.Readings.End();
        }

        void Fold()
        {
            entry.Now = entry.Heard = Instant.From(last);
            entry.Ticket = readings;
            var outcome = detector.Fold(room.Take(entry));
            entry.Readings.Clear();
            forecasts.Add(outcome.Forecasts);
            opened.AddRange(outcome.Alerts.Where(e => e.Status == AlertStatus.Opened).Select(e => new OpenedAlert(e, last)));
        }
    }
}
