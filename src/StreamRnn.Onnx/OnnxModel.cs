using System.Globalization;
using System.Text.Json;
using StreamRnn.Nets;

namespace StreamRnn.Onnx;

/// <summary>
/// A trained model as an ONNX file: the net as in <see cref="OnnxFile"/>, and in the file's metadata what using it takes: <c>streamrnn.columns</c>, a JSON array of names in the order of x,
/// <c>streamrnn.shift</c> and <c>streamrnn.scale</c>, JSON arrays, where x = (value − shift) / scale and predictions are read the other way round, <c>streamrnn.id</c>, and notes.
/// </summary>
public static class OnnxModel
{
    private const string Prefix = "streamrnn.", NotePrefix = Prefix + "note.";
    private const string Id = Prefix + "id", Columns = Prefix + "columns", Shift = Prefix + "shift", Scale = Prefix + "scale";

    /// <exception cref="OnnxException">A layer or a loss cannot be written; nothing was written.</exception>
    public static void Write(Stream stream, NetModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Id] = model.Id,
            [Columns] = JsonSerializer.Serialize(model.Columns),
            [Shift] = JsonSerializer.Serialize(model.Normaliser.Shift),
            [Scale] = JsonSerializer.Serialize(model.Normaliser.Scale),
        };
        foreach (var (key, value) in model.Notes)
            metadata[NotePrefix + key] = value;
        OnnxFile.Write(stream, model.Net, metadata);
    }

    /// <summary>Reads a file to the stream's end. What is null is taken from the file's metadata.</summary>
    /// <param name="columns">Names of the columns that go in, in the order of x.</param>
    /// <param name="normaliser">How values become x; where the file says nothing either, they are x as they are.</param>
    /// <param name="id">What the model is called.</param>
    /// <param name="notes">What to note of a file that is not of ours; one of ours gives exactly the model back that it was made of.</param>
    /// <exception cref="OnnxException">The file cannot be used, or does not say which columns go in and nor does the caller.</exception>
    public static NetModel Read(Stream stream, IReadOnlyList<string>? columns, Normaliser? normaliser, string id, IReadOnlyDictionary<string, string>? notes = null)
    {
        var file = OnnxFile.Read(stream);
        var inputs = file.Net.Inputs;
        columns ??= Parsed<string>(file, Columns) ?? throw new OnnxException($"the file does not say which columns go in; the net takes {inputs} values: name {inputs} columns");
        if (normaliser is null && Parsed<double>(file, Shift) is { } shift && Parsed<double>(file, Scale) is { } scale)
            normaliser = Checked(() => new Normaliser(shift, scale));
        var all = file.Metadata.Where(pair => pair.Key.StartsWith(NotePrefix, StringComparison.Ordinal)).ToDictionary(pair => pair.Key[NotePrefix.Length..], pair => pair.Value, StringComparer.Ordinal);
        if (!file.Metadata.ContainsKey(Id))
            foreach (var (key, value) in notes ?? new Dictionary<string, string>())
                all[key] = value;
        return Checked(() => new NetModel(file.Net, columns, normaliser ?? Normaliser.None(inputs), file.Metadata.GetValueOrDefault(Id) ?? id, all));
    }

    private static T[]? Parsed<T>(OnnxFile file, string key)
    {
        if (!file.Metadata.TryGetValue(key, out var text))
            return null;
        try
        {
            if (JsonSerializer.Deserialize<T[]>(text) is { } values && values.All(value => value is not null))
                return values;
        }
        catch (JsonException)
        {
            // falls through: the message is the same
        }

        throw new OnnxException(string.Create(CultureInfo.InvariantCulture, $"metadata '{key}' is '{text}'; a JSON array was expected"));
    }

    private static T Checked<T>(Func<T> build)
    {
        try
        {
            return build();
        }
        catch (ArgumentException e)
        {
            throw new OnnxException($"the file's net and what is said of it disagree: {e.Message}", e);
        }
    }
}
