using CsCheck;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Pipeline;

/// <summary>"This is normal": what a person calls so is not reported again, and everything else is.</summary>
public sealed class NormalTests
{
    private const double Start = 1_700_000_000;
    private const double Every = 60;
    private static readonly BaseModel Base = BaseModel.Load();
    private static readonly DetectionOptions Loose = new() { FalseAlarmsPerDevicePerWeek = 100 };

    /// <summary>Readings once a minute of a quantity that swings about 20, with room for what is added to it.</summary>
    private sealed class Plant : IDisposable
    {
        private readonly Seeded _random;

        public Plant(ulong seed = 1, DetectionOptions? options = null, params string[] channels)
        {
            _random = new Seeded(seed);
            Channels = channels.Length > 0 ? channels : ["x"];
            Fleet = new Fleet(options: options ?? new DetectionOptions { FalseAlarmsPerDevicePerWeek = 0.1 }, model: Base);
            Run(1500);
        }

        public string[] Channels { get; }

        public Fleet Fleet { get; }

        public int Count { get; private set; }

        public double Now => Start + (Every * Count);

        public IEnumerable<AlertEvent> Opened => Fleet.Alerts.Where(a => a.Status == AlertStatus.Opened);

        public NormalCount? Normal => Fleet.States[^1].Normal;

        public void Run(int readings, double added = 0, string channel = "x")
        {
            for (var i = 0; i < readings; i++)
            {
                Fleet.Send("plant", Now, [.. Channels.Select((c, k) => (c, 20 + k + (2 * Math.Sin((Count + (7 * k)) / 15.0)) + (0.2 * _random.NextNormal()) + (c == channel ? added : 0)))]);
                Count++;
            }
        }

        public void Skip() => Count++;

        /// <summary>An episode, then calm for as long as it takes to be ready for another.</summary>
        /// <returns>The alerts that it opened.</returns>
        public List<AlertEvent> Episode(double added = 12, int readings = 5, string channel = "x", int calm = 400)
        {
            var before = Opened.Count();
            Run(readings, added, channel);
            Run(calm);
            return [.. Opened.Skip(before)];
        }

        public CommandReply Say(DetectorCommand command) => Fleet.Say(command, Now - 1);

        public void Dispose() => Fleet.Dispose();
    }

    [Fact]
    public void WhatIsCalledNormalIsSuppressedCountedAndToldUntilItIsUndone()
    {
        using var plant = new Plant();
        var alert = Assert.Single(plant.Episode());
        using (var silent = new Plant())                             // the control: without a word it is reported again
            Assert.Equal([1, 1, 1], Enumerable.Range(0, 3).Select(_ => silent.Episode().Count));
        var reply = plant.Say(new CallNormal(alert.AlertId, null));
        Assert.True(reply.Done, reply.Message);
        Assert.Equal("plant", reply.Device);
        Assert.Equal(new NormalCount(1, 0, null), plant.Normal);
        for (var time = 1; time <= 3; time++)
        {
            var began = plant.Now;
            Assert.Empty(plant.Episode(added: 12 + time));
            Assert.Equal(new NormalCount(1, time, Instant.FromSeconds(began)), plant.Normal);
        }

        var known = Assert.Single(plant.Say(new ListNormal(null)).Normals);
        Assert.Equal((alert.AlertId, "plant", "x", 3), (known.Id, known.Device, known.Channel, known.Suppressed));
        Assert.True(plant.Say(new UndoNormal(alert.AlertId)).Done);
        Assert.Equal(0, plant.Normal!.Known);
        Assert.Single(plant.Episode());
        Assert.False(plant.Say(new UndoNormal(alert.AlertId)).Done);
    }

    [Theory]
    [InlineData("the other way", -12, 5, "x")]
    [InlineData("three times as large", 36, 5, "x")]
    [InlineData("another channel", 12, 5, "y")]
    [InlineData("it lasts", 12, 80, "x")]
    public void ADifferentFaultStillFires(string what, double added, int readings, string channel)
    {
        using var plant = new Plant(3, null, "x", "y");
        var alert = Assert.Single(plant.Episode());
        Assert.True(plant.Say(new CallNormal(alert.AlertId, null)).Done);
        Assert.Empty(plant.Episode());
        var opened = plant.Episode(added, readings, channel);
        Assert.True(opened.Count > 0, what);
        Assert.Equal(channel, opened[0].Channel);
    }

    [Fact]
    public void AnOpenAlertResolvesAsFeedbackAndTheRestOfItsEpisodeIsQuietAndBelongsToIt()
    {
        using var plant = new Plant();
        plant.Run(3, 12);
        var open = Assert.Single(plant.Opened);
        Assert.True(plant.Say(new CallNormal(open.AlertId, null)).Done);
        var resolved = plant.Fleet.Alerts[^1];
        Assert.Equal((open.AlertId, AlertStatus.Resolved, Resolution.Feedback), (resolved.AlertId, resolved.Status, resolved.Resolution!.Value));
        Assert.Contains("was said to be normal", resolved.Summary, StringComparison.Ordinal);
        Assert.Equal(Phase.Ready, plant.Fleet.States[^1].Phase);
        plant.Run(27, 12);
        plant.Run(400);
        Assert.Single(plant.Opened);
        Assert.Empty(plant.Episode(readings: 30));
        Assert.Single(plant.Fleet.Alerts, a => a.Status == AlertStatus.Resolved);
    }

