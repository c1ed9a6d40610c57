using CsCheck;
using StreamRnn.Mqtt;

namespace StreamRnn.Tests.Mqtt.Broker;

public sealed class TopicRulesTests
{
    private static readonly Gen<string> Level = Gen.OneOf(Gen.Const("a"), Gen.Const("b"), Gen.Const("streamrnn"), Gen.Const(""));
    private static readonly Gen<string> Topics = Level.Array[1, 4].Select(levels => string.Join('/', levels));
    private static readonly Gen<string> Filters = Gen.Select(Gen.OneOf(Level, Gen.Const("+")).Array[1, 3], Gen.Bool, (levels, all) => string.Join('/', all ? [.. levels, "#"] : levels));

    [Theory]
    [InlineData("devices/{user}/#", "devices/pump/temperature", true)]
    [InlineData("devices/{user}/#", "devices/pump", true)]
    [InlineData("devices/{user}/#", "devices/other/temperature", false)]
    [InlineData("devices/{device}/{channel}", "devices/other/temperature", true)]
    [InlineData("devices/+", "devices/pump/temperature", false)]
    [InlineData("#", "devices/pump", true)]
    [InlineData("#", "streamrnn/cmd/normal", false)]                   // ours have to be named
    [InlineData("+/cmd/normal", "streamrnn/cmd/normal", false)]
    [InlineData("streamrnn/cmd/#", "streamrnn/cmd/normal", true)]
    [InlineData("streamrnn/cmd/sensitivity", "streamrnn/cmd/normal", false)]
    [InlineData("streamrnn/cmd/#", "streamrnn/alerts/pump", false)]
    [InlineData("#", "$SYS/a", false)]
    [InlineData("#", "devices/+", false)]
    public void AUserPublishesOnlyWhereAFilterSaysSo(string filter, string topic, bool may) =>
        Assert.Equal(may, new TopicRules("pump", [filter], [], "streamrnn").MayPublish(topic));

    [Theory]
    [InlineData("streamrnn/alerts/#", "streamrnn/alerts/+", true)]
    [InlineData("streamrnn/alerts/#", "streamrnn/alerts/#", true)]
    [InlineData("streamrnn/alerts/#", "streamrnn/#", false)]
    [InlineData("streamrnn/alerts/#", "#", false)]
    [InlineData("streamrnn/alerts/+", "streamrnn/alerts/#", false)]
    [InlineData("streamrnn/alerts/pump", "streamrnn/alerts/+", false)]
    [InlineData("#", "$share/g/#", false)]
    [InlineData("#", "#", true)]
    public void AUserSubscribesOnlyToWhatAFilterCovers(string filter, string asked, bool may) =>
        Assert.Equal(may, new TopicRules("pump", [], [filter], "streamrnn").MaySubscribe(asked));

    [Fact]
    public void WhatARuleCoversBringsNoTopicThatTheRuleDoesNotMatch() =>
        Gen.Select(Filters, Filters, Topics).Sample((rule, asked, topic) =>
            !(TopicRules.Covers(rule.Split('/'), asked.Split('/')) && Fits(asked, topic)) || Fits(rule, topic), iter: 20_000);

    [Fact]
    public void AFilterCoversItselfAndEveryTopicThatItMatches() =>
        Gen.Select(Filters, Topics).Sample((filter, topic) =>
            TopicRules.Covers(filter.Split('/'), filter.Split('/')) && TopicRules.Covers(filter.Split('/'), topic.Split('/')) == Fits(filter, topic), iter: 20_000);

    // By MQTT 5, section 4.7, written another way.
    private static bool Fits(string filter, string topic)
    {
        var (f, t) = (filter.Split('/'), topic.Split('/'));
        var fixedLevels = f[^1] == "#" ? f[..^1] : f;
        return (f[^1] == "#" ? t.Length >= fixedLevels.Length : t.Length == f.Length) && fixedLevels.Zip(t).All(pair => pair.First == "+" || pair.First == pair.Second);
    }
}
