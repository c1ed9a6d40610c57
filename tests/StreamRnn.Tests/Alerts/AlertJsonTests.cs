using System.Text;
using System.Text.Json;
using CsCheck;
using Json.Schema;
using StreamRnn.Alerts;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Alerts;

public sealed class AlertJsonTests
{
    private static readonly JsonSchema Schema = JsonSchema.FromText(Repository.Read("docs/alert.schema.json"));

    [Fact]
    public void AnAlertIsACloudEvent()
    {
        var e = Given.Event() with
        {
            Sequence = 3,
            Summary = "s",
            Unit = "°C",
            Contributions = [new("temperature", 1, -3.12, double.NaN)],
            Recent = [(Given.Start, -3.12)],
        };
        Assert.Equal(
            """
            {"specversion":"1.0","id":"0123456789abcdef-3","source":"streamrnn","type":"io.streamrnn.alert.opened","subject":"freezer-02/temperature",
            "time":"2026-03-01T12:00:00Z","datacontenttype":"application/json","data":{"schema":"io.streamrnn.alert/1","alertId":"0123456789abcdef","sequence":3,
            "status":"opened","kind":"prediction_error","severity":"major","device":"freezer-02","channel":"temperature","unit":"°C","openedAt":"2026-03-01T12:00:00Z",
            "eventTime":"2026-03-01T12:00:00Z","detectedAt":"2026-03-01T12:00:00.02Z","resolvedAt":null,"resolution":null,"value":-3.12,"expected":-18.2,
            "lower":-19.4,"upper":-17,"score":0.55,"falseAlarmsPerWeek":0.02,"contributions":[{"channel":"temperature","share":1,"value":-3.12,"expected":null}],
            "recent":[["2026-03-01T12:00:00Z",-3.12]],"summary":"s","count":1,"flapping":false,"suppressed":false,"model":{"id":"base","version":"1"}}}
            """.ReplaceLineEndings(""), Json.Text(e));
    }

    [Fact]
    public void TheSubjectOfAnAlertOfTheWholeDeviceIsTheDevice()
    {
        using var json = JsonDocument.Parse(Json.Cloud(Given.Event() with { Channel = null }));
        Assert.Equal("freezer-02", json.RootElement.GetProperty("subject").GetString());
    }

    [Fact]
    public void WhatIsWrittenIsRead() => Given.AnyEvent.Sample(e =>
    {
        Assert.True(CloudEvent.TryRead(Json.Cloud(e), out var cloud, out var error), error);
        AssertSame(e, cloud);
        Assert.True(AlertJson.TryReadData(Json.Plain(e), out var plain, out error), error);
        AssertSame(e, plain);
    });

    [Fact]
    public void WhatIsWrittenKeepsTheSchema() => Given.AnyEvent.Sample(e =>
    {
        using var json = JsonDocument.Parse(Json.Plain(e));
        var result = Schema.Evaluate(json.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
        Assert.True(result.IsValid, JsonSerializer.Serialize(result) + json.RootElement.GetRawText());
    });

    [Fact]
    public void TheSchemaNamesEveryMemberAndRequiresIt()
    {
        using var schema = JsonDocument.Parse(Repository.Read("docs/alert.schema.json"));
        using var json = JsonDocument.Parse(Json.Plain(Given.Event() with { Summary = "s" }));
        var written = json.RootElement.EnumerateObject().Select(p => p.Name).ToList();
        Assert.Equal(written, schema.RootElement.GetProperty("properties").EnumerateObject().Select(p => p.Name));
        Assert.Equal(written, schema.RootElement.GetProperty("required").EnumerateArray().Select(p => p.GetString()));
    }

    [Theory]
    [InlineData("\"status\":\"opened\"", "\"status\":\"resolved\"")]
    [InlineData("\"count\":1", "\"count\":0")]
    [InlineData("\"severity\":\"major\"", "\"severity\":\"bad\"")]
    [InlineData("\"score\":0.55", "\"score\":1.5")]
    [InlineData("\"eventTime\":\"2026-03-01T12:00:00Z\"", "\"eventTime\":1")]
    [InlineData("\"device\":\"freezer-02\",", "")]
    public void TheSchemaRefusesWhatIsNoAlert(string text, string instead)
    {
        var plain = Encoding.UTF8.GetString(Json.Plain(Given.Event() with { Summary = "s" }));
        var changed = plain.Replace(text, instead, StringComparison.Ordinal);
        Assert.NotEqual(plain, changed);
        Assert.True(Valid(plain));
        Assert.False(Valid(changed));

        static bool Valid(string text)
        {
            using var json = JsonDocument.Parse(text);
            return Schema.Evaluate(json.RootElement).IsValid;
        }
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("[]", "specversion")]
    [InlineData("{}", "'specversion' is missing")]
    [InlineData("{\"specversion\":\"0.3\"}", "'0.3', expected '1.0'")]
    [InlineData("{\"specversion\":\"1.0\",\"type\":\"com.other\"}", "'com.other'")]
    [InlineData("{\"specversion\":\"1.0\",\"type\":\"io.streamrnn.alert.opened\",\"data\":7}", "'data' is Number")]
    [InlineData("{\"specversion\":\"\\ud800\"}", "")]
    public void WhatIsNoAlertIsRefusedWithTheReason(string text, string reason)
    {
        Assert.False(CloudEvent.TryRead(Encoding.UTF8.GetBytes(text), out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.NotEmpty(error);
    }

    [Fact]
    public void AnyDamageIsReadOrRefusedNeverThrown()
    {
        var whole = Json.Cloud(Given.Event() with { Summary = "s", Recent = [(Given.Start, 1)], Contributions = [new("a", 1, 2, 3)] });
        var snippets = new[] { "", "\"", "{", "[", "]", "null", "1e400", "-1", "\"\\ud800\"", ",", "true", "{}", "\u0000" };
        Gen.Select(Gen.Int[0, whole.Length], Gen.Int[0, 30], Gen.Int[0, snippets.Length - 1]).Sample((at, cut, snippet) =>
        {
            byte[] damaged = [.. whole[..at], .. Encoding.UTF8.GetBytes(snippets[snippet]), .. whole[Math.Min(whole.Length, at + cut)..]];
            if (!CloudEvent.TryRead(damaged, out _, out var error))
                Assert.NotEmpty(error);
        });
        Gen.Byte.Array[0, 200].Sample(bytes => Assert.False(CloudEvent.TryRead(bytes, out _, out _)));
    }

    [Fact]
    public void MoreAfterTheEventIsRefused()
    {
        byte[] whole = Json.Cloud(Given.Event());
        Assert.True(CloudEvent.TryRead([.. whole, .. " \r\n"u8], out _, out _));
        Assert.False(CloudEvent.TryRead([.. whole, .. "{}"u8], out _, out _));
    }

    [Fact]
    public void NumbersThatAreNotFiniteAreNotWritten()
    {
        using var json = JsonDocument.Parse(Json.Plain(Given.Event() with { Value = double.NaN, Upper = double.PositiveInfinity }));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("value").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("upper").ValueKind);
        Assert.Throws<ArgumentException>(() => Json.Plain(Given.Event() with { Score = double.NaN }));
    }

    private static void AssertSame(AlertEvent expected, AlertEvent found)
    {
        Assert.Equal(expected.Contributions, found.Contributions);
        Assert.Equal(expected.Recent, found.Recent);
        IReadOnlyList<Contribution> contributions = [];
        IReadOnlyList<(Instant, double)> recent = [];
        Assert.Equal(expected with { Contributions = contributions, Recent = recent }, found with { Contributions = contributions, Recent = recent });
    }
}