    [Fact]
    public void NothingIsLearnedFromASuppressedEpisode()
    {
        using var plant = new Plant();
        var alert = Assert.Single(plant.Episode());
        plant.Say(new CallNormal(alert.AlertId, null));
        var before = plant.Fleet.RowOf("plant", "x");
        plant.Run(1, 12);
        var after = plant.Fleet.RowOf("plant", "x");
        Assert.Equal(1, plant.Normal!.Suppressed);
        Assert.Equal((before.NearScale, before.Most, before.NearTail.Count), (after.NearScale, after.Most, after.NearTail.Count));
    }

    [Fact]
    public void ItExpiresWhenItWasSaidForATime()
    {
        using var plant = new Plant();
        var alert = Assert.Single(plant.Episode());
        var reply = plant.Say(new CallNormal(alert.AlertId, TimeSpan.FromHours(10)));
        Assert.Contains("until 20", reply.Message, StringComparison.Ordinal);
        Assert.Empty(plant.Episode());
        plant.Run(600);
        Assert.Equal(0, plant.Normal!.Known);
        Assert.Single(plant.Episode());
    }

    [Fact]
    public void OnlyAlertsThatAreKnownCanBeCalledNormalAndSayingItTwiceIsSayingItOnce()
    {
        using var plant = new Plant();
        var alert = Assert.Single(plant.Episode());
        var refused = plant.Say(new CallNormal("no such alert", null));
        Assert.False(refused.Done);
        Assert.Contains("alert 'no such alert' is not known here", refused.Message, StringComparison.Ordinal);
        Assert.True(plant.Say(new CallNormal(alert.AlertId, null)).Done);
        Assert.True(plant.Say(new CallNormal(alert.AlertId, null)).Done);
        Assert.Single(plant.Say(new ListNormal("plant")).Normals);
        Assert.Empty(plant.Say(new ListNormal("another")).Normals);
    }

