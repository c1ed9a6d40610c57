using System.IO.Compression;
using Microsoft.Extensions.Logging.Abstractions;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Tests.Storage;

/// <summary>
/// A store that an earlier version wrote goes on. layout-1.zip: the files of a <see cref="History"/> that was killed after step 215, written at commit 60733c8, before readings bore numbers.
/// </summary>
public sealed class VersionTests
{
    [Fact]
    public void TheCheckpointOfLayout1IsTakenOver()
    {
        var folder = Directory.CreateTempSubdirectory("streamrnn-version-");
        try
        {
            Unpack(folder.FullName);
            var registry = new DeviceRegistry();
            using var store = Store.Open(folder.FullName, new StorageOptions { Durable = false }, registry, TimeProvider.System, NullLogger.Instance);
            Detector? detector = null;
            var found = store.Recover(() => (detector = new Detector(new DetectionOptions(), new AlertOptions(), BaseModel.Load(), registry), new WaitingRoom(TimeSpan.Zero)), _ => { });
            Assert.Equal(3, found.Devices);
            Assert.InRange(found.Checkpoint, 200, 216);
            Assert.Equal(216 - found.Checkpoint, found.Entries);
            Assert.All(registry.Devices, d => Assert.True(detector!.Shards[0].SeriesAt(d.Channels[0].Slot).Count > 50, d.Name));
            detector!.Dispose();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void AlertsAreThoseOfALifeThatBeganWithThisVersion()
    {
        using var whole = new History();
        var expected = whole.Live(_ => Cut.None).Text;
        History? history = null;
        using var updated = history = new History
        {
            Tamper = folder =>
            {
                if (history!.Kills == 1)
                    Unpack(folder);
            },
        };
        Assert.Equal(expected, updated.Live(i => i == 215 && updated.Kills == 0 ? Cut.AfterCheckpoint : Cut.None).Text);
    }

    private static void Unpack(string folder)
    {
        using var archive = new ZipArchive(typeof(VersionTests).Assembly.GetManifestResourceStream("layout-1.zip")!);
        archive.ExtractToDirectory(folder, overwriteFiles: true);
    }
}
