using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using System.Runtime.ExceptionServices;

namespace StreamRnn.Pipeline;

/// <summary>
/// The detector's shards at work at the same time: a thread for each but the first, whose part is done on the caller's. They share nothing, so what comes of it is what
/// <see cref="Detector.Fold"/> makes of the same entry on one thread. Used by one thread at a time.
/// </summary>
public sealed class ShardThreads : IDisposable
{
    private const int WorthWaking = 32;      // readings for each shard: fewer are through before another thread is awake

    private readonly Detector _detector;
    private readonly EventLoopScheduler[] _threads;
    private readonly Exception?[] _faults;
    private readonly CountdownEvent _done = new(1);
    private readonly ShardedBatches _batches;

    public ShardThreads(Detector detector)
    {
        _detector = detector;
        _batches = new ShardedBatches(detector.Shards.Count);
        _faults = new Exception?[detector.Shards.Count];
        _threads = [.. detector.Shards.Skip(1).Select((_, i) => new EventLoopScheduler(work => new Thread(work) { Name = $"shard-{i + 1}", IsBackground = true }))];
    }

    /// <summary>Folds one entry. The outcome is valid until the next call.</summary>
    public Outcome Fold(Arrivals entry)
    {
        _batches.Deal(entry);
        return Fold(_batches);
    }

    /// <inheritdoc cref="Fold(Arrivals)"/>
    public Outcome Fold(ShardedBatches batches)
    {
        if (batches.ReadingCount < WorthWaking * _faults.Length)
            return _detector.Fold(batches);
        ForEach(shard => _detector.FoldShard(shard, batches));
        return _detector.Gather(batches);
    }

    /// <summary>Does the same for every shard; returns when all are done.</summary>
    /// <exception cref="Exception">What the work threw: where several did, that of the lowest shard.</exception>
    public void ForEach(Action<int> work)
    {
        if (_threads.Length == 0)
        {
            work(0);
            return;
        }

        Array.Clear(_faults);
        _done.Reset(_faults.Length);
        for (var i = 0; i < _threads.Length; i++)
            _threads[i].Schedule(i + 1, (_, shard) => Try(work, shard));
        Try(work, 0);
        _done.Wait();
        if (Array.Find(_faults, f => f is not null) is { } fault)
            ExceptionDispatchInfo.Throw(fault);
    }

    public void Dispose()
    {
        foreach (var thread in _threads)
            thread.Dispose();
        _done.Dispose();
    }

    private IDisposable Try(Action<int> work, int shard)
    {
        try
        {
            work(shard);
        }
        catch (Exception fault)
        {
            // It must reach the caller, whichever thread it happened on.
            _faults[shard] = fault;
        }

        _done.Signal();
        return Disposable.Empty;
    }
}
