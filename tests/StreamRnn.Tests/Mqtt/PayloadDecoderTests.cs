using System.Globalization;
using System.Text;
using CsCheck;
using StreamRnn.Mqtt;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Mqtt;

public sealed class PayloadDecoderTests
{
    private static readonly Instant Now = Instant.From(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly DeviceRegistry _registry = new();
    private readonly ReadingBuffer _readings = new();

    private Decoded Decode(string topic, ReadOnlySpan<byte> payload, IngestOptions? options = null) =>
        new PayloadDecoder(options ?? new IngestOptions(), _registry).Decode(Encoding.UTF8.GetBytes(topic), payload, Now, _readings);

    /// <summary>The readings as text: device@time channel=value …; one line each; the time only where it is not that of arrival.</summary>
    private string Said()
    {
        var lines = new List<string>();
        for (var i = 0; i < _readings.ReadingCount; i++)
        {
            var reading = _readings[i];
            var time = reading[0].Time == Now ? "" : "@" + reading[0].Time;
            lines.Add(reading[0].Channel.Device.Name + time + " " + string.Join(' ', reading.ToArray().Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Channel.Name}={s.Value}"))));
        }

        return string.Join('\n', lines);
    }

    [Theory]
    [InlineData("21.5", "21.5")]
    [InlineData("  -3e2\r\n", "-300")]
    [InlineData("true", "1")]
    [InlineData("OFF", "0")]
    [InlineData("On", "1")]
    [InlineData("{\"value\": 7}", "7")]
    public void ABareValueIsAReadingOfTheTopicsChannel(string payload, string value)
    {
        Assert.Null(Decode("devices/freezer/temperature", Encoding.UTF8.GetBytes(payload)).Failure);
        Assert.Equal("freezer temperature=" + value, Said());
    }

    [Theory]
    [InlineData("""{"a":1,"b":{"c":2.5,"d":[true,{"e":-1}]},"name":"x","none":null}""", "freezer a=1 b.c=2.5 b.d.0=1 b.d.1.e=-1")]
    [InlineData("""{"timestamp":"2026-03-01T11:00:00Z","v":1}""", "freezer@2026-03-01T11:00:00Z v=1")]
    [InlineData("""{"v":1,"time":1772362800}""", "freezer@2026-03-01T11:00:00Z v=1")]
    [InlineData("""{"v":1,"ts":1772362800000}""", "freezer@2026-03-01T11:00:00Z v=1")]
    [InlineData("""{"v":1,"t":1772362800000000}""", "freezer@2026-03-01T11:00:00Z v=1")]
    [InlineData("""{"v":1,"ts":"1772362800"}""", "freezer@2026-03-01T11:00:00Z v=1")]
    [InlineData("""{"t":21.5,"h":40}""", "freezer t=21.5 h=40")]
    [InlineData("""{"t":1772362801,"timestamp":1772362800,"v":1}""", "freezer@2026-03-01T11:00:00Z v=1")]
    [InlineData("""[{"ts":1772362800,"v":1},{"ts":1772362801,"v":2,"w":3}]""", "freezer@2026-03-01T11:00:00Z v=1\nfreezer@2026-03-01T11:00:01Z v=2 w=3")]
    [InlineData("""[{"v":1},{"v":2}]""", "freezer v=1\nfreezer@2026-03-01T12:00:00.000001Z v=2")]
    [InlineData("""{"v":1,"v":2}""", "freezer v=2")]
    [InlineData("""{"v\u0041":1}""", "freezer vA=1")]
    [InlineData("""{"température":4}""", "freezer température=4")]
    [InlineData("\uFEFF {\"v\":1}\n", "freezer v=1")]
    [InlineData("""{"status":"ok","odd":"\ud800"}""", "")]
    [InlineData("{}", "")]
    [InlineData("[]", "")]
    public void AJsonObjectIsAReadingOfTheDevice(string payload, string expected)
    {
        Assert.Null(Decode("devices/freezer", Encoding.UTF8.GetBytes(payload)).Failure);
        Assert.Equal(expected, Said());
    }

    [Fact]
    public void OnAChannelsTopicTheMemberValueIsTheChannelItself()
    {
        Assert.Null(Decode("devices/office/temperature", """{"timestamp":"2014-04-10 00:04:00","value":21.5,"battery":3}"""u8).Failure);
        Assert.Equal("office@2014-04-10T00:04:00Z temperature=21.5 temperature.battery=3", Said());
    }

    [Fact]
    public void TheConfiguredMembersNameTimeAndDevice()
    {
        var options = new IngestOptions { Sources = [new() { Topic = "up/#", Format = PayloadFormat.Json, TimeField = "meta.at", DeviceField = "meta.id" }] };
        Assert.Null(Decode("up/x/y", """[{"meta":{"at":1772362800,"id":"d1"},"v":1,"time":5},{"meta":{"at":1772362801,"id":7},"v":2}]"""u8, options).Failure);
        Assert.Equal("d1@2026-03-01T11:00:00Z v=1 time=5\n7@2026-03-01T11:00:01Z v=2", Said());
        Assert.Equal(Reasons.BadTime, Decode("up/x", """{"v":1,"meta":{"id":"d"}}"""u8, options).Failure?.Reason);
        Assert.Equal(Reasons.BadName, Decode("up/x", """{"v":1,"meta":{"at":1772362800}}"""u8, options).Failure?.Reason);
    }

    [Fact]
    public void TheConfiguredMemberNumbersTheReadings()
    {
        var options = new IngestOptions { Sources = [new() { Topic = "up/{device}", TimeField = "-", SequenceField = "meta.n" }] };
        Assert.Null(Decode("up/d", """[{"meta":{"n":0},"v":1},{"v":2,"meta":{"n":9223372036854775806}},{"v":3,"meta":{"n":"17"}}]"""u8, options).Failure);
        Assert.Equal([0, long.MaxValue - 1, 17], Enumerable.Range(0, 3).Select(i => _readings[i][0].Sequence));
        Assert.Equal([1, 2, 3], Enumerable.Range(0, 3).Select(i => _readings[i][0].Value));
        foreach (var wrong in (string[])["-1", "1.5", "1e3", "\"-3\"", "\"x\"", "9223372036854775807", "1e400"])
            Assert.NotNull(Decode("up/d", Encoding.UTF8.GetBytes($$$"""{"v":1,"meta":{"n":{{{wrong}}}}}"""), options).Failure);
        Assert.Equal("there is no member 'meta.n' with the reading's number (Ingest:Sources:SequenceField)", Decode("up/d", """{"v":1}"""u8, options).Failure?.Message);
        Assert.Equal(Reasons.BadSequence, Decode("up/d", """{"v":1,"meta":{"n":true}}"""u8, options).Failure?.Reason);
    }

    [Fact]
    public void ADashForTheTimeFieldMeansTheTimeOfArrival()
    {
        var options = new IngestOptions { Sources = [new() { Topic = "up/{device}", TimeField = "-" }] };
        Assert.Null(Decode("up/shelly", """{"time":"14:10","v":1,"ts":3}"""u8, options).Failure);
        Assert.Equal("shelly v=1 ts=3", Said());
    }

    [Fact]
    public void TimeGoingBackwardsIsPassedOn()
    {
        Assert.Null(Decode("devices/freezer", """[{"ts":1772362801,"v":2},{"ts":1772362800,"v":1}]"""u8).Failure);
        Assert.Equal(2, _readings.ReadingCount);
        Assert.True(_readings[1][0].Time < _readings[0][0].Time);
    }

    [Fact]
    public void ADeviceMayChangeItsChannels()
    {
        Decode("devices/freezer", """{"a":1,"b":2}"""u8);
        Decode("devices/freezer", """{"c":{"d":3}}"""u8);
        Decode("devices/freezer/a", "4"u8);
        Assert.Equal("freezer a=1 b=2\nfreezer c.d=3\nfreezer a=4", Said());
        Assert.Equal(1, _registry.DeviceCount);
    }

    public static TheoryData<string, string, string> Nasty => new()
    {
        { "devices/d/c", "", Reasons.Empty },
        { "devices/d/c", " \r\n", Reasons.Empty },
        { "devices/d", "", Reasons.Empty },
        { "devices/d/c", "NaN", Reasons.NotFinite },
        { "devices/d/c", "Infinity", Reasons.NotFinite },
        { "devices/d/c", "-Infinity", Reasons.NotFinite },
        { "devices/d/c", "1e400", Reasons.NotFinite },
        { "devices/d/c", "-1e400", Reasons.NotFinite },
        { "devices/d/c", "21,5", Reasons.NotANumber },
        { "devices/d/c", "21.5 C", Reasons.NotANumber },
        { "devices/d/c", "0x10", Reasons.NotANumber },
        { "devices/d/c", "hot", Reasons.NotANumber },
        { "devices/d/c", "\0\u0001\u0002", Reasons.NotANumber },
        { "devices/d/c", "{", Reasons.NotJson },
        { "devices/d", "21.5", Reasons.WrongShape },
        { "devices/d", "true", Reasons.WrongShape },
        { "devices/d", "null", Reasons.WrongShape },
        { "devices/d", "\"text\"", Reasons.WrongShape },
        { "devices/d", "[1,2,3]", Reasons.WrongShape },
        { "devices/d", "[[{\"v\":1}]]", Reasons.WrongShape },
        { "devices/d", "[{\"v\":1},2]", Reasons.WrongShape },
        { "devices/d", "hello", Reasons.NotJson },
        { "devices/d", "{\"v\":1", Reasons.NotJson },
        { "devices/d", "{\"v\":1}}", Reasons.NotJson },
        { "devices/d", "{\"v\":1}{\"v\":2}", Reasons.NotJson },
        { "devices/d", "{\"v\":1,}", Reasons.NotJson },
        { "devices/d", "{'v':1}", Reasons.NotJson },
        { "devices/d", "{\"v\":01}", Reasons.NotJson },
        { "devices/d", "{\"v\":NaN}", Reasons.NotJson },
        { "devices/d", "{\"v\":Infinity}", Reasons.NotJson },
        { "devices/d", "{\"v\":1e400}", Reasons.NotFinite },
        { "devices/d", "{\"v\":-1e400}", Reasons.NotFinite },
        { "devices/d", "{\"v\":" + new string('9', 400) + "}", Reasons.NotFinite },
        { "devices/d", "{\"\\ud800\":1}", Reasons.BadName },
        { "devices/d", "{\"\\udc00\\ud800\":1}", Reasons.BadName },
        { "devices/d", "{\"a\\u0000b\":1}", Reasons.BadName },
        { "devices/d", "{\"a\\nb\":1}", Reasons.BadName },
        { "devices/d", "{\"a\u007fb\":1}", Reasons.BadName },
        { "devices/d", "{\"km/h\":1}", Reasons.BadName },
        { "devices/d", "{\"a+\":1}", Reasons.BadName },
        { "devices/d", "{\"\":1}", Reasons.BadName },
        { "devices/d", "{\"" + new string('n', 129) + "\":1}", Reasons.BadName },
        { "devices/d", "{\"" + new string('n', 100_000) + "\":1}", Reasons.BadName },
        { "devices/d", Nested(33, "1"), Reasons.TooDeep },
        { "devices/d", "{\"a\":" + new string('[', 40) + new string(']', 40) + "}", Reasons.TooDeep },
        { "devices/d", new string('[', 100_000), Reasons.WrongShape },
        { "devices/d", "{\"a\":" + new string('[', 100_000), Reasons.TooDeep },
        { "devices/d", "{\"timestamp\":0,\"v\":1}", Reasons.TimeOutOfRange },
        { "devices/d", "{\"timestamp\":86400,\"v\":1}", Reasons.TimeOutOfRange },
        { "devices/d", "{\"timestamp\":-5,\"v\":1}", Reasons.TimeOutOfRange },
        { "devices/d", "{\"timestamp\":\"1970-01-01T00:00:00Z\",\"v\":1}", Reasons.TimeOutOfRange },
        { "devices/d", "{\"timestamp\":\"2200-01-01T00:00:00Z\",\"v\":1}", Reasons.TimeOutOfRange },
        { "devices/d", "{\"timestamp\":7258118400,\"v\":1}", Reasons.TimeOutOfRange },
        { "devices/d", "{\"timestamp\":1e300,\"v\":1}", Reasons.TimeOutOfRange },
        { "devices/d", "{\"timestamp\":-1e300,\"v\":1}", Reasons.TimeOutOfRange },
        { "devices/d", "{\"timestamp\":9223372036854775807,\"v\":1}", Reasons.TimeOutOfRange },
        { "devices/d", "{\"timestamp\":\"2026-03-01T13:00:01Z\",\"v\":1}", Reasons.TimeOutOfRange },
        { "devices/d", "{\"timestamp\":\"soon\",\"v\":1}", Reasons.BadTime },
        { "devices/d", "{\"timestamp\":\"\\ud800\",\"v\":1}", Reasons.BadName },
        { "devices/d", "[{\"v\":1},{\"v\":2,\"ts\":5}]", Reasons.TimeOutOfRange },
        { "devices/\u0001/c", "1", Reasons.BadName },
        { "devices//c", "1", Reasons.BadName },
        { "devices/d/", "1", Reasons.BadName },
        { "devices/" + new string('d', 200), "{\"v\":1}", Reasons.BadName },
        { "devices/" + new string('d', 2000), "{\"v\":1}", Reasons.BadName },
        { "elsewhere/d", "{\"v\":1}", Reasons.TopicMismatch },
        { "devices/d/c/e", "1", Reasons.TopicMismatch },
        { "", "1", Reasons.TopicMismatch },
    };

    private static string Nested(int levels, string inside) =>
        string.Concat(Enumerable.Repeat("{\"a\":", levels)) + inside + new string('}', levels);

    [Theory]
    [MemberData(nameof(Nasty))]
    public void ANastyPayloadIsRefusedWithItsReasonAndLeavesNoTrace(string topic, string payload, string reason)
    {
        var failure = Decode(topic, Encoding.UTF8.GetBytes(payload)).Failure;
        Assert.Equal(reason, failure?.Reason);
        Assert.NotEmpty(failure!.Value.Message);
        Assert.Equal(0, _readings.ReadingCount);
        Assert.Equal(0, _registry.DeviceCount);
    }

    [Theory]
    [InlineData(new byte[] { 0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D }, Reasons.BadName)]              // {"\xFF":1}
    [InlineData(new byte[] { 0x7B, 0x22, 0x5C, 0x6E, 0xC0, 0x22, 0x3A, 0x31, 0x7D }, Reasons.BadName)]  // {"\n\xC0":1}
    [InlineData(new byte[] { 0xFF, 0xFE, 0x7B, 0x00 }, Reasons.NotJson)]                                // UTF-16
    [InlineData(new byte[] { 0xFF, 0xD8, 0xFF, 0xE0 }, Reasons.NotJson)]                                // a JPEG picture
    public void BytesThatAreNoTextAreRefused(byte[] payload, string reason) => Assert.Equal(reason, Decode("devices/d", payload).Failure?.Reason);

    [Fact]
    public void ATopicThatIsNotUtf8IsRefused() =>
        Assert.Equal(Reasons.BadName, new PayloadDecoder(new IngestOptions(), _registry).Decode([0x64, 0xC3, 0x28], "1"u8, Now, _readings).Failure?.Reason);

    [Fact]
    public void AsDeepAsIsAllowedIsRead()
    {
        Assert.Null(Decode("devices/d", Encoding.UTF8.GetBytes(Nested(JsonCodec.DeepestNesting, "1"))).Failure);
        Assert.Equal(1, _readings.ReadingCount);
    }

    [Fact]
    public void APayloadOfTenMegabytesIsRefusedUnread()
    {
        var payload = Encoding.UTF8.GetBytes("{\"v\":1,\"x\":\"" + new string('x', 10 << 20) + "\"}");
        Assert.Equal(Reasons.TooLarge, Decode("devices/d", payload).Failure?.Reason);
        Assert.Equal(0, _registry.DeviceCount);
    }

    [Fact]
    public void ChannelsBeyondTheCapAreLeftOutAndTheOthersUsed()
    {
        var registry = new DeviceRegistry(maxChannels: 2);
        var decoder = new PayloadDecoder(new IngestOptions(), registry);
        var failure = decoder.Decode("devices/d"u8, """{"a":1,"b":2,"c":3}"""u8, Now, _readings).Failure;
        Assert.Equal(Reasons.TooManyChannels, failure?.Reason);
        Assert.Equal("d a=1 b=2", Said());
    }

    [Fact]
    public void AnyBytesDecodeToReadingsOrAFailure()
    {
        var decoder = new PayloadDecoder(new IngestOptions(), _registry);
        Gen.Select(Gen.Byte.Array[0, 200], OneOf("devices/d", "devices/d/c", "x"), Gen.Byte.Array[0, 40]).Sample((payload, topic, noise) =>
        {
            _readings.Clear();
            decoder.Decode(Encoding.UTF8.GetBytes(topic), payload, Now, _readings);
            decoder.Decode(noise, payload, Now, _readings);
            return Finite();
        }, threads: 1);
    }

    [Fact]
    public void AnyMutationOfAGoodPayloadDecodesToReadingsOrAFailure()
    {
        string[] good =
        [
            """{"timestamp":"2026-03-01T11:00:00.5Z","a":1,"b":{"c":[1,2,{"d":3}],"e":"x\u00e9\ud83d\ude00"},"f":true}""",
            """[{"ts":1772362800123,"v":1.5e3,"w":-0.0},{"ts":1772362801123,"v":null,"w":2}]""", "21.5", "true", """{"value":-12.75}""",
        ];
        var decoder = new PayloadDecoder(new IngestOptions(), _registry);
        var mutation = Gen.Select(Gen.Int[0, 200], Gen.OneOf(Gen.Byte, OneOf("{}[]\",:\\u0eE-.tn\0"u8.ToArray())), Gen.Int[0, 2]);
        Gen.Select(OneOf(good), mutation.Array[1, 6]).Sample((text, mutations) =>
        {
            var bytes = Encoding.UTF8.GetBytes(text).ToList();
            foreach (var (at, value, kind) in mutations)
            {
                var i = at % bytes.Count;
                if (kind == 0)
                    bytes[i] = value;
                else if (kind == 1)
                    bytes.Insert(i, value);
                else if (bytes.Count > 1)
                    bytes.RemoveAt(i);
            }

            _readings.Clear();
            foreach (var topic in new[] { "devices/d"u8.ToArray(), "devices/d/c"u8.ToArray() })
            {
                var before = _readings.ReadingCount;
                var decoded = decoder.Decode(topic, bytes.ToArray(), Now, _readings);
                if (decoded.Failure is { Reason: not (Reasons.TooManyChannels or Reasons.BadName) } && _readings.ReadingCount != before)
                    return false;
            }

            return Finite();
        }, threads: 1, iter: 20_000);
    }

    [Fact]
    public void WhatIsWrittenAsJsonIsReadBack() =>
        Gen.Select(Gen.Double.Where(double.IsFinite).Array[1, 8], Gen.Long[946_684_800_000_000, 1_772_366_400_000_000]).Sample((values, micros) =>
        {
            var readings = new ReadingBuffer();
            var payload = "{\"timestamp\":\"" + new Instant(micros) + "\"," + string.Join(',', values.Select((v, i) => $"\"c{i}\":{v.ToString("R", CultureInfo.InvariantCulture)}")) + "}";
            var decoded = new PayloadDecoder(new IngestOptions(), new DeviceRegistry()).Decode("devices/d"u8, Encoding.UTF8.GetBytes(payload), Now, readings);
            return decoded.Failure is null && readings.ReadingCount == 1
                && readings[0].ToArray().Select(sample => sample.Value).SequenceEqual(values) && readings[0][0].Time.Microseconds == micros;
        });

    [Theory]
    [InlineData("devices/freezer/temperature", "21.5")]
    [InlineData("devices/freezer", """{"timestamp":"2026-03-01T11:00:00Z","temperature":21.5,"nested":{"humidity":40,"on":true}}""")]
    public void DecodingForAKnownDeviceAllocatesNothing(string topicText, string payloadText)
    {
        var decoder = new PayloadDecoder(new IngestOptions(), _registry);
        var (topic, payload) = (Encoding.UTF8.GetBytes(topicText), Encoding.UTF8.GetBytes(payloadText));
        long allocated = 0;
        for (var i = 0; i < 3000; i++)
        {
            if (i == 2000)                                           // the first two thousand let the runtime compile and cache what it wants
                allocated = GC.GetAllocatedBytesForCurrentThread();
            _readings.Clear();
            decoder.Decode(topic, payload, Now, _readings);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 1000 * 8);
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private bool Finite()
    {
        for (var i = 0; i < _readings.ReadingCount; i++)
        {
            foreach (var sample in _readings[i])
            {
                if (!double.IsFinite(sample.Value) || DeviceRegistry.Unusable(sample.Channel.Name) is not null)
                    return false;
            }
        }

        return true;
    }
}
