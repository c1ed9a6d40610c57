using StreamRnn.Host.Service;
using StreamRnn.Mqtt;
using StreamRnn.Storage;

namespace StreamRnn.Tests.Storage;

public sealed class StoreFolderTests
{
    [Fact]
    public void ServicesOfDifferentBrokersOrClientIdsKeepApartWhatTheyLearn()
    {
        string[] folders = [Of(new MqttOptions()), Of(new MqttOptions { Host = "one" }), Of(new MqttOptions { Host = "two" }), Of(new MqttOptions { Host = "one", Port = 1884 }), Of(new MqttOptions { Host = "one", ClientId = "b" })];
        Assert.Equal(folders.Length, folders.Distinct().Count());
        Assert.Equal(folders[1], Of(new MqttOptions { Host = "one" }));
    }

    [Fact]
    public void ANameOfTheConfigurationMakesNoPath()
    {
        var plain = Path.GetDirectoryName(Of(new MqttOptions()));
        Assert.Equal(plain, Path.GetDirectoryName(Of(new MqttOptions { ClientId = "../../etc/cron.d/x", Host = "..\\a/b" })));
    }

    [Fact]
    public void APathThatIsNamedAndSystemdsStateDirectoryComeFirst()
    {
        Assert.Equal("/srv/x", StoreFolder.Of(new StorageOptions { Path = "x" }, new MqttOptions(), "/srv", _ => "/var/lib/streamrnn"));
        Assert.Equal("/var/lib/streamrnn/store", StoreFolder.Of(new StorageOptions(), new MqttOptions(), "/srv", name => name == "STATE_DIRECTORY" ? "/var/lib/streamrnn:/other" : null));
    }

    private static string Of(MqttOptions mqtt) => StoreFolder.Of(new StorageOptions(), mqtt, "/srv", _ => null);
}
