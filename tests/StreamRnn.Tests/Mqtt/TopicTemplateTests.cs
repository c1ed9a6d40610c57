using StreamRnn.Mqtt;

namespace StreamRnn.Tests.Mqtt;

public sealed class TopicTemplateTests
{
    [Theory]
    [InlineData("devices/{device}/{channel}", "devices/+/+", "devices/freezer/temperature", "freezer", "temperature")]
    [InlineData("devices/{device}", "devices/+", "devices/freezer", "freezer", "")]
    [InlineData("{channel}/of/{device}", "+/of/+", "co2/of/hall", "hall", "co2")]
    [InlineData("plant/+/{device}/#", "plant/+/+/#", "plant/7/press/a/b", "press", "")]
    [InlineData("plant/{device}/#", "plant/+/#", "plant/press", "press", "")]
    [InlineData("devices/{device}", "devices/+", "devices/", "", "")]
    public void AMatchingTopicNamesDeviceAndChannel(string text, string filter, string topic, string device, string channel)
    {
        var template = TopicTemplate.Parse(text);
        Assert.Equal(filter, template.Filter);
        Assert.True(template.Matches(topic, out var foundDevice, out var foundChannel));
        Assert.Equal(device, foundDevice.ToString());
        Assert.Equal(channel, foundChannel.ToString());
    }

    [Theory]
    [InlineData("devices/{device}/{channel}", "devices/freezer")]
    [InlineData("devices/{device}", "devices/freezer/temperature")]
    [InlineData("devices/{device}", "device/freezer")]
    [InlineData("devices/{device}", "devices")]
    [InlineData("devices/{device}", "devices/freezer/")]
    [InlineData("devices/{device}", "")]
    public void AnotherTopicDoesNotMatch(string text, string topic) => Assert.False(TopicTemplate.Parse(text).Matches(topic, out _, out _));

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("devices/{sensor}", "unknown placeholder {sensor}")]
    [InlineData("devices/dev-{device}", "a placeholder takes a whole level")]
    [InlineData("{device}/{device}", "{device} occurs more than once")]
    [InlineData("{device}/{channel}/{channel}", "{channel} occurs more than once")]
    [InlineData("#/{device}", "# may only be the last level")]
    [InlineData("a+/{device}", "+ and # take a whole level")]
    [InlineData("devices//{device}", "level 2 is empty")]
    [InlineData("$SYS/{device}", "belong to the broker")]
    [InlineData("a\u0001/{device}", "level 1 has a character")]
    public void AWrongTemplateIsRefusedWithAReason(string text, string reason)
    {
        var e = Assert.Throws<FormatException>(() => TopicTemplate.Parse(text));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }
}
