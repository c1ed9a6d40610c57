using Microsoft.Extensions.Logging.Abstractions;
using StreamRnn.Mqtt;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Mqtt;

public sealed class CommandDoorTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CommandsAreTakenOnlyWhereTheyAreWanted(bool wanted)
    {
        using var door = new Door(new IngestOptions().ToDoorLimits(), TimeProvider.System);
        var intake = new Intake(new PayloadDecoder(new IngestOptions { Sources = [new() { Topic = "+/{device}/{channel}" }] }, new DeviceRegistry()), door, "streamrnn", TimeProvider.System, (_, in _) => { }, NullLogger.Instance, wanted);
        Assert.Equal(wanted, intake.IsCommand("streamrnn/cmd/normal"u8));
        Assert.False(intake.IsCommand("streamrnn/cmdnormal"u8));
    }

    [Fact]
    public void WithoutThemTheirTopicIsNoReadingEither()
    {
        var registry = new DeviceRegistry();
        using var door = new Door(new IngestOptions().ToDoorLimits(), TimeProvider.System);
        var intake = new Intake(new PayloadDecoder(new IngestOptions { Sources = [new() { Topic = "+/{device}/{channel}" }] }, registry), door, "streamrnn", TimeProvider.System, (_, in _) => { }, NullLogger.Instance, commands: false);
        intake.Take("streamrnn/cmd/normal"u8, "1"u8, retained: false);
        Assert.Equal(0, registry.DeviceCount);
        intake.Take("other/cmd/normal"u8, "1"u8, retained: false);
        Assert.Equal(1, registry.DeviceCount);
    }
}
