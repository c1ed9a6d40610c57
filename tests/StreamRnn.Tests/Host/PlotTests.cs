using System.Buffers.Binary;
using StreamRnn.Alerts;
using StreamRnn.Host;
using StreamRnn.Host.Replay;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Host;

public sealed class PlotTests
{
    [Theory]
    [InlineData(1, 300)]
    [InlineData(6, 20_000)]
    public void ARecordingBecomesAPictureOf1600By900(int channels, int readings)
    {
        using var folder = new Folder();
        var path = Path.Combine(folder.Path, "out.png");
        Plot.Save(Recorded(channels, readings), path);
        var png = File.ReadAllBytes(path);
        Assert.Equal(1600, BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)));
        Assert.Equal(900, BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20)));
    }

    [Fact]
    public void WithoutReadingsItIsSaidThatThereIsNothingToDraw() =>
        Assert.Contains("no readings", Assert.Throws<UsageException>(() => Plot.Save(new Recording("empty"), "out.png")).Message, StringComparison.Ordinal);

    [Fact]
    public void AFileThatCannotBeWrittenIsAUsageError() =>
        Assert.Contains("--plot", Assert.Throws<UsageException>(() => Plot.Save(Recorded(1, 10), "no/such/folder/out.png")).Message, StringComparison.Ordinal);

    // A sine with noise, a first reading that nothing was expected of, a gap, and a level shift that an alert tells of.
    private static Recording Recorded(int channels, int readings)
    {
        var registry = new DeviceRegistry();
        registry.TryGetDevice("freezer-2", out var device, out _);
        var recording = new Recording(device.Name);
        var random = new Random(5);
        var start = Instant.From(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));
        for (var i = 0; i < readings; i++)
        {
            if (i > readings / 2 && i < readings * 55 / 100)
                continue;
            for (var c = 0; c < channels; c++)
            {
                registry.TryGetChannel(device, c == 0 ? "temperature" : $"channel-{c}", out var channel, out _);
                var expected = Math.Sin(i / 30.0) * (c + 1);
                var odd = i > readings * 8 / 10 && i < readings * 83 / 100;
                recording.Add(new ScoredSample(
                    channel, start + TimeSpan.FromMinutes(i), expected + (random.NextDouble() * .2) + (odd ? 3 : 0),
                    i == 0 ? double.NaN : expected, i == 0 ? double.NaN : expected - .3, i == 0 ? double.NaN : expected + .3, odd ? .8 : random.NextDouble() * .3, .55, Phase.Ready));
            }
        }

        recording.Add(new AlertEvent
        {
            AlertId = "a",
            Sequence = 1,
            Status = AlertStatus.Resolved,
            Kind = AlertKind.LevelShift,
            Severity = Severity.Major,
            Device = "freezer-2",
            Channel = "temperature",
            OpenedAt = start + TimeSpan.FromMinutes(readings * .8),
            EventTime = start + TimeSpan.FromMinutes(readings * .83),
            DetectedAt = start,
            ResolvedAt = start + TimeSpan.FromMinutes(readings * .83),
            Score = .8,
            FalseAlarmsPerWeek = .1,
            Summary = "x",
            Count = 5,
            ModelId = "base",
            ModelVersion = "1",
        });
        return recording;
    }
}
