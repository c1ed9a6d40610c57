using System.Reactive.Linq;
using StreamRnn.Pipeline;

namespace StreamRnn.Storage;

/// <summary>The verb of the journal: <c>door.Arrivals.Persist(store, door.Acknowledge, stop).InOrder(room)</c>.</summary>
public static class PersistOperators
{
    /// <summary>Writes each entry to the journal before anything else happens to it. An entry is the group of the commit: everything that arrived while the last one was worked on.</summary>
    /// <param name="committed">Told the entry's ticket as soon as it is on the disk, before it is folded: what it holds will not be lost any more.</param>
    /// <param name="cancel">Ends waiting for a disk that has no room.</param>
    public static IObservable<Arrivals> Persist(this IObservable<Arrivals> entries, Store store, Action<long> committed, CancellationToken cancel) =>
        Observable.Create<Arrivals>(observer => entries.Subscribe(
            entry =>
            {
                store.Append(entry, cancel);
                committed(entry.Ticket);
                observer.OnNext(entry);
            },
            observer.OnError,
            observer.OnCompleted));
}
