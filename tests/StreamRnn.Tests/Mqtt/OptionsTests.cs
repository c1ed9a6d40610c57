using StreamRnn.Mqtt;

namespace StreamRnn.Tests.Mqtt;

public sealed class OptionsTests
{
    [Fact]
    public void NothingHasToBeSet()
    {
        Assert.Empty(new MqttOptions().Validate());
        Assert.Empty(new IngestOptions().Validate());
        Assert.Empty(new TopicOptions().Validate());
        Assert.True(new MqttOptions().UsesEmbeddedBroker());
        Assert.False(new MqttOptions { Host = "broker.example" }.UsesEmbeddedBroker());
        Assert.Equal(["devices/{device}", "devices/{device}/{channel}"], new IngestOptions().SourcesOrDefault().Select(source => source.Topic));
    }

    public static TheoryData<string, MqttOptions> Wrong => new()
    {
        { "StreamRnn:Mqtt:Port is '70000'; allowed is 1 to 65535", new() { Host = "b", Port = 70_000 } },
        { "StreamRnn:Mqtt:Host is 'mqtt://b'", new() { Host = "mqtt://b" } },
        { "StreamRnn:Mqtt:ProtocolVersion is '5'; allowed is 5.0 or 3.1.1", new() { ProtocolVersion = "5" } },
        { "StreamRnn:Mqtt:ClientId is 'a/b'", new() { ClientId = "a/b" } },
        { "are both set", new() { Host = "b", Username = "u", Password = "p", PasswordFile = "f" } },
        { "Username is not set", new() { Host = "b", Password = "p" } },
        { "StreamRnn:Mqtt:PasswordFile is '/no/such/file'", new() { Host = "b", Username = "u", PasswordFile = "/no/such/file" } },
        { "StreamRnn:Mqtt:KeepAlive is '00:00:00'; allowed is 00:00:01 to 12:00:00", new() { KeepAlive = TimeSpan.Zero } },
        { "Host is not set and StreamRnn:Mqtt:Embedded:Enabled is false", new() { Embedded = new() { Enabled = false } } },
        { "Host is 'b' and StreamRnn:Mqtt:Embedded:Enabled is true", new() { Host = "b", Embedded = new() { Enabled = true } } },
        { "StreamRnn:Mqtt:Tls:CaFile is '/no/ca.pem'", new() { Host = "b", Tls = new() { Enabled = true, CaFile = "/no/ca.pem" } } },
        { "speaks plain TCP; give it a certificate", new() { Tls = new() { Enabled = true } } },
        { "as long as the embedded broker knows no users", new() { Embedded = new() { Host = "0.0.0.0" } } },
        { "has an @ in it", new() { Host = "me:hunter2@b" } },
        { "CaFile is '/no/ca.pem', but StreamRnn:Mqtt:Tls:Enabled is false", new() { Host = "b", Tls = new() { CaFile = "/no/ca.pem" } } },
        { "Embedded:Users:0 ('a') may neither publish nor subscribe", new() { Embedded = new() { Host = "0.0.0.0", Users = [new() { Name = "a", PasswordHash = PasswordHash.Of("p", 1000) }] } } },
        { "has 'a' 2 times", new() { Embedded = new() { Users = [new() { Name = "a", PasswordHash = "" }, new() { Name = "a", PasswordHash = "" }] } } },
        { "Users:0:PasswordHash cannot be read; allowed is what 'streamrnn password' writes", new() { Embedded = new() { Users = [new() { Name = "a", PasswordHash = "hunter2" }] } } },
        { "Users:0:Name is '$a'", new() { Embedded = new() { Users = [new() { Name = "$a", PasswordHash = "" }] } } },
        { "Users:0:Publish:0 is 'a/#/b'", new() { Embedded = new() { Users = [new() { Name = "a", PasswordHash = "", Publish = ["a/#/b"] }] } } },
        { "KeyFile or KeyPasswordFile is set, but CertificateFile is not", new() { Embedded = new() { KeyFile = "k" } } },
        { "StreamRnn:Mqtt:Embedded:CertificateFile is '/no/such.pem'", new() { Embedded = new() { CertificateFile = "/no/such.pem" } } },
        { "StreamRnn:Mqtt:Embedded:MaxConnections is '0'", new() { Embedded = new() { MaxConnections = 0 } } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void AValueOutOfRangeIsNamedWithItsKeyAndWhatIsAllowed(string expected, MqttOptions options) =>
        Assert.Contains(options.Validate(), problem => problem.Contains(expected, StringComparison.Ordinal));

    [Fact]
    public void AWrongSourceIsNamedByItsPlace()
    {
        var options = new IngestOptions
        {
            MaxDevices = 0,
            Sources = [new() { Topic = "a/{device}" }, new() { Topic = "a/{x}" }, new() { Topic = "a/b" }, new() { Topic = "c/{device}", Format = PayloadFormat.Value }],
        };
        Assert.Equal(
            ["Sources:1:Topic", "Sources:2:Topic", "Sources:3:Format", "MaxDevices"],
            options.Validate().Select(problem => problem["StreamRnn:Ingest:".Length..problem.IndexOf(" is ", StringComparison.Ordinal)]));
    }

    [Fact]
    public void TheEmbeddedBrokerRefusesToListenBeyondLoopback()
    {
        var e = Assert.Throws<ArgumentException>(() => new EmbeddedBroker(new EmbeddedBrokerOptions { Host = "192.168.1.4" }, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance));
        Assert.Contains("loopback", e.Message, StringComparison.Ordinal);
        Assert.Contains("StreamRnn:Mqtt:Embedded:Users", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NoProblemAndNoSettingSaysAPassword()
    {
        var users = new BrokerUserOptions { Name = "a", PasswordHash = "hunter2", Publish = ["a/#"] };
        MqttOptions[] all =
        [
            new() { Host = "me:hunter2@b" }, new() { Host = "b", Password = "hunter2" }, new() { Host = "b", Username = "u", Password = "hunter2", PasswordFile = "f" },
            new() { Embedded = new() { Host = "0.0.0.0", Users = [users] } },
        ];
        Assert.All(all, options => Assert.DoesNotContain("hunter2", string.Join('\n', options.Validate()) + options with { Host = "b" } + string.Concat(options.Embedded.Users), StringComparison.Ordinal));
    }
}
