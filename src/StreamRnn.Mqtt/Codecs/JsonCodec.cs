using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using StreamRnn.Readings;

namespace StreamRnn.Mqtt;

/// <summary>
/// JSON: an object is one row, an array of objects is several, oldest first. Numbers at any depth become values named by their path (<c>a.b</c>, <c>acceleration.0</c>), true and
/// false are 1 and 0, null is nothing, other strings are ignored and counted. Of several members with one name the last wins.
/// On a channel's topic, where <c>bareValues</c> is set, a number alone is a row too, and the member <c>value</c> gets the empty name: it is that channel itself.
/// </summary>
/// <remarks>One codec serves one source and is not safe for several threads: it keeps its buffers.</remarks>
public sealed class JsonCodec
{
    /// <summary>Deepest nesting that is read; what is deeper was not written by a device.</summary>
    public const int DeepestNesting = 32;

    private const int TooLong = 2 * DeviceRegistry.LongestName;
    private static readonly string[] UsualTimeFields = ["timestamp", "time", "ts", "t"];

    private readonly string? _timeField;
    private readonly string? _deviceField;
    private readonly string? _sequenceField;
    private readonly bool _bareValues;
    private readonly char[] _path = new char[TooLong];
    private readonly char[] _string = new char[TooLong];
    private PayloadRows _rows = new();
    private Fault? _fault;
    private int _timeRank;                                  // which of the usual fields gave the row's time; lower is better

    /// <param name="timeField">Path of the member that holds the time; null for the usual ones, <c>-</c> for none.</param>
    /// <param name="deviceField">Path of the member that names the device, or null.</param>
    /// <param name="bareValues">Whether the topic names a channel already.</param>
    /// <param name="sequenceField">Path of the member that numbers the device's readings, or null.</param>
    public JsonCodec(string? timeField = null, string? deviceField = null, bool bareValues = false, string? sequenceField = null) =>
        (_timeField, _deviceField, _bareValues, _sequenceField) = (timeField, deviceField, bareValues, sequenceField);

