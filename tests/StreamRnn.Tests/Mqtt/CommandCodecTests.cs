using System.Text;
using CsCheck;
using StreamRnn.Mqtt;
using StreamRnn.Pipeline;

namespace StreamRnn.Tests.Mqtt;

public sealed class CommandCodecTests
{
    private readonly CommandCodec _codec = new("streamrnn");

    private DetectorCommand Decode(string topic, string payload, bool retained = false, byte[]? properties = null) =>
        _codec.Decode(Encoding.UTF8.GetBytes("streamrnn/cmd/" + topic), Encoding.UTF8.GetBytes(payload), retained, properties);

    [Fact]
    public void CommandsAreRead()
    {
        Assert.Equal(new CallNormal("a1", null), Decode("normal", """{"alertId":"a1"}"""));
        Assert.Equal(new CallNormal("a1", TimeSpan.FromDays(7)), Decode("normal", """ {"alertId":"a1","for":"7.00:00:00"} """));
        Assert.Equal(new UndoNormal("a1"), Decode("normal", """{"undo":"a1"}"""));
        Assert.Equal(new UndoNormal("a1", "freezer"), Decode("normal", """{"device":"freezer","undo":"a1"}"""));
        Assert.Equal(new ListNormal(null), Decode("normal", """{"list":true}"""));
        Assert.Equal(new ListNormal("freezer"), Decode("normal", """{"list":true,"device":"freezer"}"""));
        Assert.Equal(new SetSensitivity(0.5, null), Decode("sensitivity", """{"falseAlarmsPerWeek":0.5}"""));
        Assert.Equal(new SetSensitivity(null, "freezer"), Decode("sensitivity", """{"falseAlarmsPerWeek":null,"device":"freezer"}"""));
    }

    [Theory]
    [InlineData("normal", "", "is not JSON")]
    [InlineData("normal", "freezer", "is not JSON")]
    [InlineData("normal", "[1]", "is a JSON array")]
    [InlineData("normal", "{}", "exactly one of")]
    [InlineData("normal", """{"alertId":"a","undo":"a"}""", "exactly one of")]
    [InlineData("normal", """{"alertId":7}""", "'alertId' is 7")]
    [InlineData("normal", """{"alertid":"a"}""", "unknown member 'alertid'")]
    [InlineData("normal", """{"alertId":"a","for":"a week"}""", "'for' is 'a week'")]
    [InlineData("normal", """{"alertId":"a","for":"7"}""", "'for' is '7'")]
    [InlineData("normal", """{"undo":"a","for":"7.00:00:00"}""", "goes with alertId only")]
    [InlineData("normal", """{"alertId":"a"} and more""", "is not JSON")]
    [InlineData("normal", """{"alertId":"\ud800"}""", "not valid Unicode")]
    [InlineData("normal", """{"alertId":"a"}{}""", "is not JSON")]
    [InlineData("sensitivity", """{"falseAlarmsPerWeek":0}""", "allowed is 0.001 to 1000")]
    [InlineData("sensitivity", """{"device":"freezer"}""", "is missing")]
    [InlineData("abnormal", "{}", "unknown command 'abnormal'")]
    [InlineData("normal/freezer", "{}", "unknown command 'normal/freezer'")]
    public void WhatIsNoCommandIsSaidToBeNone(string topic, string payload, string says) =>
        Assert.Contains(says, Assert.IsType<NoCommand>(Decode(topic, payload)).Problem, StringComparison.Ordinal);

    [Fact]
    public void ARetainedCommandIsRefusedAndAnswered()
    {
        var command = Decode("normal", """{"alertId":"a1"}""", retained: true, Properties("streamrnn/reply/me", [1, 2, 3]));
        Assert.Contains("must not be retained", Assert.IsType<NoCommand>(command).Problem, StringComparison.Ordinal);
        Assert.Equal("streamrnn/reply/me", command.ReplyTo!.Topic);
    }

    [Fact]
    public void TheAnswersTopicAndCorrelationAreFoundAmongOtherProperties()
    {
        byte[] other = [0x01, 1, 0x02, 0, 0, 0, 9, 0x23, 0, 1, 0x0B, 0x80, 0x01, 0x03, 0, 1, (byte)'j', 0x26, 0, 1, (byte)'k', 0, 1, (byte)'v'];
        var address = Decode("normal", """{"list":true}""", properties: [.. other, .. Properties("streamrnn/reply/me", [7, 8]), .. other]).ReplyTo;
        Assert.Equal("streamrnn/reply/me", address!.Topic);
        Assert.Equal([7, 8], address.Correlation.ToArray());
    }

    [Theory]
    [InlineData("devices/freezer")]
    [InlineData("streamrnn/alerts/freezer")]
    [InlineData("streamrnn/cmd/normal")]
    [InlineData("streamrnn/reply/")]
    [InlineData("streamrnn/replyall")]
    [InlineData("streamrnn/reply/#")]
    [InlineData("streamrnn/reply/+/a")]
    [InlineData("plant/valve/set")]
    [InlineData("$SYS/a")]
    [InlineData("")]
    public void AnAnswerGoesNowhereButBelowReply(string topic)
    {
        var command = Decode("normal", """{"list":true}""", properties: Properties(topic, []));
        Assert.Contains("the response topic", Assert.IsType<NoCommand>(command).Problem, StringComparison.Ordinal);
        Assert.Null(command.ReplyTo);
    }

    [Fact]
    public void CorrelationDataIsSentBackOnlyAsFarAsItIsShort()
    {
        Assert.NotNull(Decode("normal", """{"list":true}""", properties: Properties("streamrnn/reply/me", new byte[1024])).ReplyTo);
        var command = Decode("normal", """{"list":true}""", properties: Properties("streamrnn/reply/me", new byte[1025]));
        Assert.Contains("1025 bytes; allowed are 1024", Assert.IsType<NoCommand>(command).Problem, StringComparison.Ordinal);
        Assert.Null(command.ReplyTo);
    }

    [Fact]
    public void AnyBytesAreACommandOrNone() =>
        Gen.Select(Gen.Byte.Array[0, 60], Gen.Byte.Array[0, 60], Gen.Bool).Sample((payload, properties, json) =>
            _codec.Decode("streamrnn/cmd/normal"u8, json ? [.. "{\"alertId\":\""u8, .. payload, .. "\"}"u8] : payload, false, properties) is not null);

    private static byte[] Properties(string topic, byte[] correlation)
    {
        var text = Encoding.UTF8.GetBytes(topic);
        return [0x08, 0, (byte)text.Length, .. text, 0x09, (byte)(correlation.Length >> 8), (byte)correlation.Length, .. correlation];
    }
}
