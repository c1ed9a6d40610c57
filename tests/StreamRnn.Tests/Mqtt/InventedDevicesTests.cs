using System.Globalization;
using StreamRnn.Mqtt;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Mqtt;

/// <summary>Looks at the memory of the whole process, so nothing else may run beside it.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;

[Collection("alone")]
public sealed class InventedDevicesTests
{
    private static readonly Instant Now = Instant.From(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly ReadingBuffer _readings = new();

    [Fact]
    public void AMillionInventedDevicesCostAMillionRefusals()
    {
        const int Cap = 1_000;
        var registry = new DeviceRegistry(maxDevices: Cap);
        var decoder = new PayloadDecoder(new IngestOptions(), registry);
        var topic = new byte[32];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var refused = 0;
        for (var i = 0; i < 1_000_000; i++)
        {
            _readings.Clear();
            Assert.True(System.Text.Unicode.Utf8.TryWrite(topic, CultureInfo.InvariantCulture, $"devices/d{i}/c", out var length));
            var decoded = decoder.Decode(topic.AsSpan(0, length), "1"u8, Now, _readings);
            if (decoded.Failure?.Reason == Reasons.TooManyDevices)
                refused++;
            else
                Assert.Null(decoded.Failure);
        }

        Assert.Equal(1_000_000 - Cap, refused);
        Assert.Equal(Cap, registry.DeviceCount);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 4 << 20);
        _readings.Clear();
        Assert.Null(decoder.Decode("devices/d5/c"u8, "2"u8, Now, _readings).Failure);
    }
}
