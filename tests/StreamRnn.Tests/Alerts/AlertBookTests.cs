using CsCheck;
using StreamRnn.Alerts;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Alerts;

public sealed class AlertBookTests
{
    [Fact]
    public void TheSameInputMakesTheSameEvents() => Gen.Select(Gen.Int[0, 3], Gen.Bool, Gen.Double[0, 9]).Array[1, 200].Sample(steps =>
    {
        Assert.Equal(Run(steps), Run(steps));

        static List<string> Run((int Device, bool Silence, double Rarity)[] steps)
        {
            var registry = new DeviceRegistry();
            var book = Given.Book(new AlertOptions { HoldReadings = 2 });
            List<string> told = [];
            for (var i = 0; i < steps.Length; i++)
            {
                Assert.True(registry.TryGetDevice($"device-{steps[i].Device}", out var device, out _));
                Assert.True(registry.TryGetChannel(device, "x", out _, out _));
                var kind = steps[i].Silence ? AlertKind.Silence : AlertKind.PredictionError;
                if (book.Observe(Given.Verdict(device, i, steps[i].Rarity, kind: kind)) is { } e)
                    told.Add(Json.Text(e));
            }

            return told;
        }
    });

    [Fact]
    public void IdsDifferByDeviceKindAndOpeningTimeAndMayStandInATopic()
    {
        var id = AlertBook.IdOf("freezer/02 +#", AlertKind.Silence, Given.Start);
        Assert.Matches("^[0-9a-f]{16}$", id);
        Assert.Equal(id, AlertBook.IdOf("freezer/02 +#", AlertKind.Silence, Given.Start));
        Assert.NotEqual(id, AlertBook.IdOf("freezer/03 +#", AlertKind.Silence, Given.Start));
        Assert.NotEqual(id, AlertBook.IdOf("freezer/02 +#", AlertKind.Pattern, Given.Start));
        Assert.NotEqual(id, AlertBook.IdOf("freezer/02 +#", AlertKind.Silence, new Instant(Given.Start.Microseconds + 1)));
    }

    [Fact]
    public void AllEventsOfAnAlertBearItsIdAndTheOneAfterItAnother()
    {
        var device = Given.Device();
        var book = Given.Book(new AlertOptions { HoldReadings = 1 });
        var events = new[] { 4.1, 9, 0, 9, 0 }.Select((rarity, i) => book.Observe(Given.Verdict(device, i, rarity))).OfType<AlertEvent>().ToList();
        Assert.Equal([AlertStatus.Opened, AlertStatus.Updated, AlertStatus.Resolved, AlertStatus.Opened], events.Select(e => e.Status));
        Assert.Equal([0, 1, 2, 0], events.Select(e => e.Sequence));
        Assert.Single(events.Take(3).Select(e => e.AlertId).Distinct());
        Assert.NotEqual(events[0].AlertId, events[3].AlertId);
        Assert.Equal([null, null, Given.Start + TimeSpan.FromSeconds(60), null], events.Select(e => e.ResolvedAt));
        Assert.Equal(Resolution.Returned, events[2].Resolution);
    }

    [Fact]
    public void SilenceAndValuesOfADeviceAreTwoAlerts()
    {
        var device = Given.Device();
        var book = Given.Book();
        Assert.NotNull(book.Observe(Given.Verdict(device, 0, 6, kind: AlertKind.Silence)));
        Assert.True(book.HasOpen(device, AlertFamily.Silence));
        Assert.False(book.HasOpen(device, AlertFamily.Values));
        Assert.NotNull(book.Observe(Given.Verdict(device, 1, 6)));
        Assert.Null(book.Observe(Given.Verdict(device, 2, 6, kind: AlertKind.LevelShift)));
        Assert.Equal([AlertKind.Silence, AlertKind.PredictionError], book.Open.Select(e => e.Kind));
        Assert.Equal(AlertStatus.Resolved, book.Observe(Given.Verdict(device, 3, 0, kind: AlertKind.Silence))!.Status);
        Assert.False(book.HasOpen(device, AlertFamily.Silence));
        Assert.True(book.IsOpen(device));
        Assert.Single(book.Open);
    }

    [Fact]
    public void AStuckAlertIsAThirdOneAndEndsByItself()
    {
        var device = Given.Device();
        var book = Given.Book();
        Assert.NotNull(book.Observe(Given.Verdict(device, 0, 6)));
        Assert.NotNull(book.Observe(Given.Verdict(device, 1, 6, kind: AlertKind.Stuck)));
        Assert.Equal([AlertKind.PredictionError, AlertKind.Stuck], book.Open.Select(e => e.Kind));
        Assert.Equal(AlertStatus.Resolved, book.Observe(Given.Verdict(device, 2, 0, kind: AlertKind.Stuck))!.Status);
        Assert.False(book.HasOpen(device, AlertFamily.Stuck));
        Assert.True(book.HasOpen(device, AlertFamily.Values));
    }

