using System.Diagnostics.Metrics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Storage;
using StreamRnn.Tests.Alerts;

namespace StreamRnn.Tests.Storage;

/// <summary>A service that is stopped, and not killed, has all that it learned in its checkpoint.</summary>
public sealed class CloseTests : IDisposable
{
    private static readonly Instant Start = new(1_772_000_000_000_000);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("streamrnn-close-");

    [Theory, InlineData(1), InlineData(3)]
    public void AfterReadingsThatLedToNothingTheNextStartFoldsNothing(int shards)
    {
        using (var life = new Life(_folder.FullName, shards))
        {
            Assert.Equal(0, life.Found.Devices);
            for (var i = 0; i < 50; i++)
                life.Read(i);
            life.Store.Close(TimeSpan.FromSeconds(30));
        }

        using var next = new Life(_folder.FullName, shards);
        Assert.Equal((100, 50, 0, 0), (next.Found.Devices, next.Found.Checkpoint, next.Found.Entries, next.Found.Readings));
    }

    [Fact]
    public void AStopRightAfterAStartKeepsTheCheckpoint()
    {
        for (var start = 0; start < 4; start++)
        {
            using var life = new Life(_folder.FullName, shards: 2);
            Assert.Equal((start == 0 ? 0 : 5, 0), (life.Found.Checkpoint, life.Found.Entries));
            for (var i = 0; i < 5 && start == 0; i++)
                life.Read(i);
            life.Store.Close(TimeSpan.FromSeconds(30));
        }
    }

    [Theory, InlineData(Journal.FileName), InlineData(CheckpointFile.FileName)]
    public void AFileWhoseMakingWasCutShortIsMadeAgain(string file)
    {
        using (var begun = new SqliteConnection($"Data Source={Path.Combine(_folder.FullName, file)};Pooling=False"))
        {
            begun.Open();
            using var command = begun.CreateCommand();
            command.CommandText = "PRAGMA journal_mode=WAL";      // writes the first page; the tables come after it
            command.ExecuteNonQuery();
        }

        Assert.NotEqual(0, new FileInfo(Path.Combine(_folder.FullName, file)).Length);
        using var life = new Life(_folder.FullName, shards: 1);
        Assert.Equal(0, life.Found.Devices);
    }

    [Fact]
    public void TheAgeOfTheCheckpointIsThatOfTheLastWholeOneWheneverItIsAskedFor()
    {
        var ages = new List<double>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, listener) => { if (instrument.Name == "streamrnn.checkpoint.age") listener.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<double>((_, age, _, _) => ages.Add(age));
        listener.Start();
        var clock = new FakeTimeProvider();
        using (var life = new Life(_folder.FullName, shards: 1, clock))
        {
            life.Read(0);
            clock.Advance(TimeSpan.FromSeconds(70_000));
            Assert.Contains(70_000, Ages());               // of all stores in this process, so an age that no other test has
            life.Store.Close(TimeSpan.FromSeconds(30));
            clock.Advance(TimeSpan.FromSeconds(80_000));
            Assert.Contains(80_000, Ages());
            Assert.DoesNotContain(150_000, Ages());
        }

        Assert.DoesNotContain(80_000, Ages());

        List<double> Ages()
        {
            ages.Clear();
            listener.RecordObservableInstruments();
            return ages;
        }
    }

    [Fact]
    public void AlertsBehindOneAreThoseThatWereWrittenAfterIt()
    {
        using var life = new Life(_folder.FullName, shards: 1);
        life.Read(0);
        var alerts = Enumerable.Range(0, 20).Select(i => Given.Event() with { AlertId = $"a{i}" }).ToList();
        life.Store.Journal.Add(alerts, 1);
        life.Store.Mark(alerts[7], shown: false, refused: false);
        Assert.Equal(["a4", "a5", "a6", "a8", "a9"], life.Store.Unsent(alerts[3].Id, 5, CancellationToken.None).Select(a => a.AlertId));
        Assert.Equal(19, life.Store.Unsent(null, 100, CancellationToken.None).Count);
        Assert.Empty(life.Store.Unsent(alerts[19].Id, 100, CancellationToken.None));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private sealed class Life : IDisposable
    {
        private readonly DeviceRegistry _registry;
        private Detector _detector = null!;

        public Life(string folder, int shards, TimeProvider? clock = null)
        {
            _registry = new DeviceRegistry(shards);
            Store = Store.Open(folder, new StorageOptions { Durable = false }, _registry, clock ?? TimeProvider.System, NullLogger.Instance);
            Found = Store.Recover(() => (_detector = new Detector(new DetectionOptions(), new AlertOptions(), BaseModel.Load(), _registry), new WaitingRoom(TimeSpan.Zero)), _ => { });
        }

        public Store Store { get; }

        public Recovered Found { get; }

        public void Read(int second)
        {
            var entry = new Arrivals();
            entry.Now = entry.Heard = Start + TimeSpan.FromSeconds(second);
            for (var d = 0; d < 100; d++)
            {
                Assert.True(_registry.TryGetDevice($"d{d}", out var device, out _));
                Assert.True(_registry.TryGetChannel(device, "x", out var channel, out _));
                entry.Readings.Begin(device, entry.Now);
                entry.Readings.Add(channel, d);
                entry.Readings.End();
            }

            Store.Append(entry, CancellationToken.None);
            Store.Tell(_detector.Fold(entry), CancellationToken.None);
            Store.Between();
        }

        public void Dispose()
        {
            Store.Dispose();
            _detector.Dispose();
        }
    }
}