    /// <summary>Any bytes give rows or a fault, never an exception. Rows without a number stay empty. After a fault the rows are to be thrown away.</summary>
    public Fault? Decode(ReadOnlySpan<byte> payload, PayloadRows rows)
    {
        rows.Clear();
        (_rows, _fault) = (rows, null);
        if (payload.StartsWith("\uFEFF"u8))
            payload = payload[3..];
        if (payload.Trim(" \t\r\n"u8).IsEmpty)
            return new Fault(Reasons.Empty, "the payload is empty; expected a JSON object", 0);
        var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = 2 * DeepestNesting });
        try
        {
            if (Root(ref reader) && !reader.Read())
                return null;
        }
        catch (JsonException e)
        {
            return new Fault(Reasons.NotJson, e.Message, reader.BytesConsumed);
        }
        catch (InvalidOperationException)                   // of a text with a lone surrogate or bytes that are not UTF-8
        {
            return new Fault(Reasons.BadName, "a text is not valid Unicode", reader.TokenStartIndex);
        }

        return _fault ?? new Fault(Reasons.NotJson, "something follows the JSON value", reader.BytesConsumed);
    }

    private bool Root(ref Utf8JsonReader reader)
    {
        reader.Read();
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return Row(ref reader);
            case JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (reader.TokenType != JsonTokenType.StartObject)
                        return Fail(Reasons.WrongShape, $"the array holds a {reader.TokenType}; expected objects, one a row", reader.TokenStartIndex);
                    if (!Row(ref reader))
                        return false;
                }

                return true;
            case JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False when _bareValues:
                _rows.Begin();
                return Value(ref reader, 0, 0);
            default:
                return Fail(Reasons.WrongShape, $"a {reader.TokenType} alone; expected an object such as {{\"temperature\": 21.5}}"
                    + (_bareValues ? " or a number" : ": the topic does not say what it measures"), reader.TokenStartIndex);
        }
    }

    private bool Row(ref Utf8JsonReader reader)
    {
        _rows.Begin();
        _timeRank = int.MaxValue;
        if (!Members(ref reader, 0, 1))
            return false;
        if (_timeField is not (null or "-") && _timeRank == int.MaxValue)
            return Fail(Reasons.BadTime, $"there is no member '{_timeField}' with the time (Ingest:Sources:TimeField)", reader.TokenStartIndex);
        if (_sequenceField is not null && _rows.Sequence(_rows.Count - 1) < 0)
            return Fail(Reasons.BadSequence, $"there is no member '{_sequenceField}' with the reading's number (Ingest:Sources:SequenceField)", reader.TokenStartIndex);
        if (_deviceField is not null && _rows.Device(_rows.Count - 1).IsEmpty)
            return Fail(Reasons.BadName, $"there is no member '{_deviceField}' with the device's name (Ingest:Sources:DeviceField)", reader.TokenStartIndex);
        return true;
    }

    /// <summary>The members of an object whose own path is the first <paramref name="path"/> characters of <see cref="_path"/>.</summary>
    private bool Members(ref Utf8JsonReader reader, int path, int depth)
    {
        if (depth > DeepestNesting)
            return Fail(Reasons.TooDeep, $"nested more than {DeepestNesting} levels deep", reader.TokenStartIndex);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = Text(ref reader);
            if (name < 0)
                return Fail(Reasons.BadName, "a member's name is not valid UTF-8", reader.TokenStartIndex);
            if (name == 0)
                return Fail(Reasons.BadName, "a member's name is empty", reader.TokenStartIndex);
            var longer = Append(path, _string.AsSpan(0, Math.Min(name, _string.Length)));
            reader.Read();
            if (!Value(ref reader, longer, depth))
                return false;
        }

        return true;
    }

    private bool Elements(ref Utf8JsonReader reader, int path, int depth)
    {
        if (depth > DeepestNesting)
            return Fail(Reasons.TooDeep, $"nested more than {DeepestNesting} levels deep", reader.TokenStartIndex);
        Span<char> index = stackalloc char[11];
        for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
        {
            i.TryFormat(index, out var digits, default, System.Globalization.CultureInfo.InvariantCulture);
            if (!Value(ref reader, Append(path, index[..digits]), depth))
                return false;
        }

        return true;
    }

    private bool Value(ref Utf8JsonReader reader, int path, int depth)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return Members(ref reader, path, depth + 1);
            case JsonTokenType.StartArray:
                return Elements(ref reader, path, depth + 1);
            case JsonTokenType.True or JsonTokenType.False:
                return Add(path, reader.TokenType == JsonTokenType.True ? 1 : 0, reader.TokenStartIndex);
            case JsonTokenType.Number:
                if (!reader.TryGetDouble(out var number) || !double.IsFinite(number))
                    return Fail(Reasons.NotFinite, $"'{Path(path)}' is beyond the range of a double", reader.TokenStartIndex);
                if (IsDevice(path))
                    return Device(Encoding.UTF8.GetChars(reader.ValueSpan[..Math.Min(reader.ValueSpan.Length, TooLong)], _string), reader.TokenStartIndex);
                if (Is(path, _sequenceField))
                    return Sequence(reader.TryGetInt64(out var count) ? count : -1, path, reader.TokenStartIndex);
                var rank = TimeRank(path, depth);
                if (rank == int.MaxValue)
                    return Add(path, number, reader.TokenStartIndex);
                var time = reader.TryGetInt64(out var whole) ? TimeText.FromNumber(whole, out var form) : TimeText.FromNumber(number, out form);
                // "t" is as often a temperature as a time: as a time it has to look like one.
                return rank == UsualTimeFields.Length - 1 && time < TimeText.Earliest ? Add(path, number, reader.TokenStartIndex) : Time(rank, time, form);
            case JsonTokenType.String:
                return String(ref reader, path, depth);
            default:                                        // null is no input
                return true;
        }
    }

    private bool String(ref Utf8JsonReader reader, int path, int depth)
    {
        if (Is(path, _sequenceField))
        {
            var digits = _string.AsSpan(0, Math.Clamp(Text(ref reader), 0, _string.Length));
            return Sequence(long.TryParse(digits, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var count) ? count : -1, path, reader.TokenStartIndex);
        }

        var isDevice = IsDevice(path);
        var rank = TimeRank(path, depth);
        if (!isDevice && rank == int.MaxValue)
        {
            _rows.IgnoredStrings++;
            return true;
        }

        var length = Text(ref reader);
        if (isDevice)
            return length < 0 ? Fail(Reasons.BadName, "the device's name is not valid UTF-8", reader.TokenStartIndex) : Device(length, reader.TokenStartIndex);
        var text = _string.AsSpan(0, Math.Clamp(length, 0, _string.Length));
        if (TimeText.TryParse(text, out var time))
            return Time(rank, time, TimeForm.Iso8601);
        if (long.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var number))
            return Time(rank, TimeText.FromNumber(number, out var form), form);
        if (_timeField is null && rank == UsualTimeFields.Length - 1)
        {
            _rows.IgnoredStrings++;
            return true;
        }

        return Fail(Reasons.BadTime, $"'{Path(path)}' holds '{new string(text[..Math.Min(40, text.Length)])}', which is no time; expected ISO 8601 or a Unix time "
            + "(Ingest:Sources:TimeField names another member, or - for the time of arrival)", reader.TokenStartIndex);
    }

    private bool Add(int path, double number, long offset)
    {
        if (path > _path.Length)
            return Fail(Reasons.BadName, $"the name '{Path(_path.Length)[..40]}…' is longer than {DeviceRegistry.LongestName} characters", offset);
        var name = _path.AsSpan(0, path);
        if (_bareValues && name is "value")
            name = default;
        else if (path > 0 && DeviceRegistry.Unusable(name) is { } why)
            return Fail(Reasons.BadName, $"'{new string(name)}': {why}", offset);
        _rows.Add(name, number);
        return true;
    }

    private bool Device(int length, long offset)
    {
        var name = _string.AsSpan(0, Math.Min(length, _string.Length));
        if (DeviceRegistry.Unusable(name) is { } why)
            return Fail(Reasons.BadName, $"the device's name in '{_deviceField}': {why}", offset);
        _rows.SetDevice(name);
        return true;
    }

    private bool Time(int rank, Instant time, TimeForm form)
    {
        if (rank > _timeRank)
            return true;
        _timeRank = rank;
        _rows.SetTime(time);
        _rows.TimeForm = form;
        return true;
    }

    private bool Sequence(long count, int path, long offset)
    {
        if (count is < 0 or long.MaxValue)
            return Fail(Reasons.BadSequence, $"'{Path(path)}' holds no number of a reading; expected a whole number, 0 or more (Ingest:Sources:SequenceField)", offset);
        _rows.SetSequence(count);
        return true;
    }

    private bool IsDevice(int path) => Is(path, _deviceField);

    private bool Is(int path, string? field) => field is not null && path <= _path.Length && _path.AsSpan(0, path).SequenceEqual(field);

    /// <summary>0 is the best place to find the time, int.MaxValue none.</summary>
    private int TimeRank(int path, int depth)
    {
        if (_timeField is not null)
            return path <= _path.Length && _path.AsSpan(0, path).SequenceEqual(_timeField) ? 0 : int.MaxValue;
        if (depth != 1 || path is 0 or > 9)
            return int.MaxValue;
        for (var i = 0; i < UsualTimeFields.Length; i++)
        {
            if (_path.AsSpan(0, path).SequenceEqual(UsualTimeFields[i]))
                return i;
        }

        return int.MaxValue;
    }

    /// <summary>The path with one more part; longer than <see cref="_path"/> where it did not fit.</summary>
    private int Append(int path, ReadOnlySpan<char> part)
    {
        var at = path == 0 ? 0 : path + 1;
        if (at + part.Length > _path.Length)
            return _path.Length + 1;
        if (at > 0)
            _path[path] = '.';
        part.CopyTo(_path.AsSpan(at));
        return at + part.Length;
    }

    /// <summary>The string or name at the reader, into <see cref="_string"/>: its length; one more than fits when it is too long; −1 when it is not UTF-8.</summary>
    private int Text(ref Utf8JsonReader reader)
    {
        var bytes = reader.ValueSpan;
        if (bytes.Length > _string.Length)
            return _string.Length + 1;
        if (reader.ValueIsEscaped)
            return reader.CopyString(_string);
        return Utf8.ToUtf16(bytes, _string, out _, out var length, replaceInvalidSequences: false) == System.Buffers.OperationStatus.Done ? length : -1;
    }

    private string Path(int path) => path > _path.Length ? "…" : new string(_path, 0, path);

    private bool Fail(string reason, string message, long offset)
    {
        _fault = new Fault(reason, message, offset);
        return false;
    }
}
