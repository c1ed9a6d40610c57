using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Data.Sqlite;
using StreamRnn.Readings;

namespace StreamRnn.Storage;

/// <summary>The journal's tables of names, each with a checksum of its number and text: read at the start, a million in two seconds or so, and added to with the entry that mentions a name first.</summary>
internal sealed class NameTable : IDisposable
{
    public const string Schema = """
        CREATE TABLE devices (id INTEGER PRIMARY KEY, name TEXT NOT NULL, origin TEXT NOT NULL, crc INTEGER NOT NULL);
        CREATE TABLE channels (id INTEGER PRIMARY KEY, device INTEGER NOT NULL, name TEXT NOT NULL, crc INTEGER NOT NULL);
        """;

    private const int CharsOfNumber = sizeof(long) / sizeof(char);

    private readonly string _path;
    private readonly Names _names;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _addDevice, _addChannel;
    private int _keptDevices, _keptChannels;
    // What the checksum is of: the number as four characters, a name, U+0000, another name.
    private char[] _text = new char[256];
    private int _end, _middle;

    public NameTable(string path, SqliteConnection connection, Names names)
    {
        (_path, _connection, _names) = (path, connection, names);
        _addDevice = Sqlite.Prepare(connection, "INSERT INTO devices VALUES (@i, @n, @o, @c)", "@i", "@n", "@o", "@c");
        _addChannel = Sqlite.Prepare(connection, "INSERT INTO channels VALUES (@i, @d, @n, @c)", "@i", "@d", "@n", "@c");
    }

    /// <summary>Enters all names into the registry, which knows none yet.</summary>
    /// <exception cref="StoreException">One is damaged, missing or refused.</exception>
    /// <exception cref="SqliteException">The file cannot be read.</exception>
    public void Load(DeviceRegistry registry)
    {
        using (var command = Sqlite.Prepare(_connection, "SELECT id, name, origin, crc FROM devices ORDER BY id"))
        using (var row = command.ExecuteReader())
        {
            while (row.Read())
            {
                var id = Sqlite.Number(row, 0);
                Begin(id);
                Append(Sqlite.Bytes(row, 1));
                Part();
                Append(Sqlite.Bytes(row, 2));
                if (id != _names.DeviceCount + 1 || Sqlite.Number(row, 3) != Crc())
                    throw new StoreException($"{_path}: the name of device {id} ('{One}') is damaged or one is missing. {StoreException.WhatToDo} Nothing was changed.");
                if (!registry.TryGetDevice(One, out var device, out var refusal, Other))
                    throw new StoreException($"{_path} knows the device '{One}', but {refusal}. Allow for as many as before, or move the folder away.");
                _names.IdOf(device);
            }
        }

        using (var command = Sqlite.Prepare(_connection, "SELECT id, device, name, crc FROM channels ORDER BY id"))
        using (var row = command.ExecuteReader())
        {
            while (row.Read())
            {
                var (id, of) = (Sqlite.Number(row, 0), Sqlite.Number(row, 1));
                var device = of >= 1 && of <= _names.DeviceCount ? _names.DeviceOf((int)of) : null;
                Begin(id);
                Append(device?.Name);
                Part();
                Append(Sqlite.Bytes(row, 2));
                if (id != _names.ChannelCount + 1 || device is null || Sqlite.Number(row, 3) != Crc())
                    throw new StoreException($"{_path}: the name of channel {id} ('{Other}') is damaged or one is missing. {StoreException.WhatToDo} Nothing was changed.");
                if (!registry.TryGetChannel(device, Other, out var channel, out var refusal))
                    throw new StoreException($"{_path} knows the channel '{Other}' of '{device}', but {refusal}. Allow for as many as before, or move the folder away.");
                _names.IdOf(channel);
            }
        }

        Added();
    }

    /// <summary>Writes the names that are new, within the transaction at hand.</summary>
    public void Add()
    {
        for (var id = _keptDevices + 1; id <= _names.DeviceCount; id++)
        {
            var device = _names.DeviceOf(id);
            Sqlite.Run(_addDevice, id, device.Name, device.Origin, CrcOf(id, device.Name, device.Origin));
        }

        for (var id = _keptChannels + 1; id <= _names.ChannelCount; id++)
        {
            var channel = _names.ChannelAt(id - 1);
            Sqlite.Run(_addChannel, id, _names.IdOf(channel.Device), channel.Name, CrcOf(id, channel.Device.Name, channel.Name));
        }
    }

    /// <summary>That transaction is through.</summary>
    public void Added() => (_keptDevices, _keptChannels) = (_names.DeviceCount, _names.ChannelCount);

    public void Dispose()
    {
        _addDevice.Dispose();
        _addChannel.Dispose();
    }

    private ReadOnlySpan<char> One => _text.AsSpan(CharsOfNumber.._middle);

    private ReadOnlySpan<char> Other => _text.AsSpan((_middle + 1).._end);

    private long CrcOf(long id, string one, string other)
    {
        Begin(id);
        Append(one);
        Part();
        Append(other);
        return Crc();
    }

    private long Crc() => Crc32.HashToUInt32(MemoryMarshal.AsBytes(_text.AsSpan(0, _end)));

    private void Begin(long id)
    {
        BinaryPrimitives.WriteInt64LittleEndian(MemoryMarshal.AsBytes(_text.AsSpan(0, CharsOfNumber)), id);
        _end = CharsOfNumber;
    }

    private void Append(ReadOnlySpan<byte> utf8) => _end += Encoding.UTF8.GetChars(utf8, Room(utf8.Length));

    private void Append(ReadOnlySpan<char> text)
    {
        text.CopyTo(Room(text.Length));
        _end += text.Length;
    }

    private void Part()
    {
        Room(1)[0] = '\0';
        _middle = _end++;
    }

    private Span<char> Room(int length)
    {
        while (_text.Length < _end + length)
            Array.Resize(ref _text, 2 * _text.Length);
        return _text.AsSpan(_end);
    }
}
