using CsCheck;
using StreamRnn.Alerts;
using StreamRnn.Nets;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Pipeline;

/// <summary>What holds of the fold holds of devices whose group has a net of its own. Weights are random: the laws hold for any.</summary>
public sealed class GroupLawTests
{
    private const double Start = 1_700_000_000;

    // d0, d2, d3, … : columns that come late or now and then; d1: two columns; d5, and whatever is not named so: no group.
    internal static readonly NetModel[] Models = [Model(1, "x", "y", "late"), Model(2, "y", "x")];

    [Fact]
    public void HowReadingsAreGroupedIntoEntriesChangesNothing() =>
        Gen.Select(Gen.ULong, Gen.Int[1, 40].Array[1, 30]).Sample(
            (seed, cuts) =>
            {
                var stream = FoldLawTests.Stream(seed, devices: 6, readings: 250);
                using var oneByOne = Grouped();
                foreach (var (device, time, value) in stream)
                {
                    oneByOne.Arrive(device, time, FoldLawTests.Channels(time, value));
                    oneByOne.Fold(1e9);
                }

                using var inCuts = Grouped();
                var (next, cut) = (0, 0);
                while (next < stream.Count)
                {
                    foreach (var (device, time, value) in stream.Skip(next).Take(cuts[cut % cuts.Length]))
                        inCuts.Arrive(device, time, FoldLawTests.Channels(time, value));
                    inCuts.Fold(1e9);
                    next += cuts[cut++ % cuts.Length];
                }

                using var atOnce = Grouped();
                foreach (var (device, time, value) in stream)
                    atOnce.Arrive(device, time, FoldLawTests.Channels(time, value));
                atOnce.Fold(1e9);

                foreach (var other in new[] { inCuts, atOnce })
                {
                    Assert.Equal(oneByOne.Scores.Select(FoldLawTests.Bits).Order(), other.Scores.Select(FoldLawTests.Bits).Order());
                    Assert.Equal(oneByOne.Alerts.Select(a => (a.Id, a.Summary, a.ModelId)).Order(), other.Alerts.Select(a => (a.Id, a.Summary, a.ModelId)).Order());
                    Assert.Equal(oneByOne.Notices.Select(Told).Order(), other.Notices.Select(Told).Order());
                    foreach (var device in oneByOne.Registry.Devices)
                        Assert.Equal(oneByOne.GroupStateOf(device.Name), other.GroupStateOf(device.Name));
                }
            },
            iter: 20);

    [Fact]
    public void BatchMatesAndShardsChangeNothing() =>
        Gen.Select(Gen.ULong, Gen.Int[2, 4]).Sample(
            (seed, shards) =>
            {
                var stream = FoldLawTests.Stream(seed, devices: 7, readings: 500);
                using var together = Grouped(shards);
                foreach (var chunk in stream.Chunk(23))
                {
                    foreach (var (device, time, value) in chunk)
                        together.Arrive(device, time, FoldLawTests.Channels(time, value));
                    together.Fold(1e9);
                }

                using var alone = Grouped();
                foreach (var (device, time, value) in stream.Where(s => s.Device == "d3"))
                {
                    alone.Arrive(device, time, FoldLawTests.Channels(time, value));
                    alone.Fold(1e9);
                }

                Assert.Contains(alone.GroupStateOf("d3"), bits => bits != 0);       // the net was stepped
                Assert.Equal(alone.GroupStateOf("d3"), together.GroupStateOf("d3"));
                Assert.Equal(alone.Scores.Select(FoldLawTests.Bits), together.Scores.Where(s => s.Channel.Device.Name == "d3").Select(FoldLawTests.Bits));
            },
            iter: 20);

    [Fact]
    public void DevicesWithoutAGroupAreScoredAsIfThereWereNone()
    {
        var stream = FoldLawTests.Stream(11, devices: 7, readings: 600);
        using var grouped = Grouped();
        using var plain = new Fleet();
        foreach (var (device, time, value) in stream)
        {
            grouped.Send(device, time, FoldLawTests.Channels(time, value));
            plain.Send(device, time, FoldLawTests.Channels(time, value));
        }

        Assert.Equal(Of(plain, "d5"), Of(grouped, "d5"));
        Assert.NotEqual(Of(plain, "d3"), Of(grouped, "d3"));             // the control

        static IEnumerable<object> Of(Fleet fleet, string device) => fleet.Scores.Where(s => s.Channel.Device.Name == device).Select(s => (object)FoldLawTests.Bits(s));
    }

