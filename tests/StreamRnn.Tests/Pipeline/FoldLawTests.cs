using CsCheck;
using StreamRnn.Nets;
using StreamRnn.Pipeline;

namespace StreamRnn.Tests.Pipeline;

/// <summary>Laws of the fold: how a stream is cut, grouped and mixed with others changes nothing, bit for bit.</summary>
public sealed class FoldLawTests
{
    [Fact]
    public void HowReadingsAreGroupedIntoEntriesChangesNothing() =>
        Gen.Select(Gen.ULong, Gen.Int[1, 40].Array[1, 30]).Sample(
            (seed, cuts) =>
            {
                var stream = Stream(seed, devices: 5, readings: 200);
                using var oneByOne = new Fleet();
                foreach (var (device, time, value) in stream)
                {
                    oneByOne.Arrive(device, time, Channels(time, value));
                    oneByOne.Fold(1e9);
                }

                using var grouped = new Fleet();
                var (next, cut) = (0, 0);
                while (next < stream.Count)
                {
                    foreach (var (device, time, value) in stream.Skip(next).Take(cuts[cut % cuts.Length]))
                        grouped.Arrive(device, time, Channels(time, value));
                    grouped.Fold(1e9);
                    next += cuts[cut++ % cuts.Length];
                }

                using var atOnce = new Fleet();
                foreach (var (device, time, value) in stream)
                    atOnce.Arrive(device, time, Channels(time, value));
                atOnce.Fold(1e9);

                foreach (var other in new[] { grouped, atOnce })
                    AssertSame(oneByOne, other);
            },
            iter: 20);

    [Fact]
    public void BatchMatesAndShardsChangeNothing() =>
        Gen.Select(Gen.ULong, Gen.Int[2, 4]).Sample(
            (seed, shards) =>
            {
                var stream = Stream(seed, devices: 7, readings: 300);
                using var together = new Fleet(shards);
                foreach (var chunk in stream.Chunk(23))
                {
                    foreach (var (device, time, value) in chunk)
                        together.Arrive(device, time, Channels(time, value));
                    together.Fold(1e9);
                }

                using var alone = new Fleet();
                foreach (var (device, time, value) in stream.Where(s => s.Device == "d3"))
                {
                    alone.Arrive(device, time, Channels(time, value));
                    alone.Fold(1e9);
                }

                Assert.Equal(alone.StateOf("d3", "x"), together.StateOf("d3", "x"));
                Assert.Equal(alone.Scores.Select(Bits), together.Scores.Where(s => s.Channel.Device.Name == "d3").Select(Bits));
            },
            iter: 20);

    [Fact]
    public void ShardsOnThreadsOfTheirOwnDoWhatOneThreadDoes() =>
        Gen.Select(Gen.ULong, Gen.Int[2, 4], Gen.Int[1, 400]).Sample(
            (seed, shards, cut) =>
            {
                using var one = new Fleet(shards);
                using var several = new Fleet(shards, threads: true);
                foreach (var chunk in Stream(seed, devices: 9, readings: 800).Chunk(cut))
                {
                    foreach (var fleet in new[] { one, several })
                    {
                        foreach (var (device, time, value) in chunk)
                            fleet.Arrive(device, time, Channels(time, value));
                        fleet.Fold(1e9);
                    }
                }

                Assert.Equal(one.Scores.Select(Bits), several.Scores.Select(Bits));     // in the same order, too
                AssertSame(one, several);
            },
            iter: 20);

    [Theory, InlineData(0), InlineData(2)]
    public void AFaultOnAnyThreadReachesTheCallerAndTheOthersAreDone(int at)
    {
        using var fleet = new Fleet(shards: 3);
        using var threads = new ShardThreads(fleet.Detector);
        var done = new bool[3];
        var fault = Assert.Throws<InvalidOperationException>(() => threads.ForEach(shard => done[shard] = shard != at ? true : throw new InvalidOperationException($"shard {shard}")));
        Assert.Equal($"shard {at}", fault.Message);
        Assert.Equal(Enumerable.Range(0, 3).Select(shard => shard != at), done);
        threads.ForEach(shard => done[shard] = true);                                   // and goes on
        Assert.All(done, Assert.True);
    }

