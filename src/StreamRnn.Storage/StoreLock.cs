using System.Globalization;

namespace StreamRnn.Storage;

/// <summary>One writer per store: a file held open exclusively for as long as the store is open. Who holds it stands in a file beside it, so that a second instance can name the first.</summary>
internal sealed class StoreLock : IDisposable
{
    private const string LockName = "store.lock";
    private const string HolderName = "store.holder";

    private readonly FileStream _held;

    private StoreLock(FileStream held) => _held = held;

    /// <exception cref="StoreException">Another process holds it; the message says which.</exception>
    public static StoreLock Take(string folder, TimeProvider clock)
    {
        FileStream held;
        if (File.Exists(folder))
            throw new StoreException($"StreamRnn:Storage:Path names {folder}, which is a file; expected is a folder, which is made where it is missing.");
        try
        {
            Directory.CreateDirectory(folder);
            held = new FileStream(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StoreException($"the folder of the store, {folder}, cannot be written: {e.Message} Name another in StreamRnn:Storage:Path.", e);
        }
        catch (IOException e) when (File.Exists(Path.Combine(folder, LockName)))
        {
            throw new StoreException($"the store {folder} is in use by {Holder(folder)}. Stop that one first, or give this one a folder of its own in StreamRnn:Storage:Path and an Mqtt:ClientId of its own.", e);
        }

        File.WriteAllText(Path.Combine(folder, HolderName), string.Create(
            CultureInfo.InvariantCulture, $"process {Environment.ProcessId} on {Environment.MachineName}, since {clock.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss'Z'}\n"));
        return new StoreLock(held);
    }

    public void Dispose() => _held.Dispose();

    /// <summary>Deletes the two files, when nobody holds the lock any more.</summary>
    public static void Forget(string folder)
    {
        File.Delete(Path.Combine(folder, HolderName));
        File.Delete(Path.Combine(folder, LockName));
    }

    private static string Holder(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, HolderName)).Trim();
        }
        catch (IOException)
        {
            return "another process";                       // that is about to write its name
        }
    }
}
