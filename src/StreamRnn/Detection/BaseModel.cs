using System.Globalization;
using StreamRnn.Nets;

namespace StreamRnn.Detection;

/// <summary>The model of every series that has no model of its own: weights that are shared, trained once on synthetic series and shipped with the product.</summary>
public sealed class BaseModel
{
    /// <summary>What the features mean; a file made for other features is refused, for its weights would be nonsense here.</summary>
    private const string Features = "outlook-2";
    private const string Resource = "StreamRnn.base.model";

    private BaseModel(ForecastLayers layers, string id, string version) => (Layers, Id, Version) = (layers, id, version);

    public ForecastLayers Layers { get; }

    public string Id { get; }

    /// <summary>First 12 digits of the model file's checksum: a name for exactly these weights.</summary>
    public string Version { get; }

    /// <summary>The model that is shipped.</summary>
    public static BaseModel Load()
    {
        using var stream = typeof(BaseModel).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the program was built without its base model: resource '{Resource}' is missing");
        return Load(stream);
    }

    /// <exception cref="ModelFileException">The file is damaged, or of another kind; the message says what was found and what was expected.</exception>
    public static BaseModel Load(Stream stream)
    {
        var file = ModelFile.Read(stream);
        var features = file.Require("features");
        if (features != Features)
            throw new ModelFileException($"the model was trained for the features '{features}'; this program has '{Features}'");
        var text = file.Require("units");
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var units) || units is < 1 or > 4096)
            throw new ModelFileException($"metadata 'units' is '{text}'; a number from 1 to 4096 was expected");
        var layers = ForecastLayers.Empty(units);
        file.CopyTo(layers.Parameters);
        return new BaseModel(layers, file.Require("id"), file.Sha256[..12]);
    }

    /// <param name="notes">How it was trained: goes into the file's metadata.</param>
    public static void Save(Stream stream, ForecastLayers layers, string id, IReadOnlyDictionary<string, string> notes)
    {
        var metadata = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["id"] = id,
            ["features"] = Features,
            ["units"] = layers.Lstm.Units.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (key, value) in notes)
            metadata.Add(key, value);
        ModelFile.Write(stream, metadata, layers.Parameters);
    }
}
