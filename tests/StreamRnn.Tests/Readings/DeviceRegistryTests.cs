using CsCheck;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Readings;

public sealed class DeviceRegistryTests
{
    [Fact]
    public void ADevicesGroupIsThatOfWhereItsFirstReadingCameFrom()
    {
        var asked = new List<string>();
        var registry = new DeviceRegistry(groupOf: origin =>
        {
            asked.Add(origin.ToString());
            return origin.Length;
        });
        Assert.True(registry.TryGetDevice("a", out var device, out _, origin: "there"));
        Assert.True(registry.TryGetDevice("a", out var again, out _, origin: "elsewhere"));
        Assert.Same(device, again);
        Assert.Equal(5, device.Group);
        Assert.Equal(["there"], asked);
        Assert.True(new DeviceRegistry().TryGetDevice("a", out device, out _, origin: "there"));
        Assert.Equal(-1, device.Group);
    }

    [Fact]
    public void ANameIsAlwaysTheSameDeviceAndChannel()
    {
        var registry = new DeviceRegistry(shards: 3);
        Assert.True(registry.TryGetDevice("a", out var device, out var refusal));
        Assert.Null(refusal);
        Assert.True(registry.TryGetDevice("b", out _, out _));
        Assert.True(registry.TryGetDevice("a", out var again, out _));
        Assert.Same(device, again);
        Assert.True(registry.TryGetChannel(device, "x", out var channel, out _));
        Assert.True(registry.TryGetChannel(device, "y", out _, out _));
        Assert.True(registry.TryGetChannel(device, "x", out var sameChannel, out _));
        Assert.Same(channel, sameChannel);
        Assert.Equal((2, 2), (registry.DeviceCount, registry.SeriesCount));
        Assert.Equal("a/x", channel.ToString());
    }

    [Fact]
    public void AChannelIsFoundAmongFewAndAmongMany()
    {
        var registry = new DeviceRegistry();
        Assert.True(registry.TryGetDevice("a", out var device, out _));
        var channels = new List<Channel>();
        for (var i = 0; i < 40; i++)
        {
            Assert.True(registry.TryGetChannel(device, $"c{i}", out var channel, out _));
            Assert.DoesNotContain(channel, channels);
            channels.Add(channel);
            for (var k = 0; k <= i; k++)
            {
                Assert.True(registry.TryGetChannel(device, $"c{k}", out var again, out _));
                Assert.Same(channels[k], again);
            }
        }

        Assert.Equal(channels, device.Channels);
    }

    [Fact]
    public void AMillionInventedDevicesAreAMillionRefusalsNotAMillionRows()
    {
        var registry = new DeviceRegistry(maxDevices: 100);
        Span<char> name = stackalloc char[7];
        var refused = 0;
        for (var i = 0; i < 1_000_000; i++)
        {
            i.TryFormat(name, out var length);
            if (!registry.TryGetDevice(name[..length], out _, out var refusal))
            {
                Assert.Equal("the cap of 100 devices is reached (Ingest:MaxDevices)", refusal);
                refused++;
            }
        }

        Assert.Equal((100, 999_900), (registry.DeviceCount, refused));
        Assert.True(registry.TryGetDevice("99", out _, out _));
    }

    [Fact]
    public void ChannelsOfADeviceAreCapped()
    {
        var registry = new DeviceRegistry(maxChannels: 2);
        registry.TryGetDevice("a", out var device, out _);
        Assert.True(registry.TryGetChannel(device, "x", out _, out _));
        Assert.True(registry.TryGetChannel(device, "y", out _, out _));
        Assert.False(registry.TryGetChannel(device, "z", out _, out var refusal));
        Assert.Equal("device 'a' has reached the cap of 2 channels (Ingest:MaxChannelsPerDevice)", refusal);
        Assert.True(registry.TryGetChannel(device, "x", out _, out _));
        Assert.Equal(["x", "y"], device.Channels.Select(c => c.Name));
    }

    [Theory]
    [InlineData("", "the name is empty")]
    [InlineData("a/b", "U+002F at 1")]
    [InlineData("+", "U+002B at 0")]
    [InlineData("a#", "U+0023 at 1")]
    [InlineData("a\0b", "U+0000 at 1")]
    [InlineData("a\u0085", "U+0085 at 1")]
    public void AnUnusableNameIsRefusedWithTheReason(string name, string reason)
    {
        var registry = new DeviceRegistry();
        Assert.False(registry.TryGetDevice(name, out _, out var refusal));
        Assert.Contains(reason, refusal, StringComparison.Ordinal);
        registry.TryGetDevice("a", out var device, out _);
        Assert.False(registry.TryGetChannel(device, name, out _, out refusal));
        Assert.Contains(reason, refusal, StringComparison.Ordinal);
    }