    [Fact]
    public void APrefixIsScoredAsIfTheRestNeverCame()
    {
        var stream = FoldLawTests.Stream(3, devices: 1, readings: 300);
        using var whole = Grouped();
        using var prefix = Grouped();
        foreach (var (device, time, value) in stream)
            whole.Send(device, time, FoldLawTests.Channels(time, value));
        foreach (var (device, time, value) in stream.Take(200))
            prefix.Send(device, time, FoldLawTests.Channels(time, value));
        Assert.Equal(prefix.Scores.Select(FoldLawTests.Bits), whole.Scores.Take(prefix.Scores.Count).Select(FoldLawTests.Bits));
    }

    [Fact]
    public void WhatIsExpectedIsTheNetsPredictionFromTheRowsBefore()
    {
        using var fleet = Grouped();
        var model = Models[1];
        using var net = model.Net.Prepare();
        using var bank = model.Net.CreateBank(1);
        var random = new Seeded(5);
        float[] row = new float[2], predicted = new float[2];
        for (var i = 0; i < 60; i++)
        {
            var (x, y) = (20 + random.NextNormal(), -3 * random.NextNormal());
            fleet.Send("d1", Start + i, ("x", x), ("y", y));
            if (i > 0)
            {
                net.Step(bank, [0], row, predicted);
                Assert.Equal(model.Normaliser.Invert(1, predicted[1]), fleet.Scores[^2].Expected);
                Assert.Equal(model.Normaliser.Invert(0, predicted[0]), fleet.Scores[^1].Expected);
            }

            (row[0], row[1]) = ((float)model.Normaliser.Apply(0, y), (float)model.Normaliser.Apply(1, x));
        }
    }

    [Fact]
    public void ARowSentChannelByChannelIsPredictedAsOneSentWhole()
    {
        using var whole = Grouped();
        using var pieces = Grouped();
        var random = new Seeded(6);
        for (var i = 0; i < 100; i++)
        {
            var (x, y) = (20 + random.NextNormal(), random.NextNormal());
            whole.Send("d1", Start + (10 * i), ("x", x), ("y", y));
            pieces.Send("d1", Start + (10 * i), ("x", x));
            pieces.Send("d1", Start + (10 * i) + 1, ("y", y));
        }

        Assert.Equal(whole.Scores.Select(s => (s.Channel.Name, s.Expected)), pieces.Scores.Select(s => (s.Channel.Name, s.Expected)));
        Assert.Equal(whole.GroupStateOf("d1"), pieces.GroupStateOf("d1"));
    }

    [Fact]
    public void AChannelThatDoesNotComeCarriesItsLastValue()
    {
        using var skips = Grouped();
        using var repeats = Grouped();
        for (var i = 0; i < 40; i++)
        {
            repeats.Send("d1", Start + i, ("x", i % 7), ("y", i < 20 ? i % 5 : 4));
            if (i < 20)
                skips.Send("d1", Start + i, ("x", i % 7), ("y", i % 5));
            else
                skips.Send("d1", Start + i, ("x", i % 7));
        }

        Assert.Equal(repeats.GroupStateOf("d1"), skips.GroupStateOf("d1"));
    }

    [Fact]
    public void AnAlertNamesTheModelThatPredicted()
    {
        using var fleet = Grouped();
        var random = new Seeded(8);
        for (var i = 0; i < 400; i++)
        {
            var far = i == 390 ? 500 : 0;
            fleet.Send("d1", Start + i, ("x", random.NextNormal() + far), ("y", random.NextNormal()));
            fleet.Send("d5", Start + i, ("x", random.NextNormal() + far), ("y", random.NextNormal()));
            fleet.Send("d0", Start + i, ("x", random.NextNormal() + far), ("y", random.NextNormal()));    // column 'late' never comes
        }

        Assert.Equal((Models[1].Id, Models[1].Version), ModelOf("d1"));
        Assert.Equal("test", ModelOf("d5").Id);
        Assert.Equal("test", ModelOf("d0").Id);

        (string Id, string Version) ModelOf(string device) => fleet.Alerts.First(a => a.Device == device) is var alert ? (alert.ModelId, alert.ModelVersion) : default;
    }