    [Fact]
    public void OpenAlertsAreListedInTheOrderOfTheirOpeningWithTheirLastEvent()
    {
        var registry = new DeviceRegistry();
        var book = Given.Book();
        var devices = new[] { "c", "a", "b" }.Select(name => { registry.TryGetDevice(name, out var d, out _); registry.TryGetChannel(d, "x", out _, out _); return d; }).ToList();
        foreach (var device in devices)
            book.Observe(Given.Verdict(device, 0, 4.2));
        book.Observe(Given.Verdict(devices[1], 1, 9));
        Assert.Equal(["c", "a", "b"], book.Open.Select(e => e.Device));
        Assert.Equal([0, 1, 0], book.Open.Select(e => e.Sequence));
    }

    [Fact]
    public void AnEventTellsOfTheChannelThatWeighedMostWhenTheSeverityLastRose()
    {
        var device = Given.Device("pump", "vibration", "current");
        var book = Given.Book(describe: v => new AlertDetails { Value = v.Channel!.Index });
        Assert.Equal("vibration", book.Observe(Given.Verdict(device, 0, 4.1) with { Channel = device.Channels[0] })!.Channel);
        var worse = book.Observe(Given.Verdict(device, 1, 8) with { Channel = device.Channels[1], Kind = AlertKind.OutOfRange })!;
        Assert.Equal(("current", 1.0, AlertKind.PredictionError), (worse.Channel, worse.Value, worse.Kind));
        var later = book.Observe(Given.Verdict(device, 100, 5) with { Channel = device.Channels[0] })!;
        Assert.Equal(("current", AlertStatus.Updated, Severity.Critical), (later.Channel, later.Status, later.Severity));
    }

    [Fact]
    public void ScoreAndFalseAlarmsFollowTheRarity()
    {
        var e = Given.Book().Observe(Given.Verdict(Given.Device(), 0, 5))!;
        Assert.Equal(0.5, e.Score);
        Assert.Equal(20160e-5, e.FalseAlarmsPerWeek, 12);
    }

    [Theory]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity), InlineData(1e300, double.NaN)]
    public void AnEventHasFiniteNumbersWhateverTheVerdict(double rarity, double readingsPerWeek)
    {
        var details = new AlertDetails { Value = 1, Expected = double.NaN, Lower = double.NegativeInfinity, Upper = double.PositiveInfinity };
        var e = Given.Book(describe: _ => details).Observe(Given.Verdict(Given.Device(), 0, rarity) with { ReadingsPerWeek = readingsPerWeek })!;
        Assert.InRange(e.Score, 0.9, 1);
        Assert.Equal(0, e.FalseAlarmsPerWeek);
        Assert.Equal((1.0, null, null, null), (e.Value, e.Expected, e.Lower, e.Upper));
        Assert.NotEmpty(Json.Text(e));
    }

    [Fact]
    public void QuietReadingsOfQuietDevicesAllocateNothing()
    {
        var device = Given.Device();
        var book = Given.Book();
        var quiet = Given.Verdict(device, 0, 1);
        Assert.Equal(0, Allocated.By(() =>
        {
            for (var i = 0; i < 1000; i++)
                book.Observe(quiet);
        }));
    }

    [Fact]
    public void ADeviceOfAnotherShardIsRefused()
    {
        var registry = new DeviceRegistry(shards: 2);
        registry.TryGetDevice("a", out var a, out _);
        registry.TryGetDevice("b", out var b, out _);
        registry.TryGetChannel(a, "x", out _, out _);
        registry.TryGetChannel(b, "x", out _, out _);
        var book = Given.Book();
        book.Observe(Given.Verdict(a, 0, 9));
        Assert.Throws<ArgumentException>(() => book.Observe(Given.Verdict(b, 0, 9)));
    }

    [Fact]
    public void OptionsOutOfRangeAreNamedWithWhatIsAllowed()
    {
        Assert.Empty(new AlertOptions().Problems());
        Assert.Equal(["StreamRnn:Alerts:HoldReadings is '0'; allowed is 1 to 1000 readings"], new AlertOptions { HoldReadings = 0 }.Problems());
        var bad = new AlertOptions
        {
            OpenAfter = 2,
            OpenWithin = 65,
            ResolveBelow = double.NaN,
            HoldReadings = -1,
            UpdateInterval = TimeSpan.Zero,
            LongestReadings = 1,
            FlapWindow = -TimeSpan.FromSeconds(1),
        };
        Assert.Equal(6, bad.Problems().Count());
        Assert.Single(new AlertOptions { OpenAfter = 2 }.Problems());
    }
}
