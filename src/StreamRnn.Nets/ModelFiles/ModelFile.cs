using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace StreamRnn.Nets;

/// <summary>A file of weights could not be used. The message says what was found, where, and what was expected.</summary>
public sealed class ModelFileException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The weights of a net as a file:
/// <code>
/// bytes 0..7     magic: 89 52 4E 4E 0D 0A 1A 0A ("\x89RNN\r\n\x1a\n", which a transfer as text would damage visibly)
/// bytes 8..11    format version, uint32 little-endian: 1
/// bytes 12..15   length of the header, uint32 little-endian
/// header         UTF-8 JSON: {"metadata":{"key":"value",…},"tensors":[{"name":"lstm.w","shape":[256,8]},…]}
/// data           float32 little-endian, the tensors one after another, row-major
/// last 32 bytes  SHA-256 of all bytes before
/// </code>
/// Equal contents give equal bytes. Nothing is half-loaded: a file is good to its last byte or refused with a <see cref="ModelFileException"/>.
/// </summary>
public sealed class ModelFile
{
    /// <summary>The format version that is written, and the newest that is read.</summary>
    public const int Version = 1;

    /// <summary>No model file is larger; a longer stream is refused before it fills the memory.</summary>
    public const int MaxBytes = 1 << 30;

    private const int FixedBytes = 16;
    private const int MaxHeaderBytes = 1 << 20;
    private const int HashBytes = SHA256.HashSizeInBytes;

    private readonly Dictionary<string, Parameter> _byName;

