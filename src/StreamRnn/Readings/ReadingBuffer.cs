namespace StreamRnn.Readings;

/// <summary>One value of one channel at one instant. A reading is a run of samples that share device, time and sequence number.</summary>
/// <param name="Sequence">The number that the device gave to the reading, 0 or more, each higher than the one before; <see cref="Unnumbered"/>: it gives none.</param>
public readonly record struct Sample(Channel Channel, Instant Time, double Value, long Sequence = Sample.Unnumbered)
{
    public const long Unnumbered = -1;
}

/// <summary>
/// Readings in order of arrival, in one growing array that is used again and again. A reading is written as
/// <c>Begin(device, time); Add(channel, value) …; End()</c>; one without samples leaves no trace.
/// </summary>
public sealed class ReadingBuffer
{
    private Sample[] _samples = new Sample[64];
    private int[] _ends = new int[16];
    private int _count;
    private int _readings;
    private Device? _device;
    private Instant _time;
    private long _sequence;

    public int ReadingCount => _readings;

    public int SampleCount => _readings == 0 ? 0 : _ends[_readings - 1];

    /// <summary>The samples of reading <paramref name="i"/>: at least one, all of one device and one time, each channel at most once.</summary>
    public ReadOnlySpan<Sample> this[int i]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)i, (uint)_readings, nameof(i));
            var start = i == 0 ? 0 : _ends[i - 1];
            return _samples.AsSpan(start, _ends[i] - start);
        }
    }

    /// <param name="sequence">See <see cref="Sample.Sequence"/>.</param>
    public void Begin(Device device, Instant time, long sequence = Sample.Unnumbered)
    {
        Abandon();
        (_device, _time, _sequence) = (device, time, sequence);
    }

    /// <summary>Adds a value to the reading that was begun; a second value of the same channel replaces the first.</summary>
    /// <exception cref="ArgumentException">The value is not finite, or the channel is of another device.</exception>
    public void Add(Channel channel, double value)
    {
        if (!ReferenceEquals(channel.Device, _device))
            throw new ArgumentException($"channel {channel} does not belong to the reading's device {_device}", nameof(channel));
        if (!double.IsFinite(value))
            throw new ArgumentException($"{channel}: {value} is not a finite number; decoders refuse such values", nameof(value));
        var sample = new Sample(channel, _time, value, _sequence);
        for (var i = SampleCount; i < _count; i++)
        {
            if (!ReferenceEquals(_samples[i].Channel, channel))
                continue;
            _samples[i] = sample;
            return;
        }

        if (_count == _samples.Length)
            Array.Resize(ref _samples, _count * 2);
        _samples[_count++] = sample;
    }

    public void End()
    {
        _device = null;
        if (_count == SampleCount)
            return;
        if (_readings == _ends.Length)
            Array.Resize(ref _ends, _readings * 2);
        _ends[_readings++] = _count;
    }

    /// <summary>Drops the reading that was begun and not ended.</summary>
    public void Abandon()
    {
        _device = null;
        _count = SampleCount;
    }

    /// <summary>Copies another buffer's readings to the end of this one. A reading begun here and not ended is dropped.</summary>
    public void Append(ReadingBuffer other)
    {
        Abandon();
        for (var i = 0; i < other.ReadingCount; i++)
        {
            var reading = other[i];
            while (_count + reading.Length > _samples.Length)
                Array.Resize(ref _samples, _samples.Length * 2);
            reading.CopyTo(_samples.AsSpan(_count));
            _count += reading.Length;
            End();
        }
    }

    public void Clear() => (_count, _readings, _device) = (0, 0, null);
}

/// <summary>A payload that could not be used: a value, not an exception; the stream goes on.</summary>
/// <param name="Topic">Where it came from.</param>
/// <param name="Reason">One of a small set of words, fit for a metric's label, such as <c>not_json</c>.</param>
/// <param name="Message">What was found, where, and what was expected.</param>
/// <param name="Offset">The byte at which decoding stopped, or −1.</param>
public readonly record struct DecodeFailure(string Topic, string Reason, string Message, long Offset);
