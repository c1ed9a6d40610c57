namespace StreamRnn.Storage;

/// <summary>Section <c>StreamRnn:Storage</c>: what outlives the process, and where.</summary>
public sealed record StorageOptions
{
    /// <summary>False: nothing is kept; a restart forgets what was learned, and a payload is acknowledged when it has been folded. Default true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The folder of the store, one per running service. Default: under systemd its state directory, else a folder named by <c>Mqtt:ClientId</c> and broker in the user's local application data.</summary>
    public string? Path { get; init; }

    /// <summary>How long entries are kept beyond what recovery needs: for <c>replay --from-journal</c>, <c>explain</c> and <c>export</c>. 0 to 10 years, default 7 days.</summary>
    public TimeSpan History { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The size beyond which the oldest entries are let go of, whatever <see cref="History"/> says. What recovery needs is kept. 1 MB or more, default 1 GB.</summary>
    public long MaxBytes { get; init; } = 1 << 30;

    /// <summary>How long from one checkpoint to the next: about so much has to be folded again after a kill. 1 s to 1 day, default 30 s.</summary>
    public TimeSpan CheckpointEvery { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For tests that kill in process: no waiting for the disk.</summary>
    internal bool Durable { get; init; } = true;

    /// <summary>For tests that inject faults: the name of the file system that SQLite goes through; null: its own.</summary>
    internal string? Vfs { get; init; }

    /// <summary>For tests in one thread: false where the checkpoint's slices are written by whoever calls <see cref="Store.WriteSlice"/>.</summary>
    internal bool OwnThread { get; init; } = true;

    /// <summary>Of states copied at once, about a millisecond's worth. For tests: fewer.</summary>
    internal int SliceBytes { get; init; } = 1 << 20;

    /// <summary>What is wrong with these settings: one sentence each, naming the key, the value found and what is allowed.</summary>
    public IEnumerable<string> Validate()
    {
        if (Path is { Length: 0 })
            yield return "StreamRnn:Storage:Path is ''; allowed is a folder";
        if (History < TimeSpan.Zero || History > TimeSpan.FromDays(3650))
            yield return $"StreamRnn:Storage:History is '{History}'; allowed is 00:00:00 to 3650.00:00:00";
        if (MaxBytes < 1_000_000)
            yield return $"StreamRnn:Storage:MaxBytes is '{MaxBytes}'; allowed is 1000000 or more";
        if (CheckpointEvery < TimeSpan.FromSeconds(1) || CheckpointEvery > TimeSpan.FromDays(1))
            yield return $"StreamRnn:Storage:CheckpointEvery is '{CheckpointEvery}'; allowed is 00:00:01 to 1.00:00:00";
    }
}