    [Fact]
    public void ASilenceThatIsCalledNormalIsSuppressedAndALongerOneIsTold()
    {
        using var plant = new Plant();
        var fleet = plant.Fleet;
        IEnumerable<AlertEvent> Silences() => plant.Opened.Where(a => a.Kind == AlertKind.Silence);
        var last = plant.Now - Every;
        double Silent(double from, double seconds)
        {
            for (var now = from; now < from + seconds; now += 10)
                fleet.Fold(now);
            for (var i = 0; i < 60; i++)
                fleet.Send("plant", from + seconds + (Every * i), ("x", 20 + (2 * Math.Sin(i / 15.0))));
            return from + seconds + (Every * 59);
        }

        last = Silent(last, 1800);
        var alert = Assert.Single(Silences());
        Assert.Equal(AlertKind.Silence, alert.Kind);
        fleet.Say(new CallNormal(alert.AlertId, null), last + 1);
        last = Silent(last, 1800);
        Assert.Single(Silences());
        Assert.Equal(1, plant.Normal!.Suppressed);
        last = Silent(last, 2000);
        Assert.Single(Silences());
        Silent(last, 4000);
        Assert.Equal(2, Silences().Count());
        Assert.Equal(3, plant.Normal!.Suppressed);           // held back until it was longer
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AStandstillThatIsCalledNormalIsSuppressedAndALongerOneIsTold(bool whileItLasts)
    {
        using var plant = new Plant(options: new DetectionOptions { FalseAlarmsPerDevicePerWeek = 1 });
        IEnumerable<AlertEvent> Stuck() => plant.Opened.Where(a => a.Kind == AlertKind.Stuck);
        void Freeze(int readings, Action? late = null)
        {
            for (var i = 0; i < readings; i++, plant.Skip())
            {
                plant.Fleet.Send("plant", plant.Now, ("x", 18 + (readings / 100.0)));         // never twice at one value: that would be a place of rest
                if (i == readings - 5)
                    late?.Invoke();
            }

            plant.Run(300);
        }

        Freeze(120, () =>
        {
            if (whileItLasts)
                Assert.True(plant.Say(new CallNormal(Assert.Single(Stuck()).AlertId, null)).Done);
        });
        if (!whileItLasts)
            Assert.True(plant.Say(new CallNormal(Assert.Single(Stuck()).AlertId, null)).Done);
        Freeze(175);                                         // longer than what it learned from the first, and no more than half as long again
        Assert.Single(Stuck());
        Assert.Equal(1, plant.Normal!.Suppressed);
        Freeze(400);
        Assert.Equal(2, Stuck().Count());
    }

    [Fact]
    public void WhereAnEntryIsCutChangesNothingOfWhatACommandDoes() =>
        Gen.Int[1, 12].Array[1, 30].Sample(
            cuts =>
            {
                using var oneByOne = new Fleet(shards: 2, options: Loose);
                using var grouped = new Fleet(shards: 2, options: Loose);
                var (next, cut) = (0, 0);
                foreach (var (command, device, time, value) in Script())
                {
                    foreach (var fleet in new[] { oneByOne, grouped })
                    {
                        if (command is not null)
                            fleet.Say(command);
                        else
                            fleet.Arrive(device!, time, ("x", value));
                    }

                    oneByOne.Fold(1e9);
                    if (++next % cuts[cut % cuts.Length] != 0)
                        continue;
                    grouped.Fold(1e9);
                    (next, cut) = (0, cut + 1);
                }

                grouped.Fold(1e9);
                Assert.Equal(oneByOne.Replies.Select(r => (r.Done, r.Message, r.Normals.Count)), grouped.Replies.Select(r => (r.Done, r.Message, r.Normals.Count)));
                Assert.Equal(oneByOne.Alerts.Select(a => (a.Id, a.Summary)).Order(), grouped.Alerts.Select(a => (a.Id, a.Summary)).Order());
                Assert.Contains(oneByOne.Replies, r => r is { Done: true, Command: CallNormal });
                Assert.Contains(oneByOne.States, s => s.Normal is { Suppressed: > 0 });
            },
            iter: 15);

    [Fact]
    public void AnotherBudgetForgetsNothingAndActsOnTheNextReading()
    {
        // At a reading a minute, one in ten million, and the most that is spent: one in twenty.
        var (strict, loose) = (Verdict.ScoreOf(Math.Log10(604_800 / Every / 0.001)), Verdict.ScoreOf(-Math.Log10(0.05)));
        using var plant = new Plant(options: new DetectionOptions { FalseAlarmsPerDevicePerWeek = 0.001, KeepScores = true });
        var (row, scores) = (plant.Fleet.RowOf("plant", "x"), plant.Fleet.Scores);
        Assert.Equal(strict, scores[^1].Threshold, 3);
        plant.Fleet.Detector.Set(new DetectionOptions { FalseAlarmsPerDevicePerWeek = 1000, KeepScores = true });
        AssertSame(row, plant.Fleet.RowOf("plant", "x"));
        plant.Run(1);
        Assert.Equal(loose, scores[^1].Threshold, 3);

        // By command, for one device, and back to what the configuration says.
        row = plant.Fleet.RowOf("plant", "x");
        Assert.True(plant.Say(new SetSensitivity(0.001, "plant")).Done);
        AssertSame(row, plant.Fleet.RowOf("plant", "x"));
        plant.Run(1);
        Assert.Equal(strict, scores[^1].Threshold, 3);
        Assert.True(plant.Say(new SetSensitivity(null, "plant")).Done);
        plant.Run(1);
        Assert.Equal(loose, scores[^1].Threshold, 3);
        Assert.True(plant.Say(new SetSensitivity(0.001, null)).Done);
        plant.Run(1);
        Assert.Equal(strict, scores[^1].Threshold, 3);
        Assert.False(plant.Say(new SetSensitivity(1, "nobody")).Done);
    }

    private static void AssertSame(SeriesRow before, SeriesRow after) => Assert.True(
        System.Runtime.InteropServices.MemoryMarshal.AsBytes([before]).SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes([after])));

    /// <summary>Two devices with outliers, and words about them; made once by a fleet that listens, so that the alerts' ids are known.</summary>
    private static List<(DetectorCommand? Command, string? Device, double Time, double Value)> Script()
    {
        var random = new Seeded(5);
        using var fleet = new Fleet(shards: 2, options: Loose);
        var script = new List<(DetectorCommand?, string?, double, double)>();
        var called = "";
        for (var i = 0; i < 900; i++)
        {
            foreach (var device in new[] { "a", "b" })
            {
                var time = Start + (60 * i);
                var value = 20 + random.NextNormal() + (i is 300 or 301 or 450 or 600 or 750 ? 40 : 0);
                script.Add((null, device, time, value));
                fleet.Arrive(device, time, ("x", value));
            }

            fleet.Fold(1e9);
            if (i == 301)
                called = Last("a");
            if (i is 301 or 320)
                script.Add((new CallNormal(Last(i == 301 ? "a" : "b"), null), null, 0, 0));
            if (i == 500)
                script.Add((new ListNormal(null), null, 0, 0));
            if (i == 700)
                script.Add((new UndoNormal(called), null, 0, 0));
        }

        return script;

        string Last(string device) => fleet.Alerts.Last(a => a.Device == device && a.Status == AlertStatus.Opened).AlertId;
    }
}
