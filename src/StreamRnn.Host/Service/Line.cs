using System.Globalization;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using StreamRnn.Alerts;
using StreamRnn.Host.Configuration;
using StreamRnn.Host.Models;
using StreamRnn.Host.Replay;
using StreamRnn.Mqtt;
using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Host.Service;

/// <summary>
/// The whole way of a reading, put together: broker, registry, door, detector, publisher, source. The composition root, used by the service and the demo alike.
/// </summary>
internal sealed class Line : IAsyncDisposable
{
    /// <summary>The <c>source</c> of our CloudEvents.</summary>
    public const string EventSource = "streamrnn";

    // Together they stay within ten seconds, the limit of the service and, by default, of many supervisors.
    private static readonly TimeSpan ReadingGrace = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan PublishingGrace = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan StoringGrace = TimeSpan.FromSeconds(2);

    private const int StatesAtOnce = 2000;

    private readonly CancellationTokenSource _stopReading = new();
    private readonly CancellationTokenSource _stopPumping = new();
    private readonly CancellationTokenSource _stopPublishing = new();
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ILogger _log;
    private readonly Action<Milestone>? _passed;
    private readonly EmbeddedBroker? _broker;
    private readonly Door _door;
    private readonly WaitingRoom _room;
    private readonly Detector _detector;
    private readonly AlertPublisher _publisher;
    private readonly Store? _store;
    private readonly ReadingSource _source;
    private readonly IDisposable _pipeline;
    private readonly Thread _pump;
    private readonly Task _publishing;
    private readonly Task _reading;
    private long _entries;
    private bool _statesAreTold;                                // on the pump's thread

    private Line(Settings settings, Memory memory, EmbeddedBroker? broker, TimeProvider clock, ILoggerFactory logs, Action<Milestone>? passed)
    {
        (_log, _passed) = (logs.CreateLogger<Line>(), passed);
        var endpoint = broker?.OwnEndpoint;
        var mqtt = broker?.Own(settings.Mqtt) ?? settings.Mqtt;
        var (registry, detector, room, store, recovered) = memory;
        var door = new Door(settings.Ingest.ToDoorLimits(), clock, recovered?.Heard);
        var plain = settings.Alerts.Format == "plain";
        var publisher = new AlertPublisher(
            mqtt, settings.Topics, plain ? AlertJson.WriteData : (e, output) => CloudEvent.Write(e, output, EventSource), clock, logs.CreateLogger<AlertPublisher>(),
            plain ? "application/json" : "application/cloudevents+json", endpoint, storeKeeps: store is not null);
        var source = new ReadingSource(
            mqtt, settings.Ingest, registry, door, settings.Topics.Root, clock, logs.CreateLogger<ReadingSource>(), publisher.DeadLetter, endpoint,
            hadSession: broker is null && recovered?.Heard is not null);

        source.ListeningChanged += publisher.SetOnline;
        source.SessionLost += _ => publisher.ReportGap(Instant.From(clock.GetUtcNow()));
        var entries = store is null ? door.Arrivals : door.Arrivals.Persist(store, Acknowledge, _stopPumping.Token);
        _pipeline = entries
            .InOrder(room)
            .InBatches(registry.Shards)
            .Detect(detector)
            .Subscribe(
                outcome =>
                {
                    passed?.Invoke(Milestone.Folded);
                    store?.Tell(outcome, _stopPumping.Token);
                    passed?.Invoke(Milestone.Told);
                    publisher.Publish(outcome);
                    passed?.Invoke(Milestone.Queued);
                    if (store?.IsAmidCheckpoint == true)
                        passed?.Invoke(Milestone.AmidCheckpoint);
                    store?.Between();
                    TellMore();
                    foreach (var notice in outcome.Notices)
                        Tell(notice);
                    Interlocked.Increment(ref _entries);
                },
                fault => ExceptionDispatchInfo.Throw(fault));       // ends the pump before the entry is acknowledged

        if (store is not null)
        {
            publisher.Answered += (_, _, _) => passed?.Invoke(Milestone.Answered);
            publisher.Answered += store.Mark;
            store.Waiting += () => Interlocked.Increment(ref _entries);       // waiting for the disk is no standstill
            PublishAgain(store, publisher);
            foreach (var notice in memory.Notices)
                Tell(notice);
        }

        foreach (var history in settings.Histories)
            Prime(history, memory, settings, Instant.From(clock.GetUtcNow()), publisher);

        (_broker, _door, _detector, _source, Registry) = (broker, door, detector, source, registry);
        (_room, _publisher, _store, Recovered) = (room, publisher, store, recovered);
        _statesAreTold = store is null;                        // else what it knew before

        _publishing = Watched(publisher.RunAsync(PublishingGrace, _stopPublishing.Token), _stopPublishing.Token);
        _pump = new Thread(Pump) { Name = "pump" };
        _pump.Start();
        _reading = Watched(source.RunAsync(ReadingGrace, _stopReading.Token), _stopReading.Token);

        void Acknowledge(long ticket)
        {
            passed?.Invoke(Milestone.Committed);
            door.Acknowledge(ticket);
            passed?.Invoke(Milestone.Acknowledged);
        }
    }

