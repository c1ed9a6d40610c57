using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <summary>
/// Readings of one shard of which no two are of the same device, so that all can be stepped together: the k-th batch of an entry holds the k-th reading of every
/// device in it (a "wave"). Pooled: valid until the next entry.
/// </summary>
public sealed class ReadingBatch
{
    private readonly List<int> _starts = [];
    private readonly List<Sample> _samples = [];

    public int ReadingCount => _starts.Count;

    /// <summary>Said after all that the batches before this one hold, and before what comes next; such a batch holds nothing else.</summary>
    public DetectorCommand? Command { get; internal set; }

    public int SampleCount => _samples.Count;

    public ReadOnlySpan<Sample> Samples => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_samples);

    /// <summary>The samples of reading <paramref name="i"/>.</summary>
    public ReadOnlySpan<Sample> this[int i] => Samples[_starts[i]..(i + 1 < _starts.Count ? _starts[i + 1] : _samples.Count)];

    /// <summary>Index of reading <paramref name="i"/>'s first sample within <see cref="Samples"/>.</summary>
    public int Start(int i) => _starts[i];

    internal void Add(ReadOnlySpan<Sample> reading)
    {
        _starts.Add(_samples.Count);
        _samples.AddRange(reading);
    }

    internal void Clear()
    {
        _starts.Clear();
        _samples.Clear();
        Command = null;
    }
}

/// <summary>One entry, dealt to the shards and split into waves.</summary>
public sealed class ShardedBatches
{
    /// <summary>What a wave holds at most: enough to fill the kernels, little enough to stay in the second-level cache.</summary>
    public const int LongestBatch = 512;

    private readonly ShardWaves[] _shards;

    public ShardedBatches(int shards) => _shards = [.. Enumerable.Range(0, shards).Select(_ => new ShardWaves())];

    public Instant Now { get; private set; }

    public Instant Heard { get; private set; }

    public bool Past { get; private set; }

    /// <summary>See <see cref="Arrivals.Position"/>.</summary>
    public long Position { get; private set; }

    /// <summary>Readings of the entry, of all shards together.</summary>
    public int ReadingCount { get; private set; }

    /// <summary>The entry's commands, in order: each shard meets all of them.</summary>
    public IReadOnlyList<(DetectorCommand Command, int After)> Commands { get; private set; } = [];

    /// <summary>The shard's batches, in the order in which they must be folded.</summary>
    public IReadOnlyList<ReadingBatch> Of(int shard) => _shards[shard].Waves;

    internal void Deal(Arrivals arrivals)
    {
        (Now, Heard, Past, Position, Commands) = (arrivals.Now, arrivals.Heard, arrivals.Past, arrivals.Position, arrivals.Commands);
        ReadingCount = arrivals.Readings.ReadingCount;
        var said = 0;
        foreach (var shard in _shards)
            shard.Clear();
        for (var i = 0; i < arrivals.Readings.ReadingCount; i++)
        {
            for (; said < Commands.Count && Commands[said].After <= i; said++)
                Say(Commands[said].Command);
            var reading = arrivals.Readings[i];
            _shards[reading[0].Channel.Device.Shard].Add(reading);
        }

        for (; said < Commands.Count; said++)
            Say(Commands[said].Command);
    }

    private void Say(DetectorCommand command)
    {
        foreach (var shard in _shards)
            shard.Say(command);
    }

    private sealed class ShardWaves
    {
        private readonly List<ReadingBatch> _pool = [];
        private int[] _nextWave = [];        // by device slot: the wave of the device's next reading in this entry
        private readonly List<int> _touched = [];
        private int _first;                  // the wave behind the last command: no reading goes before it any more

        public List<ReadingBatch> Waves { get; } = [];

        public void Add(ReadOnlySpan<Sample> reading)
        {
            var slot = reading[0].Channel.Device.Slot;
            if (slot >= _nextWave.Length)
                Array.Resize(ref _nextWave, Math.Max(slot + 1, _nextWave.Length * 2));
            var wave = Math.Max(_nextWave[slot], _first);
            // A full wave sends the reading, and so all later ones of its device, one wave on: their order stays.
            while (wave < Waves.Count && Waves[wave].ReadingCount >= LongestBatch)
                wave++;
            if (_nextWave[slot] == 0)
                _touched.Add(slot);
            _nextWave[slot] = wave + 1;
            if (wave == Waves.Count)
                Waves.Add(Rent());
            Waves[wave].Add(reading);
        }

        public void Say(DetectorCommand command)
        {
            Waves.Add(Rent());
            Waves[^1].Command = command;
            _first = Waves.Count;
        }

        public void Clear()
        {
            _first = 0;
            foreach (var slot in _touched)
                _nextWave[slot] = 0;
            _touched.Clear();
            foreach (var wave in Waves)
                wave.Clear();
            _pool.AddRange(Waves);
            Waves.Clear();
        }

        private ReadingBatch Rent()
        {
            if (_pool.Count == 0)
                return new ReadingBatch();
            var batch = _pool[^1];
            _pool.RemoveAt(_pool.Count - 1);
            return batch;
        }
    }
}