    private ModelFile(IReadOnlyDictionary<string, string> metadata, IReadOnlyList<Parameter> tensors, string sha256)
    {
        (Metadata, Tensors, Sha256) = (metadata, tensors, sha256);
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    private static ReadOnlySpan<byte> Magic => [0x89, (byte)'R', (byte)'N', (byte)'N', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n'];

    /// <summary>What the writer noted: sizes, origin, training.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<Parameter> Tensors { get; }

    /// <summary>The file's own checksum, 64 hexadecimal digits: a name for exactly these weights.</summary>
    public string Sha256 { get; }

    /// <summary>Writes a model file.</summary>
    /// <exception cref="ArgumentException">A weight is not finite, or two tensors have one name; nothing was written.</exception>
    public static void Write(Stream stream, IReadOnlyDictionary<string, string> metadata, IEnumerable<Parameter> tensors)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var all = tensors.ToList();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in all)
        {
            if (tensor.Name.Length == 0 || !names.Add(tensor.Name))
                throw new ArgumentException($"a tensor's name must be there and be unique; found '{tensor.Name}' again or empty", nameof(tensors));
            var bad = Array.FindIndex(tensor.Values, value => !float.IsFinite(value));
            if (bad >= 0)
                throw new ArgumentException($"tensor '{tensor.Name}' has {tensor.Values[bad]} at index {bad}; only finite weights can be saved", nameof(tensors));
        }

        var header = Header(metadata, all);
        if (header.Length > MaxHeaderBytes)
            throw new ArgumentException($"the header would have {header.Length} bytes; at most {MaxHeaderBytes} are allowed", nameof(metadata));
        var total = FixedBytes + (long)header.Length + all.Sum(tensor => (long)tensor.Values.Length * sizeof(float)) + HashBytes;
        if (total > MaxBytes)
            throw new ArgumentException($"the file would have {total} bytes; at most {MaxBytes} are allowed", nameof(tensors));

        var bytes = new byte[total];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), (uint)header.Length);
        header.CopyTo(bytes, FixedBytes);
        var at = FixedBytes + header.Length;
        foreach (var tensor in all)
            foreach (var value in tensor.Values)
            {
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at), value);
                at += sizeof(float);
            }

        SHA256.HashData(bytes.AsSpan(0, at), bytes.AsSpan(at));
        stream.Write(bytes);
    }

    /// <summary>Reads a model file to the stream's end.</summary>
    /// <exception cref="ModelFileException">The bytes are not a model file that this version can use; the message says why.</exception>
    public static ModelFile Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var bytes = new MemoryStream(); // grows with what is really there, not with what a header claims
        var buffer = new byte[1 << 16];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            if (bytes.Length + read > MaxBytes)
                throw new ModelFileException($"the stream goes on beyond {MaxBytes} bytes; no model file is that long");
            bytes.Write(buffer, 0, read);
        }

        return Read(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }

    /// <summary>Reads a model file that is in memory.</summary>
    /// <exception cref="ModelFileException">The bytes are not a model file that this version can use; the message says why.</exception>
    public static ModelFile Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < FixedBytes + HashBytes)
            throw new ModelFileException($"a model file has at least {FixedBytes + HashBytes} bytes; this one has {bytes.Length}: it is empty or cut off");
        if (!bytes.StartsWith(Magic))
            throw new ModelFileException($"bytes 0 to 7 are {Convert.ToHexString(bytes[..8])}; a model file begins with {Convert.ToHexString(Magic)}: this is another kind of file");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (version is 0 or > Version)
            throw new ModelFileException($"bytes 8 to 11 say format version {version}; this program reads version {Version}: the file was written by a newer program or is damaged");
        var headerLength = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        if (headerLength > MaxHeaderBytes || FixedBytes + headerLength + HashBytes > (uint)bytes.Length)
            throw new ModelFileException(
                $"bytes 12 to 15 say a header of {headerLength} bytes; the file has room for {Math.Min(MaxHeaderBytes, bytes.Length - FixedBytes - HashBytes)}: it is cut off or damaged");

        var (metadata, shapes) = ParseHeader(bytes.Slice(FixedBytes, (int)headerLength));
        var dataStart = FixedBytes + (int)headerLength;
        var expected = dataStart + shapes.Sum(shape => shape.Count * sizeof(float)) + HashBytes; // each count is at most MaxBytes / 4: no overflow in 64 bits
        if (expected != bytes.Length)
            throw new ModelFileException($"the header's tensors need a file of {expected} bytes; this one has {bytes.Length}: it is {(expected > bytes.Length ? "cut off" : "too long")} or damaged");
        var found = SHA256.HashData(bytes[..^HashBytes]);
        if (!bytes[^HashBytes..].SequenceEqual(found))
            throw new ModelFileException(
                $"the checksum in the last {HashBytes} bytes is {Convert.ToHexStringLower(bytes[^HashBytes..])}; the contents have {Convert.ToHexStringLower(found)}: the file was altered after it was written");

        var tensors = new List<Parameter>(shapes.Count);
        var at = dataStart;
        foreach (var (name, shape, _) in shapes)
        {
            var tensor = new Parameter(name, shape);
            for (var n = 0; n < tensor.Values.Length; n++, at += sizeof(float))
            {
                var value = BinaryPrimitives.ReadSingleLittleEndian(bytes[at..]);
                if (!float.IsFinite(value))
                    throw new ModelFileException($"tensor '{name}' has {value} at index {n} (byte {at}); weights must be finite");
                tensor.Values[n] = value;
            }

            tensors.Add(tensor);
        }

        return new ModelFile(metadata, tensors, Convert.ToHexStringLower(found));
    }

    /// <summary>Whether the file has a tensor of that name.</summary>
    public bool Has(string name) => _byName.ContainsKey(name);

    /// <summary>The metadata of that key.</summary>
    /// <exception cref="ModelFileException">The file has none; the message lists the keys it has.</exception>
    public string Require(string key) => Metadata.TryGetValue(key, out var value) ? value
        : throw new ModelFileException($"the metadata '{key}' is missing; the file has: {string.Join(", ", Metadata.Keys)}");

    /// <summary>Copies the weights of every parameter from the file: all of them, or none.</summary>
    /// <exception cref="ModelFileException">A tensor is missing or has another shape; nothing was copied.</exception>
    public void CopyTo(IEnumerable<Parameter> parameters)
    {
        var pairs = new List<(Parameter From, Parameter To)>();
        foreach (var to in parameters)
        {
            if (!_byName.TryGetValue(to.Name, out var from))
                throw new ModelFileException($"tensor '{to.Name}' is missing; the file has: {string.Join(", ", Tensors)}");
            if (!from.Shape.SequenceEqual(to.Shape))
                throw new ModelFileException(
                    $"tensor '{to.Name}' has the shape ({string.Join(", ", from.Shape)}) in the file; the net needs ({string.Join(", ", to.Shape)}): the file belongs to another net");
            pairs.Add((from, to));
        }

        foreach (var (from, to) in pairs)
            from.Values.CopyTo(to.Values, 0);
    }

    private static byte[] Header(IReadOnlyDictionary<string, string> metadata, List<Parameter> tensors)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("metadata");
            foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                writer.WriteString(key, value);
            writer.WriteEndObject();
            writer.WriteStartArray("tensors");
            foreach (var tensor in tensors)
            {
                writer.WriteStartObject();
                writer.WriteString("name", tensor.Name);
                writer.WriteStartArray("shape");
                foreach (var size in tensor.Shape)
                    writer.WriteNumberValue(size);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static (Dictionary<string, string> Metadata, List<(string Name, int[] Shape, long Count)> Shapes) ParseHeader(ReadOnlySpan<byte> header)
    {
        try
        {
            using var document = JsonDocument.Parse(header.ToArray());
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var property in document.RootElement.GetProperty("metadata").EnumerateObject())
                if (!metadata.TryAdd(property.Name, property.Value.GetString() ?? throw Bad($"metadata '{property.Name}' is null; a string was expected")))
                    throw Bad($"metadata '{property.Name}' comes twice");
            var shapes = new List<(string Name, int[] Shape, long Count)>();
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var element in document.RootElement.GetProperty("tensors").EnumerateArray())
            {
                var name = element.GetProperty("name").GetString();
                if (string.IsNullOrEmpty(name) || !names.Add(name))
                    throw Bad($"tensor {shapes.Count} has the name '{name}'; names must be there and be unique");
                int[] shape = [.. element.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32())];
                var count = shape.Aggregate(1L, (product, size) => size is >= 1 and <= MaxBytes / sizeof(float) && product * size <= MaxBytes / sizeof(float)
                    ? product * size
                    : throw Bad($"tensor '{name}' has the shape ({string.Join(", ", shape)}); sizes are 1 or more and all values together at most {MaxBytes / sizeof(float)}"));
                shapes.Add((name, shape, count));
            }

            return (metadata, shapes);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or DecoderFallbackException)
        {
            throw new ModelFileException($"the header, bytes {FixedBytes} to {FixedBytes + header.Length - 1}, is not the JSON that was expected: {exception.Message}", exception);
        }

        ModelFileException Bad(string what) => new($"the header is wrong: {what}");
    }
}
