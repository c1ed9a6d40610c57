namespace StreamRnn.Tests.Security;

/// <summary>What SECURITY.md says of the unit for systemd.</summary>
public sealed class UnitTests
{
    [Theory]
    [InlineData("DynamicUser=yes")]
    [InlineData("StateDirectory=streamrnn")]
    [InlineData("ProtectSystem=strict")]
    [InlineData("ProtectHome=yes")]
    [InlineData("PrivateDevices=yes")]
    [InlineData("PrivateTmp=yes")]
    [InlineData("NoNewPrivileges=yes")]
    [InlineData("CapabilityBoundingSet=")]
    [InlineData("RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX")]
    [InlineData("SystemCallFilter=@system-service")]
    [InlineData("StateDirectoryMode=0700")]
    [InlineData("#LoadCredential=mqtt-password:/etc/streamrnn/mqtt-password")]
    public void TheUnitTakesFromTheServiceWhatItDoesNotNeed(string line) => Assert.Contains(line, Repository.Read("deploy/streamrnn.service").Split('\n'));

    [Fact]
    public void NeitherUnitNorExamplesHoldAPassword() =>
        Assert.All(Directory.EnumerateFiles(Repository.PathOf("deploy")).Append(Repository.PathOf("appsettings.json")), file =>
            Assert.DoesNotMatch("Mqtt__Password=|\"Password\"", File.ReadAllText(file)));
}
