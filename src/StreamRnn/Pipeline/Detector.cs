using System.Reactive.Linq;
using StreamRnn.Alerts;
using StreamRnn.Detection;
using StreamRnn.Nets;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <summary>
/// All shards together: the detector as a fold over entries. <see cref="Fold"/> works on the calling thread (replay, evaluation, tests);
/// the operator <see cref="PipelineOperators.Detect"/> gives every shard a thread of its own. Both make the same outcomes.
/// </summary>
public sealed partial class Detector : IDisposable
{
    private readonly ShardedBatches _batches;
    private readonly Outcome[] _parts;
    private readonly DeviceRegistry _registry;
    private int _copying, _slot;             // where the copying of changed devices goes on: shard, device
    private int _telling, _toldSlot;         // and the telling of states

    /// <param name="model">Predicts every series that no group's net predicts.</param>
    /// <param name="groups">The nets of the groups: a device's <see cref="Device.Group"/> is an index into them. Default: none.</param>
    public Detector(DetectionOptions detection, AlertOptions alerts, BaseModel model, DeviceRegistry registry, IReadOnlyList<NetModel>? groups = null)
    {
        Shards = [.. Enumerable.Range(0, registry.Shards).Select(_ => new Shard(detection, alerts, model, groups ?? []))];
        _registry = registry;
        _batches = new ShardedBatches(Shards.Count);
        _parts = [.. Shards.Select(_ => new Outcome())];
    }

    public IReadOnlyList<Shard> Shards { get; }

    public int OpenAlerts => Shards.Sum(s => s.OpenAlerts);

    /// <summary>Folds one entry. The outcome is valid until the next call.</summary>
    public Outcome Fold(Arrivals arrivals)
    {
        _batches.Deal(arrivals);
        return Fold(_batches);
    }

    /// <summary>Takes effect with the next entry and forgets nothing. Called between entries.</summary>
    public void Set(DetectionOptions options)
    {
        foreach (var shard in Shards)
            shard.Set(options);
    }

    public void Dispose()
    {
        foreach (var shard in Shards)
            shard.Dispose();
    }

    internal Outcome Fold(ShardedBatches batches)
    {
        for (var i = 0; i < Shards.Count; i++)
            FoldShard(i, batches);
        return Gather(batches);
    }

    internal void FoldShard(int shard, ShardedBatches batches)
    {
        _parts[shard].Clear();
        Shards[shard].Fold(batches.Of(shard), batches.Now, batches.Heard, _parts[shard], batches.Past, batches.Position);
    }

    /// <summary>The shards' outcomes in the order of the shards.</summary>
    internal Outcome Gather(ShardedBatches batches)
    {
        var whole = _parts[0];
        foreach (var part in _parts.AsSpan(1))
            whole.Append(part);
        if (batches.Commands.Count > 0)
        {
            CommandReply[] parts = [.. whole.Replies];
            whole.Replies.Clear();
            foreach (var (command, _) in batches.Commands)
                whole.Replies.Add(CommandReply.Of(command, Array.FindAll(parts, p => ReferenceEquals(p.Command, command))));
        }

        return whole;
    }
}

/// <summary>The pipeline's verbs: <c>door.Arrivals.InBatches(shards).Detect(detector).Subscribe(…)</c>.</summary>
public static class PipelineOperators
{
    /// <summary>Deals each entry to the shards and splits it into waves. One object, used again for every entry: an observer is done with it when it returns.</summary>
    public static IObservable<ShardedBatches> InBatches(this IObservable<Arrivals> entries, int shards) =>
        Observable.Create<ShardedBatches>(observer =>
        {
            var batches = new ShardedBatches(shards);
            return entries.Subscribe(
                entry =>
                {
                    batches.Deal(entry);
                    observer.OnNext(batches);
                },
                observer.OnError,
                observer.OnCompleted);
        });

    /// <summary>
    /// Folds the batches, where they are many each shard on a thread of its own (<see cref="ShardThreads"/>), and emits what came of the entry when all are done:
    /// an entry is through before the next one begins, so order and acknowledgement need no bookkeeping. State lives in the shards, not in this operator.
    /// </summary>
    public static IObservable<Outcome> Detect(this IObservable<ShardedBatches> entries, Detector detector) =>
        Observable.Create<Outcome>(observer =>
        {
            var threads = new ShardThreads(detector);
            var subscription = entries.Subscribe(
                batches =>
                {
                    Outcome outcome;
                    try
                    {
                        outcome = threads.Fold(batches);
                    }
                    catch (Exception fault)
                    {
                        // A fault here is a defect, not bad input: the observer decides.
                        observer.OnError(fault);
                        return;
                    }

                    observer.OnNext(outcome);
                },
                observer.OnError,
                observer.OnCompleted);
            return () =>
            {
                subscription.Dispose();
                threads.Dispose();
            };
        });
}
