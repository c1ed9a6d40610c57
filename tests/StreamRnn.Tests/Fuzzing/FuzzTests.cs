using System.Security.Cryptography;
using System.Text;
using MQTTnet.Exceptions;
using StreamRnn.Host;
using StreamRnn.Host.Replay;
using StreamRnn.Mqtt;
using StreamRnn.Nets;
using StreamRnn.Onnx;
using StreamRnn.Readings;
using StreamRnn.Tests.Host;
using StreamRnn.Tests.Onnx;

namespace StreamRnn.Tests.Fuzzing;

/// <summary>
/// Whatever bytes come from outside, what reads them gives a result or the refusal that it promises. A bounded run; the long one is
/// <c>STREAMRNN_FUZZ_TIMES=1000 dotnet test tests/StreamRnn.Tests -c Release --filter FuzzTests</c>, and a failure names the seed to begin with.
/// </summary>
[Collection("fuzzing")]
public sealed class FuzzTests
{
    private static readonly Instant Now = Instant.From(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(PayloadFormat.Json, false)]
    [InlineData(PayloadFormat.Json, true)]
    [InlineData(PayloadFormat.Value, false)]
    [InlineData(PayloadFormat.Auto, false)]
    public void PayloadsAreReadingsOrAFailure(PayloadFormat format, bool numbered)
    {
        var registry = new DeviceRegistry(maxDevices: 100, maxChannels: 20, maxSeries: 1000);
        var decoder = new PayloadDecoder(new IngestOptions { Sources = [new() { Topic = "devices/{device}/{channel}", Format = format, DeviceField = "meta.id", TimeField = format == PayloadFormat.Auto ? "meta.at" : null, SequenceField = numbered ? "x" : null }] }, registry);
        var readings = new ReadingBuffer();
        Fuzzer.Run([.. Corpus.Json, .. Corpus.Values], payload =>
        {
            readings.Clear();
            var decoded = decoder.Decode("devices/pump/x"u8, payload, Now, readings);
            for (var i = 0; i < readings.ReadingCount; i++)
            {
                foreach (var sample in readings[i])
                    Harm(!double.IsFinite(sample.Value) || DeviceRegistry.Unusable(sample.Channel.Name) is not null, "a value that is no number, or a name that is none, came through");
            }

            Harm(decoded.Failure is { Message.Length: 0 }, "a failure without a sentence");
        }, 6_000);
    }

    [Fact]
    public void TopicsAreADevicesOrAFailure()
    {
        var registry = new DeviceRegistry(maxDevices: 100, maxChannels: 20, maxSeries: 1000);
        var decoder = new PayloadDecoder(new IngestOptions { Sources = [new() { Topic = "devices/{device}/{channel}" }, new() { Topic = "+/{device}/#", Format = PayloadFormat.Json }] }, registry);
        var readings = new ReadingBuffer();
        Fuzzer.Run(Corpus.Topics, topic =>
        {
            readings.Clear();
            decoder.Decode(topic, "{\"a\":1}"u8, Now, readings);
        }, 6_000);
    }

    [Fact]
    public void TopicTemplatesAndRulesAreTakenOrRefused() => Fuzzer.Run(Corpus.Topics, bytes =>
    {
        var text = Encoding.UTF8.GetString(bytes);
        if (!TopicTemplate.TryParse(text, out var template, out _))
            return;
        template.Matches("devices/pump/temperature", out _, out _);
        var rules = new TopicRules("pump", [text], [text], "streamrnn");
        Harm(rules.MayPublish(text) && text.AsSpan().ContainsAny('+', '#'), "a topic with wildcards may be published on");
        Harm(!template.HasDevice && !template.HasChannel && !rules.MaySubscribe(template.Filter), "a filter does not allow itself");
    }, 6_000);

    [Fact]
    public void CommandsAreCommandsOrNone()
    {
        var codec = new CommandCodec("streamrnn");
        Fuzzer.Run(Corpus.Commands, payload =>
        {
            codec.Decode("streamrnn/cmd/normal"u8, payload, false, []);
            codec.Decode("streamrnn/cmd/sensitivity"u8, payload, false, []);
            codec.Decode([.. "streamrnn/cmd/"u8, .. payload], "{}"u8, false, []);
        }, 6_000);
    }

    [Fact]
    public void AnAnswersAddressIsBelowReplyOrThereIsNone()
    {
        var codec = new CommandCodec("streamrnn");
        Fuzzer.Run(Corpus.Properties, properties =>
        {
            var command = codec.Decode("streamrnn/cmd/normal"u8, "{\"list\":true}"u8, false, properties);
            Harm(command.ReplyTo is { } reply && (!reply.Topic.StartsWith("streamrnn/reply/", StringComparison.Ordinal) || reply.Topic.AsSpan().ContainsAny('+', '#') || reply.Correlation.Length > 1024), "an answer goes astray");
        }, 10_000);
    }

