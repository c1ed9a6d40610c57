using StreamRnn.Host;
using StreamRnn.Host.Configuration;
using StreamRnn.Mqtt;
using StreamRnn.Tests.Host;

namespace StreamRnn.Tests.Security;

/// <summary>A password is not said: not in messages, not by what is printed of the settings.</summary>
[Collection("environment")]
public sealed class SecretsTests
{
    private const string Secret = "hunter2-Xyzzy";

    [Theory]
    [InlineData("""{ "Mqtt": { "Host": "b", "Username": "u", "Password": "SECRET", "Port": 0 } }""")]
    [InlineData("""{ "Mqtt": { "Host": "b", "Username": "u", "Pasword": "SECRET" } }""")]
    [InlineData("""{ "Mqtt": { "Host": "b", "Username": "u", "Psswrd": "SECRET", "Password": 3 } }""")]
    [InlineData("""{ "Mqtt": { "Host": "b", "Passphrase": "SECRET" } }""")]
    [InlineData("""{ "Mqtt": { "Host": "u:SECRET@b" } }""")]
    [InlineData("""{ "Mqtt": { "Host": "mqtt://u:SECRET@b" } }""")]
    [InlineData("""{ "Mqtt": { "Password": "SECRET" } }""")]
    [InlineData("""{ "Mqtt": { "Embedded": { "Users": [ { "Name": "a", "PasswordHash": "SECRET" } ] } } }""")]
    [InlineData("""{ "Mqtt": { "Embedded": { "Users": "SECRET" } } }""")]
    [InlineData("""{ "Mqtt": { "Embedded": { "Users": [ "SECRET" ] } } }""")]
    public void ARefusedConfigurationDoesNotRepeatAPassword(string section)
    {
        using var folder = new Folder($$"""{ "StreamRnn": {{section.Replace("SECRET", Secret, StringComparison.Ordinal)}} }""");
        var e = Assert.Throws<ConfigurationException>(() => Settings.Load(folder.Path, []));
        Assert.DoesNotContain(Secret, e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void TheSettingsPrintNoPasswordAndTakeOneFromTheEnvironment()
    {
        using var folder = new Folder("""{ "StreamRnn": { "Mqtt": { "Host": "b", "Username": "u" } } }""");
        using var variable = new EnvironmentVariable("StreamRnn__Mqtt__Password", Secret);
        var settings = Settings.Load(folder.Path, []);
        Assert.Equal(Secret, settings.Mqtt.Password);
        Assert.DoesNotContain(Secret, settings.ToString() + settings.Mqtt, StringComparison.Ordinal);
        Assert.Contains("u@b", settings.Mqtt.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mqtt://u:hunter2-Xyzzy@b")]
    [InlineData("u:hunter2-Xyzzy@b:1883")]
    [InlineData("http://u:hunter2-Xyzzy@b")]
    [InlineData("mqtt://u:hunter2-Xyzzy@b/path")]
    [InlineData("mqtt://u:hunter2-Xyzzy@")]
    [InlineData("mqtt://u:hunter2-X#yzzy@b")]
    public async Task APasswordOnTheCommandLineIsRefusedAndNotRepeated(string broker)
    {
        using var error = new StringWriter();
        Assert.Equal(ExitCode.Usage, await CommandLine.RunAsync(["run", "--broker", broker], TextWriter.Null, error));
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("PasswordFile", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void WhereThePasswordsFileIsGoneTheFileIsNamed()
    {
        var options = new MqttOptions { Host = "b", Username = "u", PasswordFile = "/no/such/password" };
        var e = Assert.Throws<BrokerRefusedException>(() => options.ToClientOptions("id", "b", 1883));
        Assert.Contains("/no/such/password", e.Message, StringComparison.Ordinal);
    }
}