    /// <summary>As many as can work at once: at the start there is nothing else to do, and later only entries of many readings wake more threads than one.</summary>
    private static int Shards => Environment.ProcessorCount;

    public DeviceRegistry Registry { get; }

    /// <summary>What the store knew at the start; null where nothing is kept.</summary>
    public Recovered? Recovered { get; }

    /// <summary>The folder of what is kept; null where nothing is.</summary>
    public string? Folder => _store?.Folder;

    /// <summary>Readings that were learned so far, of all series together and of the one that was heard most. For a look before readings come.</summary>
    public (long All, int Most) CountLearned()
    {
        var (all, most) = (0L, 0);
        foreach (var shard in _detector.Shards)
        {
            for (var slot = 0; slot < shard.SeriesCount; slot++)
                (all, most) = (all + shard.SeriesAt(slot).Count, Math.Max(most, shard.SeriesAt(slot).Count));
        }

        return (all, most);
    }

    /// <summary>Where the readings come from: host:port.</summary>
    public string Broker => _broker is null ? _source.Broker : string.Create(CultureInfo.InvariantCulture, $"{_broker.Host}:{_broker.Port}");

    /// <summary>Completes when the broker has taken the subscription.</summary>
    public Task Subscribed => _source.Subscribed;

    /// <summary>Entries that went the whole way, ticks included: grows at least twice a second as long as the line lives.</summary>
    public long Entries => Interlocked.Read(ref _entries);

    /// <summary>Completes, with the cause, only when the line is dead by a fault of ours. A broker that is away is none.</summary>
    public Task<Exception> Failed => _failed.Task;