    [Fact]
    public void APrefixIsScoredAsIfTheRestNeverCame()
    {
        var stream = Stream(3, devices: 1, readings: 300);
        using var whole = new Fleet();
        using var prefix = new Fleet();
        foreach (var (device, time, value) in stream)
            whole.Send(device, time, ("x", value));
        foreach (var (device, time, value) in stream.Take(200))
            prefix.Send(device, time, ("x", value));
        Assert.Equal(prefix.Scores.Select(Bits), whole.Scores.Take(200).Select(Bits));
    }

    [Fact]
    public void TheSameReadingAfterDifferentHistoriesIsPredictedDifferentlyBecauseTheHiddenStateIsCarried()
    {
        // Rows that agree in everything but the hidden state: only a carried state can tell the two apart.
        using var net = new StreamRnn.Detection.ForecastNet(StreamRnn.Detection.ForecastLayers.Create(16, new Seeded(1)));
        using var states = StateBank.ForLstm(16, 2);
        var f = new float[2 * StreamRnn.Detection.Outlook.Inputs];
        var g = new float[4 * StreamRnn.Detection.Outlook.HeadInputs];
        for (var step = 0; step < 5; step++)
        {
            f.AsSpan().Clear();
            f.AsSpan(StreamRnn.Detection.Outlook.Inputs).Fill(step % 2 == 0 ? 1 : -1);
            net.Step(states, [0, 1], f, g);
        }

        f.AsSpan().Fill(0.5f);
        var y = net.Step(states, [0, 1], f, g).ToArray();
        var outputs = StreamRnn.Detection.ForecastNet.Outputs;
        Assert.NotEqual(y[..outputs], y[(2 * outputs)..(3 * outputs)]);

        // The control: with both states forgotten, nothing is left to tell them apart.
        states.Clear(0);
        states.Clear(1);
        y = net.Step(states, [0, 1], f, g).ToArray();
        Assert.Equal(y[..outputs], y[(2 * outputs)..(3 * outputs)]);
    }

    [Fact]
    public void ADeviceWhoseStateIsLostPredictsOtherwiseThanOneThatGoesOn()
    {
        var stream = Stream(5, devices: 1, readings: 200);
        using var goesOn = new Fleet();
        foreach (var (device, time, value) in stream)
            goesOn.Send(device, time, ("x", value));
        using var cut = new Fleet();
        foreach (var (device, time, value) in stream.Skip(100))
            cut.Send(device, time, ("x", value));
        Assert.NotEqual(goesOn.Scores[^1].Expected, cut.Scores[^1].Expected);
    }

    internal static List<(string Device, double Time, double Value)> Stream(ulong seed, int devices, int readings)
    {
        var random = new Seeded(seed);
        var clock = new double[devices];
        var level = new double[devices];
        var stream = new List<(string, double, double)>(readings);
        for (var i = 0; i < readings; i++)
        {
            var d = random.Next(devices);
            clock[d] += 1 + random.NextExponential();
            level[d] = (0.9 * level[d]) + random.NextNormal();
            var value = 20 + d + level[d] + Math.Sin(clock[d] / 5) + (random.Chance(0.01) ? 30 : 0);
            stream.Add(($"d{d}", 1_700_000_000 + clock[d], value));
        }

        return stream;
    }

    internal static (string, long, long, long, long, long) Bits(ScoredSample s) => (
        s.Channel.ToString(), s.Time.Microseconds, BitConverter.DoubleToInt64Bits(s.Expected), BitConverter.DoubleToInt64Bits(s.Upper),
        BitConverter.DoubleToInt64Bits(s.Score), BitConverter.DoubleToInt64Bits(s.Threshold));

    /// <summary>As streams are: channels that come now and then, and ones that appear late.</summary>
    internal static (string Channel, double Value)[] Channels(double time, double value) => ((long)time % 5) switch
    {
        0 => [("y", 3 * value)],
        1 when time > 1_700_000_060 => [("x", value), ("y", 3 * value), ("late", -value), ("later", 2 - value)],
        _ => [("x", value), ("y", 3 * value)],
    };

    private static void AssertSame(Fleet one, Fleet other)
    {
        Assert.Equal(one.Scores.Select(Bits).Order(), other.Scores.Select(Bits).Order());
        Assert.Equal(one.Alerts.Select(a => (a.Id, a.Summary)).Order(), other.Alerts.Select(a => (a.Id, a.Summary)).Order());
        foreach (var device in one.Registry.Devices)
        {
            Assert.Equal(one.StateOf(device.Name, "x"), other.StateOf(device.Name, "x"));
            Assert.Equal(one.StateOf(device.Name, "y"), other.StateOf(device.Name, "y"));
        }
    }
}