    [Fact]
    public void UntilEveryColumnHasComeTheBaseModelPredictsAndThatIsToldOnce()
    {
        using var grouped = Grouped();
        using var plain = new Fleet();
        for (var i = 0; i < 200; i++)
        {
            (string, double)[] row = i < 100 ? [("x", i % 7), ("y", i % 5), ("other", 1)] : [("x", i % 7), ("y", i % 5), ("other", 1), ("late", i % 3)];
            grouped.Send("d0", Start + i, row);
            plain.Send("d0", Start + i, row);
        }

        // The first row of which the net has seen all before it is the one after that with which the column came.
        Assert.Equal(plain.Scores.Where(s => s.Time.Seconds < Start + 101).Select(FoldLawTests.Bits), grouped.Scores.Where(s => s.Time.Seconds < Start + 101).Select(FoldLawTests.Bits));
        Assert.NotEqual(plain.Scores.First(s => s.Time.Seconds > Start + 100.5).Expected, grouped.Scores.First(s => s.Time.Seconds > Start + 100.5).Expected);
        Assert.Equal([ModelNews.Waits, ModelNews.Predicts], grouped.Notices.Select(n => n.News));
        Assert.Equal(["late"], grouped.Notices[0].Missing);
        Assert.Equal(["other"], grouped.Notices[0].Strangers);
        Assert.Equal(Start + 100, grouped.Scores.First(s => s.Channel.Name == "late").Time.Seconds);
        Assert.Equal(plain.Scores.Where(s => s.Channel.Name == "other").Select(s => s.Expected), grouped.Scores.Where(s => s.Channel.Name == "other").Select(s => s.Expected));
    }

    [Fact]
    public void ADeviceWithNoColumnAtAllIsToldOf()
    {
        using var fleet = Grouped();
        for (var i = 0; i < 20; i++)
            fleet.Send("d1", Start + i, ("other", i));
        var notice = Assert.Single(fleet.Notices);
        Assert.Equal((ModelNews.Waits, "y x", "other"), (notice.News, string.Join(' ', notice.Missing), string.Join(' ', notice.Strangers)));
    }

    [Fact]
    public void APredictionThatIsNotFinitePoisonsNothing()
    {
        var net = new Net(new Topology(new LayerSpec("rnnOutput") { Units = 1 }), 1);
        net.Parameters[0].Values[0] = 3e38f;
        var wild = new NetModel(net, ["x"], Normaliser.None(1), "wild");
        using var grouped = new Fleet(groups: [wild], groupOf: _ => 0);
        using var plain = new Fleet();
        var random = new Seeded(2);
        for (var i = 0; i < 300; i++)
        {
            var value = 50 + random.NextNormal();
            grouped.Send("d", Start + i, ("x", value));
            plain.Send("d", Start + i, ("x", value));
        }

        Assert.Equal(plain.Scores.Select(FoldLawTests.Bits), grouped.Scores.Select(FoldLawTests.Bits));
        Assert.Single(grouped.Notices, n => n.News == ModelNews.Fails);
    }

    [Fact]
    public void AnyFiniteValuesGiveFiniteScores() =>
        Gen.Double.Array[2, 60].Sample(
            values =>
            {
                using var fleet = Grouped();
                for (var i = 0; i + 1 < values.Length; i++)
                {
                    if (double.IsFinite(values[i]) && double.IsFinite(values[i + 1]))
                        fleet.Send("d1", Start + i, ("x", values[i]), ("y", values[i + 1]));
                }

                Assert.All(fleet.Scores, s => Assert.True(s.Score is >= 0 and < 1));
                Assert.All(fleet.Scores.Where(s => !double.IsNaN(s.Expected)), s => Assert.True(double.IsFinite(s.Expected) && s.Lower <= s.Upper, $"{s}"));
                Assert.All(fleet.GroupStateOf("d1"), bits => Assert.True(float.IsFinite(BitConverter.Int32BitsToSingle(bits))));
            },
            iter: 200);

    [Fact]
    public void ANetThatDoesNotPredictItsColumnsIsRefused()
    {
        var net = new Net(new Topology(new LayerSpec("lstm") { Units = 4 }, new LayerSpec("rnnOutput") { Units = 1 }), 2, new Seeded(1));
        var half = new NetModel(net, ["x", "y"], Normaliser.None(2), "half");
        Assert.Contains("'half' does not predict", Assert.Throws<ArgumentException>(() => new Fleet(groups: [half])).Message, StringComparison.Ordinal);
    }

    internal static int GroupOf(ReadOnlySpan<char> origin) => origin switch { "d1" => 1, "d5" => -1, _ => 0 };

    private static Fleet Grouped(int shards = 1) => new(shards, groups: Models, groupOf: GroupOf);

    private static NetModel Model(ulong seed, params string[] columns)
    {
        var topology = new Topology(new LayerSpec("lstm") { Units = 8 }, new LayerSpec("rnnOutput") { Units = columns.Length });
        var normaliser = new Normaliser(columns.Select((_, c) => 5.0 - c), columns.Select((_, c) => 3.0 + c));
        var model = new NetModel(new Net(topology, columns.Length, new Seeded(seed)), columns, normaliser, $"own-{seed}");
        model.Save(Stream.Null);
        return model;
    }

    private static (string, ModelNews, string, string) Told(ModelNotice n) => (n.Device.Name, n.News, string.Join(' ', n.Missing), string.Join(' ', n.Strangers));
}
