using System.Text;

namespace StreamRnn.Tests.Fuzzing;

/// <summary>Small inputs to begin with: what is usual, what is allowed at the edges, and what is not.</summary>
internal static class Corpus
{
    public static IReadOnlyList<byte[]> Json { get; } = Of(
        "{}", "[]", "null", "21.5", "{\"temperature\":21.5}", "{\"a\":{\"b\":{\"c\":-0.0}},\"d\":[1,2,3]}", "[{\"t\":1700000000,\"x\":1},{\"t\":1700000001,\"x\":2}]",
        "{\"timestamp\":\"2026-03-01T12:00:00.123456Z\",\"value\":1e-320}", "{\"time\":1700000000000000000,\"x\":true,\"y\":false,\"z\":null,\"s\":\"text\"}", "{\"x\":1e400}", "{\"x\":NaN}",
        "{\"x\":1,\"x\":2}", "{\"\":1}", "{\"\\u0000\":1}", "{\"\\ud83d\\ude00\":1}", "{\"\\ud83d\":1}", "{\"a\":1,}", "{\"a\" 1}", "{\"a\":1}{\"b\":2}", "\uFEFF{\"a\":1}", "[1,[2,[3,[4]]]]", "{\"a\":0123}", "{\"a\":-}",
        "{\"a\":1.7976931348623157e308}", "{\"ts\":-1,\"x\":1}", "{\"ts\":99999999999999999999,\"x\":1}", "{\"ts\":\"2026-13-01\",\"x\":1}", "{\"meta\":{\"id\":\"pump-1\",\"at\":1},\"x\":1}",
        // In the form of RFC 8428: packs with base values, as the devices of others may send them.
        "[{\"n\":\"urn:dev:ow:10e2073a01080063\",\"u\":\"Cel\",\"v\":23.1}]", "[{\"bn\":\"dev:\",\"bt\":1.276020076e+09,\"bu\":\"A\",\"n\":\"voltage\",\"u\":\"V\",\"v\":120.1},{\"n\":\"current\",\"t\":-5,\"v\":1.2}]",
        "[{\"n\":\"open\",\"vb\":true},{\"n\":\"label\",\"vs\":\"Ch 1\"},{\"n\":\"blob\",\"vd\":\"aGkgCg\"}]",
        new string('[', 100), "{\"a\":" + new string('{', 70), new string('9', 400));

    public static IReadOnlyList<byte[]> Values { get; } = Of("21.5", "-3e2", "true", "OFF", "on", " 1 \r\n", "", "1e400", "NaN", "∞", "1,5", "0x10", "+1", ".5", "5.", "--1", "truefalse", "1 2", new string('1', 2000));

    public static IReadOnlyList<byte[]> Topics { get; } = Of(
        "devices/pump/temperature", "devices/{device}/{channel}", "plant/+/{device}/#", "#", "+", "", "/", "//", "a//b", "$SYS/a", "{device}", "{device}/{device}", "{dev}", "a{device}", "a/#/b", "a+", "streamrnn/cmd/normal",
        "devices/\u0000/x", "devices/ä/ö", new string('a', 1100), string.Join('/', Enumerable.Repeat("a", 300)));

    public static IReadOnlyList<byte[]> Commands { get; } = Of(
        "{\"alertId\":\"1f0c\"}", "{\"alertId\":\"1f0c\",\"for\":\"7.00:00:00\"}", "{\"undo\":\"1f0c\",\"device\":\"pump\"}", "{\"list\":true}", "{\"falseAlarmsPerWeek\":0.5}", "{\"falseAlarmsPerWeek\":null,\"device\":\"pump\"}",
        "{\"alertId\":\"\\ud800\"}", "{\"for\":\"\\udfff\"}", "{\"\\ud800\":1}", "[]", "", "{\"list\":false}", "{\"alertId\":7}");

    /// <summary>Properties of a PUBLISH packet, MQTT 5.</summary>
    public static IReadOnlyList<byte[]> Properties { get; } =
    [
        [], [0x08, 0, 18, .. "streamrnn/reply/me"u8, 0x09, 0, 2, 7, 8], [0x01, 1, 0x02, 0, 0, 0, 9, 0x23, 0, 1, 0x0B, 0x80, 0x01, 0x03, 0, 1, (byte)'j', 0x26, 0, 1, (byte)'k', 0, 1, (byte)'v'],
        [0x08, 0xFF, 0xFF], [0x0B, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x26, 0, 1, (byte)'k', 0xFF, 0xFF], [0x99], [0x08, 0, 1, 0xC3, 0x09, 0, 0],
    ];

    /// <summary>The body of a PUBLISH packet.</summary>
    public static IReadOnlyList<byte[]> Packets { get; } =
    [
        [0, 3, .. "a/b"u8, .. "21.5"u8], [0, 3, .. "a/b"u8, 0, 1, 0, .. "21.5"u8], [0, 3, .. "a/b"u8, 0, 1, 4, 0x02, 0, 0, 0], [0, 0], [0xFF, 0xFF, 1], [], [0, 1, (byte)'a', 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0, 1, (byte)'a', 0, 1, 0x80],
    ];

    public static IReadOnlyList<byte[]> Csv { get; } = Of(
        "timestamp,value\n2014-04-01 00:00:00,20.5\n", "Time;value;other\n2014-04-01T00:00:00Z;20.5;\n", "datetime\t\"a \"\"b\"\"\"\r\n1396310400\t1\r\n", "timestamp,a\n1,\"2\n", "timestamp,a\n1,2,3\n", "", "timestamp", "a,b\n1,2\n",
        "timestamp,a,label\n99999999999999999999,1,0\n", "timestamp,a\n0001-01-01,1\n9999-12-31 23:59:59.9999999,1e308\n", "\uFEFFtimestamp,a\n1,NaN\n");

    private static IReadOnlyList<byte[]> Of(params string[] texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];
}
