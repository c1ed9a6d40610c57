using System.Diagnostics;
using System.Text.RegularExpressions;
using MQTTnet;
using StreamRnn.Alerts;
using StreamRnn.Mqtt;
using StreamRnn.Pipeline;

namespace StreamRnn.EndToEnd.Mqtt;

/// <summary>TLS with a real broker, its certificates made here.</summary>
public sealed class BrokerTlsTests
{
    private static MqttOptions To(Mosquitto broker, TlsOptions tls, string host = "localhost") => new() { Host = host, Port = broker.Port, KeepAlive = TimeSpan.FromSeconds(2), Tls = tls with { Enabled = true } };

    private static Task<Mosquitto> StartAsync(Certificates certificates, (string Certificate, string Key, string, string) own, string more = "allow_anonymous true") => new Mosquitto(
        $"certfile {own.Certificate}\nkeyfile {own.Key}\ncafile {certificates.CaFile}\n{more}").StartAsync();

    private static async Task HeardAsync(MqttOptions options)
    {
        await using var listener = new Listener(options);
        await Task.WhenAny(listener.SubscribedAsync(), Eventually.Holds(() => listener.Log.Says("Cannot reach"), "a refusal", 30));
        Assert.True(listener.Listening, string.Join('\n', listener.Log.Lines));
        var log = new TestLog();
        var publisher = new AlertPublisher(options, new TopicOptions { Root = "devices" }, Alerts.Encode, TimeProvider.System, log);
        using var stop = new CancellationTokenSource();
        var running = publisher.RunAsync(TimeSpan.FromSeconds(10), stop.Token);
        var outcome = new Outcome();
        outcome.Replies.Add(new CommandReply(new ListNormal(null) { ReplyTo = new ReplyAddress("devices/d", default) }, true, "fine", null, []));
        publisher.Publish(outcome);
        await Eventually.Holds(() => publisher.Waiting == 0, "what we publish is taken", 30, log);
        await stop.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(20));
    }

    private static async Task RefusedAsync(MqttOptions options, params string[] says)
    {
        await using var listener = new Listener(options);
        await Eventually.Holds(() => listener.Log.Says("Cannot reach"), "the refusal", 30, listener.Log);
        Assert.All(says, text => Assert.True(listener.Log.Says(text), $"'{text}' is not in\n{string.Join('\n', listener.Log.Lines)}"));
        Assert.False(listener.Listening);
        Assert.DoesNotContain(listener.Log.Lines, line => line.Contains("correct horse", StringComparison.Ordinal));
        var log = new TestLog();
        using var stop = new CancellationTokenSource();
        var running = new AlertPublisher(options, new TopicOptions(), Alerts.Encode, TimeProvider.System, log).RunAsync(TimeSpan.Zero, stop.Token);
        await Eventually.Holds(() => log.Says("Cannot reach"), "the publisher's refusal", 30, log);
        Assert.All(says, text => Assert.True(log.Says(text), $"'{text}' is not in\n{string.Join('\n', log.Lines)}"));
        await stop.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [SkippableFact]
    public async Task ABrokerOfAKnownAuthorityIsTrustedAndOthersAreNot()
    {
        using var certificates = new Certificates();
        using var strangers = new Certificates("Strange authority");
        using var broker = await StartAsync(certificates, certificates.Issue("broker"));
        await HeardAsync(To(broker, new TlsOptions { CaFile = certificates.CaFile }));
        await RefusedAsync(To(broker, new TlsOptions { CaFile = strangers.CaFile }), "is signed by CN=Test authority, which is none of the authorities that we trust", strangers.CaFile);
        await RefusedAsync(To(broker, new TlsOptions()), "which is none of the authorities that we trust", "Mqtt:Tls:CaFile");
        await RefusedAsync(To(broker, new TlsOptions { CaFile = certificates.CaFile }, "127.0.0.1"), "is not for '127.0.0.1', but for localhost", "Mqtt:Tls:TargetHost");
        await HeardAsync(To(broker, new TlsOptions { CaFile = certificates.CaFile, TargetHost = "localhost" }, "127.0.0.1"));
    }

    [SkippableFact]
    public async Task ABrokersCertificateThatHasExpiredIsRefused()
    {
        using var certificates = new Certificates();
        using var broker = await StartAsync(certificates, certificates.Issue("broker", validUntil: -1));
        await RefusedAsync(To(broker, new TlsOptions { CaFile = certificates.CaFile }), "the broker's certificate (CN=broker) is valid from", "renew it, or set the clock");
    }

    [SkippableFact]
    public async Task ABrokerThatWantsToKnowUsGetsOurCertificateInAnyForm()
    {
        using var certificates = new Certificates();
        using var strangers = new Certificates("Strange authority");
        using var broker = await StartAsync(certificates, certificates.Issue("broker"), "require_certificate true\nallow_anonymous true");
        var (certificate, key, encrypted, pfx) = certificates.Issue("streamrnn");
        var password = certificates.Write("password", "correct horse\n");
        var tls = new TlsOptions { CaFile = certificates.CaFile };
        await HeardAsync(To(broker, tls with { ClientCertificateFile = certificate, ClientKeyFile = key }));
        await HeardAsync(To(broker, tls with { ClientCertificateFile = certificate, ClientKeyFile = encrypted, ClientKeyPasswordFile = password }));
        await HeardAsync(To(broker, tls with { ClientCertificateFile = pfx, ClientKeyPasswordFile = password }));
        await RefusedAsync(To(broker, tls), "perhaps it asks for a certificate of ours: Mqtt:Tls:ClientCertificateFile");
        var (foreign, foreignKey, _, _) = strangers.Issue("streamrnn");
        await RefusedAsync(To(broker, tls with { ClientCertificateFile = foreign, ClientKeyFile = foreignKey }), "perhaps it does not take our certificate in " + foreign);
        var (old, oldKey, _, _) = certificates.Issue("old", validUntil: -1);
        await RefusedAsync(To(broker, tls with { ClientCertificateFile = old, ClientKeyFile = oldKey }), "our certificate in " + old, "renew it");
    }

    [SkippableFact]
    public async Task TheExampleOfSecurityLetsEachInWhereItSays()
    {
        var page = File.ReadAllText(Path.Combine(Root(), "SECURITY.md"));
        var acl = Regex.Match(page, "# /etc/mosquitto/acl\n(?<text>.*?)```", RegexOptions.Singleline).Groups["text"].Value;
        var conf = Regex.Match(page, "# mosquitto.conf\n(?<text>.*?)```", RegexOptions.Singleline).Groups["text"].Value;
        Assert.Contains("pattern write devices/%u/#", acl, StringComparison.Ordinal);
        using var certificates = new Certificates();
        var (certificate, key, _, _) = certificates.Issue("broker");
        var passwords = certificates.Write("passwords", "");
        Skip.If(Mosquitto.Find("mosquitto_passwd") is null, "mosquitto_passwd is not installed");
        foreach (var user in new[] { "streamrnn", "operator", "pump" })
        {
            using var make = Process.Start(Mosquitto.Find("mosquitto_passwd")!, ["-b", passwords, user, "correct horse"]);
            await make.WaitForExitAsync();
            Assert.Equal(0, make.ExitCode);
        }

        var settings = string.Join('\n', conf.Split('\n').Where(line => !line.StartsWith("listener", StringComparison.Ordinal) && !line.StartsWith("max_queued", StringComparison.Ordinal)))
            .Replace("/etc/mosquitto/ca.pem", certificates.CaFile, StringComparison.Ordinal).Replace("/etc/mosquitto/broker.pem", certificate, StringComparison.Ordinal)
            .Replace("/etc/mosquitto/broker.key", key, StringComparison.Ordinal).Replace("/etc/mosquitto/passwords", passwords, StringComparison.Ordinal)
            .Replace("/etc/mosquitto/acl", certificates.Write("acl", acl), StringComparison.Ordinal);
        using var broker = await new Mosquitto(settings).StartAsync();
        var us = To(broker, new TlsOptions { CaFile = certificates.CaFile }) with { Username = "streamrnn", PasswordFile = certificates.Write("password", "correct horse\n") };
        await using var listener = new Listener(us);
        await listener.SubscribedAsync();
        await PublishAsync(us, "pump", "devices/other/x", "1");
        await PublishAsync(us, "operator", "devices/pump/x", "2");
        await PublishAsync(us, "pump", "devices/pump/x", "3");
        await Eventually.Holds(() => listener.WasHeard(3), "the pump's own reading", 30, listener.Log);
        Assert.Equal([3.0], listener.Values.Select(v => v.Value));
        Assert.Equal(MqttClientPublishReasonCode.NotAuthorized, await PublishAsync(us, "pump", "streamrnn/cmd/normal", "{}"));
        Assert.NotEqual(MqttClientPublishReasonCode.NotAuthorized, await PublishAsync(us, "operator", "streamrnn/cmd/normal", "{}"));
    }

    [Fact]
    public async Task TheEmbeddedBrokerSpeaksTlsWithItsCertificate()
    {
        using var certificates = new Certificates();
        var (_, _, _, pfx) = certificates.Issue("embedded");
        var log = new TestLog();
        await using var broker = new EmbeddedBroker(
            new EmbeddedBrokerOptions { Port = 0, CertificateFile = pfx, KeyPasswordFile = certificates.Write("password", "correct horse") }, log);
        await broker.StartAsync();
        Assert.True(log.Says("with TLS"));
        var options = new MqttOptions { Host = "localhost", Port = broker.Port, KeepAlive = TimeSpan.FromSeconds(2), Tls = new TlsOptions { Enabled = true, CaFile = certificates.CaFile } };
        await using (var device = new Listener(options))
            await device.SubscribedAsync();
        await using (var own = new Listener(broker.Own(new MqttOptions { Host = broker.OwnEndpoint.Host, Port = broker.OwnEndpoint.Port, KeepAlive = TimeSpan.FromSeconds(2) })))
            await own.SubscribedAsync();
        await RefusedAsync(options with { Tls = new TlsOptions { Enabled = true } }, "none of the authorities that we trust");
        using var plain = new System.Net.Sockets.TcpClient("127.0.0.1", broker.Port);
        await plain.GetStream().WriteAsync(new byte[] { 0x10, 12, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 4, 2, 0, 60, 0, 0 });
        var answer = new byte[16];
        var read = await plain.GetStream().ReadAsync(answer).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(read == 0 || answer[0] != 0x20);                        // perhaps a TLS alert, no CONNACK
    }

    private static async Task<MqttClientPublishReasonCode> PublishAsync(MqttOptions like, string user, string topic, string payload)
    {
        using var client = new MqttClientFactory().CreateMqttClient();
        var options = (like with { Username = user }).ToClientOptions(user, like.Host!, like.PortOrDefault());
        Assert.Equal(MqttClientConnectResultCode.Success, (await client.ConnectAsync(options)).ResultCode);
        var result = await client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(payload).WithQualityOfServiceLevel(MQTTnet.Protocol.MqttQualityOfServiceLevel.AtLeastOnce).Build());
        return result.ReasonCode;
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "StreamRnn.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("no StreamRnn.sln above " + AppContext.BaseDirectory);
        return folder.FullName;
    }
}