    // A fact, not a theory: the runner's own files cannot hold half a character.
    [Fact]
    public void HalfACharacterIsRefused()
    {
        Assert.Equal("the name has a lone surrogate U+D83D at 0", DeviceRegistry.Unusable("\ud83d"));
        Assert.Equal("the name has a lone surrogate U+DC00 at 2", DeviceRegistry.Unusable("ab\udc00c"));
        Assert.Equal("the name has a lone surrogate U+D83D at 0", DeviceRegistry.Unusable("\ud83d\ud83d\udc4d"));
    }

    [Theory]
    [InlineData("freezer-02"), InlineData("Kühlraum 3"), InlineData("温度"), InlineData("👍"), InlineData("a.b"), InlineData("$x")]
    public void OrdinaryNamesOfAllAlphabetsAreUsable(string name) => Assert.Null(DeviceRegistry.Unusable(name));

    [Fact]
    public void TheLongestNameHas128Characters()
    {
        Assert.Null(DeviceRegistry.Unusable(new string('a', 128)));
        Assert.Equal("the name has 129 characters, allowed are 128", DeviceRegistry.Unusable(new string('a', 129)));
    }

    [Fact]
    public void AUsableNameMayStandInATopic() => Gen.String.Sample(name =>
    {
        if (DeviceRegistry.Unusable(name) is not null)
            return;
        Assert.True(name.Length is > 0 and <= 128);
        Assert.Equal(-1, name.AsSpan().IndexOfAny("+#/\0"));
        Assert.Equal(name, System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(name)));
    });

    [Fact]
    public void EveryDeviceAndSeriesHasARowOfItsOwnInItsShard() =>
        Gen.Select(Gen.Int[1, 5], Gen.Select(Gen.Int[0, 30], Gen.Int[0, 4]).Array[0, 200]).Sample((shards, sightings) =>
        {
            var registry = new DeviceRegistry(shards);
            foreach (var (device, channel) in sightings)
            {
                Assert.True(registry.TryGetDevice($"d{device}", out var d, out _));
                Assert.True(registry.TryGetChannel(d, $"c{channel}", out _, out _));
            }

            AssertDense(registry);
        });

    [Fact]
    public async Task SeveralThreadsSeeTheSameDevices()
    {
        var registry = new DeviceRegistry(shards: 2, maxDevices: 500);
        using var start = new Barrier(4);
        var seen = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            start.SignalAndWait(TimeSpan.FromSeconds(30));
            return Enumerable.Range(0, 2000).Select(i =>
            {
                if (!registry.TryGetDevice($"d{i % 700}", out var device, out string? refusal))
                    return null;
                Assert.True(registry.TryGetChannel(device, $"c{i % 3}", out Channel _, out refusal), refusal);
                return device;
            }).ToArray();
        })));
        Assert.Equal(500, registry.DeviceCount);
        Assert.Equal(500, seen.SelectMany(d => d).Where(d => d is not null).Distinct().Count());
        AssertDense(registry);
    }

    // Slots of a shard are 0 .. n − 1, each once, for devices and for series.
    private static void AssertDense(DeviceRegistry registry)
    {
        foreach (var shard in registry.Devices.GroupBy(d => d.Shard))
        {
            Assert.InRange(shard.Key, 0, registry.Shards - 1);
            Assert.Equal(Enumerable.Range(0, shard.Count()), shard.Select(d => d.Slot).Order());
            var series = shard.SelectMany(d => d.Channels).Select(c => c.Slot).Order().ToList();
            Assert.Equal(Enumerable.Range(0, series.Count), series);
        }

        Assert.All(registry.Devices, d => Assert.Equal(Enumerable.Range(0, d.Channels.Count), d.Channels.Select(c => c.Index)));
        Assert.Equal(registry.SeriesCount, registry.Devices.Sum(d => d.Channels.Count));
    }

    [Fact]
    public void AllSeriesTogetherAreCappedAndWhatIsKnownGoesOn()
    {
        var registry = new DeviceRegistry(maxSeries: 3);
        foreach (var name in (string[])["a", "b", "c", "d"])
        {
            Assert.True(registry.TryGetDevice(name, out var device, out _));
            var taken = registry.TryGetChannel(device, "x", out _, out var refusal);
            Assert.Equal(name != "d", taken);
            Assert.Equal(taken ? null : "the cap of 3 series is reached (Ingest:MaxSeries)", refusal);
        }

        Assert.True(registry.TryGetDevice("a", out var known, out _));
        Assert.True(registry.TryGetChannel(known, "x", out _, out _));
        Assert.Equal(3, registry.SeriesCount);
    }
}
