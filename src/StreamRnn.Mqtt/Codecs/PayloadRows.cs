using StreamRnn.Readings;

namespace StreamRnn.Mqtt;

/// <summary>
/// What a payload says, before its names are looked up: rows of named numbers, in arrays that are used again for the next payload. Decoding into it first means that
/// a payload which turns out to be bad has brought no device into being and left nothing half done.
/// </summary>
public sealed class PayloadRows
{
    private const long NoTime = long.MinValue;
    private char[] _text = new char[1024];
    private (int At, int Length, double Number)[] _values = new (int, int, double)[64];
    private (int FirstValue, long Time, long Sequence, int DeviceAt, int DeviceLength)[] _rows = new (int, long, long, int, int)[16];
    private int _textLength;
    private int _valueCount;

    public int Count { get; private set; }

    /// <summary>Strings that were neither time nor name: they are no input.</summary>
    public int IgnoredStrings { get; internal set; }

    /// <summary>How the last row's time was written.</summary>
    public TimeForm TimeForm { get; internal set; }

    public void Clear() => (Count, _valueCount, _textLength, IgnoredStrings, TimeForm) = (0, 0, 0, 0, TimeForm.Arrival);

    /// <summary>Begins the next row.</summary>
    public void Begin()
    {
        if (Count == _rows.Length)
            Array.Resize(ref _rows, Count * 2);
        _rows[Count++] = (_valueCount, NoTime, Sample.Unnumbered, 0, 0);
    }

    /// <summary>Adds a number to the row begun last. The empty name is that of the topic's own channel.</summary>
    public void Add(ReadOnlySpan<char> name, double number)
    {
        if (_valueCount == _values.Length)
            Array.Resize(ref _values, _valueCount * 2);
        _values[_valueCount++] = (Keep(name), name.Length, number);
    }

    public void SetTime(Instant time) => _rows[Count - 1].Time = time.Microseconds;

    public void SetSequence(long sequence) => _rows[Count - 1].Sequence = sequence;

    public void SetDevice(ReadOnlySpan<char> name)
    {
        var at = Keep(name);
        ref var row = ref _rows[Count - 1];
        (row.DeviceAt, row.DeviceLength) = (at, name.Length);
    }

    /// <summary>The row's own time, or null.</summary>
    public Instant? Time(int row) => _rows[row].Time == NoTime ? null : new Instant(_rows[row].Time);

    /// <summary>The row's own number, or <see cref="Sample.Unnumbered"/>.</summary>
    public long Sequence(int row) => _rows[row].Sequence;

    /// <summary>The device that the row itself names; empty where it names none.</summary>
    public ReadOnlySpan<char> Device(int row) => _text.AsSpan(_rows[row].DeviceAt, _rows[row].DeviceLength);

    public int ValueCount(int row) => (row + 1 < Count ? _rows[row + 1].FirstValue : _valueCount) - _rows[row].FirstValue;

    public ReadOnlySpan<char> Name(int row, int i)
    {
        var (at, length, _) = _values[_rows[row].FirstValue + i];
        return _text.AsSpan(at, length);
    }

    public double Number(int row, int i) => _values[_rows[row].FirstValue + i].Number;

    private int Keep(ReadOnlySpan<char> text)
    {
        if (_textLength + text.Length > _text.Length)
            Array.Resize(ref _text, Math.Max(_text.Length * 2, _textLength + text.Length));
        text.CopyTo(_text.AsSpan(_textLength));
        _textLength += text.Length;
        return _textLength - text.Length;
    }
}

/// <summary>What is wrong with a payload, and where; the topic is added by who knows it.</summary>
public readonly record struct Fault(string Reason, string Message, long Offset);