    /// <summary>Starts the embedded broker, if it is wanted, and everything behind it. Does not wait for a broker that is away.</summary>
    /// <exception cref="IOException">The embedded broker cannot listen, or the store cannot be used; the message says why and what to do.</exception>
    public static async Task<Line> StartAsync(Settings settings, DeviceGroups groups, TimeProvider clock, ILoggerFactory logs, Action<Milestone>? passed = null)
    {
        // First know what was known, then hear what comes.
        var memory = await Task.Run(() => Memory.Open(settings, groups, Shards, clock, logs.CreateLogger<Store>(), passed)).ConfigureAwait(false);
        var broker = settings.Mqtt.UsesEmbeddedBroker() ? new EmbeddedBroker(settings.Mqtt.Embedded, logs.CreateLogger<EmbeddedBroker>(), settings.Topics.Root, clock) : null;
        try
        {
            if (broker is not null)
                await broker.StartAsync().ConfigureAwait(false);
            return new Line(settings, memory, broker, clock, logs, passed);
        }
        catch
        {
            memory.Dispose();
            if (broker is not null)
                await broker.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes nothing more in, lets what is inside go its way and acknowledges it, publishes what is due and <c>offline</c>, says goodbye. Not twice.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopReading.CancelAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(false);                  // the pump still runs: what is inside goes through
        await _stopPumping.CancelAsync().ConfigureAwait(false);
        _pump.Join();
        if (_store is null && _room.TryFlush(out var waiting)) // acknowledged, so it will not come again; with a store it waits there
            _publisher.Publish(_detector.Fold(waiting));
        await _stopPublishing.CancelAsync().ConfigureAwait(false);
        await _publishing.ConfigureAwait(false);
        _passed?.Invoke(Milestone.Closing);
        _store?.Close(StoringGrace);                           // after publishing: what the broker has answered is known then
        _pipeline.Dispose();
        _store?.Dispose();
        await _source.DisposeAsync().ConfigureAwait(false);
        _door.Dispose();
        _detector.Dispose();
        if (_broker is not null)
            await _broker.DisposeAsync().ConfigureAwait(false);
        _stopReading.Dispose();
        _stopPumping.Dispose();
        _stopPublishing.Dispose();
    }

    /// <summary>Of the device's states, the last is told: how far it is.</summary>
    private static void Prime(History history, Memory memory, Settings settings, Instant now, AlertPublisher publisher)
    {
        var (registry, detector, _, store, _) = memory;
        // As if it had come on the first source: by its topic the device finds its group.
        var topic = settings.Ingest.SourcesOrDefault()[0].Topic.Replace("{device}", history.Device, StringComparison.Ordinal).Replace("{channel}", history.Channels[0], StringComparison.Ordinal);
        if (!registry.TryGetDevice(history.Device, out var device, out var refusal, topic))
            throw new UsageException($"the device '{history.Device}' of a history was refused: {refusal}.");
        if (store?.Knows(device) == true)
            return;                                            // it learned from this file, or from life, before
        var told = new Outcome();
        history.Fold(detector, registry, device, now, entry => store?.Append(entry, CancellationToken.None), outcome =>
        {
            if (outcome.States.Count == 0)
                return;
            told.States.Clear();
            told.States.Add(outcome.States[^1]);
        });
        publisher.Publish(told);
    }

    // What an earlier life left undone, before anything new: alerts that no broker answered for, oldest first; then what retained topics should say.
    private static void PublishAgain(Store store, AlertPublisher publisher)
    {
        foreach (var alert in store.Journal.Unsent())
            publisher.PublishAgain(alert);
        foreach (var (alert, shown) in store.Journal.LastEvents())
            publisher.ShowAgain(alert, shown);
    }

    // Alerts that had to wait in the store while the broker was away, as soon as there is room for them. Then the retained states: a broker may have forgotten them, so they are told again,
    // some between two entries, so that a fleet of a million does not hold up the first.
    private void TellMore()
    {
        if (_store is not null && _publisher.WantsMore(out var behind, out var room))
        {
            var alerts = _store.Unsent(behind, room, _stopPumping.Token);
            _publisher.TakeMore(alerts, more: alerts.Count == room);
        }

        if (_statesAreTold || _publisher.Waiting > StatesAtOnce)
            return;
        var states = new Outcome();
        _statesAreTold = _detector.TellStates(states, StatesAtOnce);
        _publisher.Publish(states);
    }

    private void Tell(ModelNotice notice)
    {
        Instruments.ModelNews(notice);
        var line = NoticeLine.Of(notice);
        if (notice.News != ModelNews.Predicts)
            LogMessages.ModelMissing(_log, line);
        else if (notice.Strangers.Count > 0)
            LogMessages.ModelPredicts(_log, line);
    }

    private void Pump()
    {
        try
        {
            _door.Pump(_stopPumping.Token);
        }
#pragma warning disable CA1031 // whatever kills the pump is a bug: it is handed on, and ends the process
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (e is not OperationCanceledException || !_stopPumping.IsCancellationRequested)      // asked to stop while the disk had no room
                _failed.TrySetResult(e);
        }
    }

    // These two loops end when asked to and not before; what ends them is handed on in the same way.
    private async Task Watched(Task loop, CancellationToken stop)
    {
        try
        {
            await loop.ConfigureAwait(false);
            if (!stop.IsCancellationRequested)
                _failed.TrySetResult(new InvalidOperationException("a connection's loop ended without being asked to"));
        }
#pragma warning disable CA1031 // as above
        catch (Exception e)
#pragma warning restore CA1031
        {
            _failed.TrySetResult(e);
        }
    }
}
