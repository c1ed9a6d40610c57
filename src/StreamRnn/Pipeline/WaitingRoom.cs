using System.Reactive.Linq;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <summary>
/// Puts readings of a device that overtook each other back in order: each waits until it can no longer be overtaken by one that is at most so late. A fold over entries like what comes
/// after it: the same entries leave it the same way, so a replay of the journal makes the same order.
/// <para>
/// A reading goes on when the device has sent one that is later by <paramref name="maxLateness"/> or more in event time, or when it has waited so long by the clock of the entries;
/// all of its device that are earlier go before it. So a reading is told of by so much later, and no later than the next entry after that, which is a tick if nothing else comes.
/// A reading that comes later still goes on after its successors, and the shard drops it as late.
/// </para>
/// <para>
/// Bounded: where a device has <see cref="MostOfDevice"/> samples waiting its oldest go on at once, and where all have <see cref="MostOfAll"/>, those of the device that comes.
/// A clock that is an hour ahead holds nobody up: its reading waits its time and is the last of those that wait.
/// </para>
/// </summary>
/// <param name="maxLateness">Zero: nothing waits, and entries pass unchanged.</param>
public sealed partial class WaitingRoom(TimeSpan maxLateness)
{
    /// <summary>Samples of one device that wait at most: 128 KB.</summary>
    public const int MostOfDevice = 4096;

    /// <summary>Samples that wait at most, all devices together: 32 MB.</summary>
    public const int MostOfAll = 1 << 20;

    private readonly long _lateness = (long)maxLateness.TotalMicroseconds;
    private readonly Dictionary<Device, Line> _lines = [];
    private readonly Queue<Waiting> _byArrival = new();
    private readonly Stack<Waiting> _spare = new();
    private readonly Arrivals _out = new();
    private int _gone;                                   // of those by arrival

    /// <summary>Samples that wait now.</summary>
    public int Count { get; private set; }

    /// <summary>Takes an entry in and gives out what goes on with it: valid until the next call.</summary>
    public Arrivals Take(Arrivals entry)
    {
        if ((_lateness == 0 && Count == 0) || entry.Past)
            return entry;
        _out.Clear();
        (_out.Now, _out.Heard, _out.Ticket, _out.Position) = (entry.Now, entry.Heard, entry.Ticket, entry.Position);
        var said = 0;
        for (var i = 0; i < entry.Readings.ReadingCount; i++)
        {
            Say(entry, ref said, i);
            Admit(entry.Readings[i], entry.Now);
        }

        Say(entry, ref said, entry.Readings.ReadingCount);
        // After the entry's own: they came before it was closed, and may belong before those that have waited.
        while (_byArrival.TryPeek(out var oldest) && (oldest.Gone || HasWaited(oldest, entry.Now)))
        {
            if (!oldest.Gone)
                Release(_lines[oldest.Device], oldest);
            Forget(_byArrival.Dequeue());
        }

        // One that waits long must not keep all that came and went behind it.
        for (var left = _gone > 1024 && _gone > _byArrival.Count / 2 ? _byArrival.Count : 0; left > 0; left--)
        {
            var waiting = _byArrival.Dequeue();
            if (waiting.Gone)
                Forget(waiting);
            else
                _byArrival.Enqueue(waiting);
        }

        return _out;
    }

    /// <summary>All that still waits, at the time of the last entry: at the end of a record or of the service.</summary>
    /// <returns>Whether anything waited.</returns>
    public bool TryFlush(out Arrivals rest)
    {
        rest = _out;
        _out.Clear();
        foreach (var waiting in _byArrival)
        {
            if (!waiting.Gone)
                Release(_lines[waiting.Device], _lines[waiting.Device].Readings[^1]);
        }

        while (_byArrival.TryDequeue(out var gone))
            Forget(gone);
        return _out.Readings.ReadingCount > 0;
    }

    // Commands do not wait: they are about what was told already.
    private void Say(Arrivals entry, ref int said, int readings)
    {
        for (; said < entry.Commands.Count && entry.Commands[said].After <= readings; said++)
            _out.Add(entry.Commands[said].Command);
    }

    private void Forget(Waiting waiting)
    {
        _gone--;
        if (_spare.Count < MostOfDevice)
            _spare.Push(waiting);
    }

    // A wall clock that was set back does not make a reading wait for it.
    private bool HasWaited(Waiting waiting, Instant now) => now < waiting.Arrived || now.Microseconds - waiting.Arrived.Microseconds >= _lateness;

    private void Admit(ReadOnlySpan<Sample> reading, Instant now)
    {
        var line = Insert(reading, now);
        var ripe = line.Readings[^1].Time.Microseconds - _lateness;
        while (line.Readings.Count > 0 && (line.Readings[0].Time.Microseconds <= ripe || line.Samples > MostOfDevice || Count > MostOfAll))
            Release(line, line.Readings[0]);
    }

    private Line Insert(ReadOnlySpan<Sample> reading, Instant now)
    {
        var device = reading[0].Channel.Device;
        if (!_lines.TryGetValue(device, out var line))
            _lines.Add(device, line = new Line());
        if (!_spare.TryPop(out var waiting))
            waiting = new Waiting();
        waiting.Set(device, now, reading);
        // Behind those of the same time: what came first goes first.
        var at = line.Readings.Count;
        while (at > 0 && line.Readings[at - 1].Time > waiting.Time)
            at--;
        line.Readings.Insert(at, waiting);
        line.Samples += reading.Length;
        Count += reading.Length;
        _byArrival.Enqueue(waiting);
        return line;
    }

    /// <summary>Lets a reading go on, and before it all of its device that are earlier.</summary>
    private void Release(Line line, Waiting last)
    {
        var until = line.Readings.IndexOf(last) + 1;
        for (var i = 0; i < until; i++)
        {
            var waiting = line.Readings[i];
            waiting.CopyTo(_out.Readings);
            waiting.Gone = true;
            _gone++;
            line.Samples -= waiting.Length;
            Count -= waiting.Length;
        }

        line.Readings.RemoveRange(0, until);
    }

    /// <summary>The readings of a device that wait, by time.</summary>
    private sealed class Line
    {
        public readonly List<Waiting> Readings = [];
        public int Samples;
    }

    private sealed class Waiting
    {
        private Sample[] _samples = [];

        public Device Device { get; private set; } = null!;

        public Instant Arrived { get; private set; }

        public int Length { get; private set; }

        public bool Gone { get; set; }

        public Instant Time => _samples[0].Time;

        public long Sequence => _samples[0].Sequence;

        public void Set(Device device, Instant arrived, ReadOnlySpan<Sample> reading)
        {
            if (_samples.Length < reading.Length)
                _samples = new Sample[reading.Length];
            reading.CopyTo(_samples);
            (Device, Arrived, Length, Gone) = (device, arrived, reading.Length, false);
        }

        public ReadOnlySpan<Sample> Samples => _samples.AsSpan(0, Length);

        public void CopyTo(ReadingBuffer buffer)
        {
            buffer.Begin(Device, Time, Sequence);
            foreach (var sample in _samples.AsSpan(0, Length))
                buffer.Add(sample.Channel, sample.Value);
            buffer.End();
        }
    }
}

/// <summary>The verb of the waiting room: <c>door.Arrivals.InOrder(room).InBatches(shards)</c>.</summary>
public static class WaitingRoomOperators
{
    /// <summary>Entries with the readings of each device in the order of their times, as far as the room may wait for it.</summary>
    public static IObservable<Arrivals> InOrder(this IObservable<Arrivals> entries, WaitingRoom room) => entries.Select(room.Take);
}
