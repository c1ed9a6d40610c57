using StreamRnn.Detection;
using StreamRnn.Host.Configuration;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Host.Service;

/// <summary>The detector with all that it knew before, and the store from which it knows it; without a store it knows nothing yet.</summary>
internal sealed record Memory(DeviceRegistry Registry, Detector Detector, WaitingRoom Room, Store? Store, Recovered? Recovered) : IDisposable
{
    /// <summary>What came of the entries that were folded again and is not in the store: notices of models.</summary>
    public IReadOnlyList<ModelNotice> Notices { get; private init; } = [];

    public void Dispose()
    {
        Store?.Dispose();
        Detector.Dispose();
    }

    /// <exception cref="StoreException">The store cannot be used.</exception>
    public static Memory Open(Settings settings, DeviceGroups groups, int shards, TimeProvider clock, Microsoft.Extensions.Logging.ILogger log, Action<Milestone>? passed = null)
    {
        var registry = new DeviceRegistry(shards, settings.Ingest.MaxDevices, settings.Ingest.MaxChannelsPerDevice, settings.Ingest.MaxSeries, groups.Of);
        var model = BaseModel.Load();
        if (!settings.Storage.Enabled)
        {
            var (fresh, empty) = Begin();
            return new Memory(registry, fresh, empty, null, null);
        }

        var folder = StoreFolder.Of(settings.Storage, settings.Mqtt, settings.Folder, Environment.GetEnvironmentVariable);
        var store = Store.Open(folder, settings.Storage, registry, clock, log);
        try
        {
            var (detector, room) = default((Detector?, WaitingRoom?));
            var notices = new List<ModelNotice>();
            var recovered = store.Recover(() => (detector, room) = Begin(), outcome =>
            {
                notices.AddRange(outcome.Notices);
                passed?.Invoke(Milestone.Recovering);
            });
            return new Memory(registry, detector!, room!, store, recovered) { Notices = notices };
        }
        catch
        {
            store.Dispose();
            throw;
        }

        (Detector, WaitingRoom) Begin() =>
            (new Detector(settings.DetectionForPublishing(), settings.Alerts, model, registry, groups.Models), new WaitingRoom(settings.Ingest.MaxLateness));
    }
}
