namespace StreamRnn.Host.Service;

/// <summary>
/// Places on the way of an entry, in their order. Who starts a line may be told of each as it is passed, on the thread that passes it: tests kill the process there. A service tells nobody.
/// </summary>
internal enum Milestone
{
    /// <summary>An entry after the checkpoint was folded again; nothing is told yet.</summary>
    Recovering,

    /// <summary>The entry is on the disk and not acknowledged.</summary>
    Committed,

    /// <summary>Its acknowledgements were handed to the connection; nothing is folded.</summary>
    Acknowledged,

    /// <summary>Nobody knows what came of it.</summary>
    Folded,

    /// <summary>The outbox knows it, the publisher does not.</summary>
    Told,

    /// <summary>The publisher knows it.</summary>
    Queued,

    /// <summary>The broker has answered for an alert, and that is not written.</summary>
    Answered,

    /// <summary>Of a checkpoint's states some are written and some are not.</summary>
    AmidCheckpoint,

    /// <summary>Asked to stop; nothing is taken in any more, what was due is published, the store is not closed.</summary>
    Closing,
}