    [Fact]
    public void PacketsAreReadOrMalformed() => Fuzzer.Run(Corpus.Packets, bytes =>
    {
        try
        {
            PublishPacket.TryReadFixedHeader(bytes, out _, out _, out _);
            foreach (var (first, version5, whole) in new[] { ((byte)0x30, true, true), ((byte)0x32, false, true), ((byte)0x35, true, false) })
                Harm(PublishPacket.Read(first, bytes, version5, whole).PayloadAt > bytes.Length, "the payload begins behind the packet");
        }
        catch (MqttProtocolViolationException)
        {
            // said to be malformed: the connection ends
        }
    }, 10_000);

    [Fact]
    public void HashesOfPasswordsAreReadOrRefused() =>
        Fuzzer.Run([Encoding.UTF8.GetBytes(PasswordHash.Of("p", 1000)), "pbkdf2-sha512$1000$$"u8.ToArray()], bytes => PasswordHash.TryParse(Encoding.UTF8.GetString(bytes), out _), 5_000);

    [Fact]
    public void ModelFilesAreGoodToTheLastByteOrRefused()
    {
        Fuzzer.Run([.. OnnxNets.All.Take(12).Select(topology => ModelBytes(OnnxNets.Net(topology)))], bytes =>
        {
            // Damage behind the checksum is found by the checksum; what is asked here is what lies behind it.
            if (bytes.Length > 32)
                SHA256.HashData(bytes.AsSpan(..^32)).CopyTo(bytes.AsSpan()[^32..]);
            try
            {
                ModelFile.Read(bytes);
                using var stream = new MemoryStream(bytes);
                NetModel.Load(stream);
            }
            catch (ModelFileException)
            {
                // refused
            }
        }, 1_500);
    }

    [Fact]
    public void TopologiesAreParsedOrRefused() => Fuzzer.Run([.. OnnxNets.All.Select(Encoding.UTF8.GetBytes)], bytes =>
    {
        try
        {
            Topology.Parse(Encoding.UTF8.GetString(bytes));
        }
        catch (TopologyException)
        {
            // refused
        }
    }, 6_000);

    [Fact]
    public void OnnxFilesAreNetsOrRefused() => Fuzzer.Run([.. OnnxNets.All.Take(12).Select(topology => OnnxNets.Bytes(OnnxNets.Net(topology)))], bytes =>
    {
        try
        {
            OnnxNets.Read(bytes);
        }
        catch (OnnxException)
        {
            // refused
        }
    }, 1_500);

    [Fact]
    public void SeriesFilesAreRowsOrRefused()
    {
        using var folder = new Folder();
        var path = Path.Combine(folder.Path, "series.csv");
        Fuzzer.Run(Corpus.Csv, bytes =>
        {
            File.WriteAllBytes(path, bytes);
            try
            {
                using var file = SeriesFile.Open(path);
                foreach (var (_, values) in file.Rows())
                    Harm(Array.Exists(values.ToArray(), double.IsInfinity), "an infinite value");
            }
            catch (UsageException)
            {
                // refused
            }
        }, 2_000);
    }

    [Fact]
    public void ADecoderWithAFaultIsCaughtWithItsSeedAndItsInput()
    {
        // The negative control: faults that lie as deep as a damaged length, and one behind a byte that the corpus does not have.
        var planted = Assert.Throws<FuzzException>(() => Fuzzer.Run(Corpus.Json, payload => Harm(payload.Contains((byte)0xFF), "planted"), 6_000));
        Assert.Matches(@"seed \d+ \(STREAMRNN_FUZZ_SEED=\d+\).*planted", planted.Message);
        Assert.Contains("FF", planted.Message[planted.Message.LastIndexOf(':')..], StringComparison.Ordinal);
        Assert.Throws<FuzzException>(() => Fuzzer.Run(Corpus.Packets, body => _ = body.Length > 1 && body[0] < 1 ? body[2 + body[1]] : 0, 10_000));
    }

    private static void Harm(bool done, string what)
    {
        if (done)
            throw new InvalidOperationException(what);
    }

    private static byte[] ModelBytes(Net net)
    {
        var columns = Enumerable.Range(0, net.Inputs).Select(i => $"c{i}").ToArray();
        using var stream = new MemoryStream();
        new NetModel(net, columns, Normaliser.None(net.Inputs), "fuzz").Save(stream);
        return stream.ToArray();
    }
}
