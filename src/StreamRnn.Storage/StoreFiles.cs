using StreamRnn.Readings;

namespace StreamRnn.Storage;

/// <summary>Copies of a whole store: made while a service goes on writing to it, put back where none is.</summary>
public static class StoreFiles
{
    /// <summary>Copies the store into a folder. The checkpoint first: the journal, copied after it, then holds all that recovery needs.</summary>
    /// <param name="to">Must be empty or missing.</param>
    /// <exception cref="StoreException">There is no store, or no place for the copy.</exception>
    public static void BackUp(string store, string to)
    {
        if (Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any())
            throw new StoreException($"the folder {to} is not empty; expected is a new one for each back-up.");
        using var journal = Journal.Open(store, DeviceRegistry.Unbounded(), readOnly: true);
        using var checkpoint = CheckpointFile.Open(store, journal.StoreId, readOnly: true);
        Directory.CreateDirectory(to);
        checkpoint.BackUp(Path.Combine(to, CheckpointFile.FileName));
        journal.BackUp(Path.Combine(to, Journal.FileName));
    }

    /// <summary>Puts a back-up where no store is: what is there is never overwritten.</summary>
    /// <exception cref="StoreException">The back-up cannot be used, or there is a store already.</exception>
    public static void Restore(string from, string store)
    {
        using var held = StoreLock.Take(store, TimeProvider.System);
        if (File.Exists(Path.Combine(store, Journal.FileName)))
            throw new StoreException($"the folder {store} holds a store already. Move it away first, or name another folder.");
        using var journal = Journal.Open(from, DeviceRegistry.Unbounded(), readOnly: true);
        using var checkpoint = CheckpointFile.Open(from, journal.StoreId, readOnly: true);
        foreach (var _ in journal.ReadFrom(journal.First))
        {
            // Each entry is checked before anything is put in place.
        }

        checkpoint.BackUp(Path.Combine(store, CheckpointFile.FileName));
        journal.BackUp(Path.Combine(store, Journal.FileName));
    }
}
