using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace StreamRnn.Nets;

/// <summary>
/// A trained net with all that using it takes: which columns go in and in what order, how they are normalised, and notes on where it comes from. One model file, see <see cref="ModelFile"/>.
/// </summary>
public sealed class NetModel
{
    private const string Kind = "net";
    private const string NotePrefix = "note.";

    /// <param name="net">The net; its first layer takes as many values as there are columns.</param>
    /// <param name="columns">Names of the columns that go in, each once.</param>
    /// <param name="normaliser">As many columns.</param>
    /// <param name="id">What the model is called in alerts and lists.</param>
    /// <param name="notes">Anything worth keeping: data, losses, seed.</param>
    /// <exception cref="ArgumentException">The numbers of columns disagree, or a name comes twice.</exception>
    public NetModel(Net net, IEnumerable<string> columns, Normaliser normaliser, string id, IReadOnlyDictionary<string, string>? notes = null)
    {
        ArgumentNullException.ThrowIfNull(net);
        ArgumentNullException.ThrowIfNull(normaliser);
        (Net, Columns, Normaliser, Id) = (net, [.. columns], normaliser, id);
        Notes = notes ?? ImmutableDictionary<string, string>.Empty;
        if (Columns.Length != net.Inputs || normaliser.Width != net.Inputs)
            throw new ArgumentException($"the net takes {net.Inputs} values; there are {Columns.Length} columns and a normaliser of {normaliser.Width}");
        if (id.Length == 0 || id.Concat(string.Concat(Columns)).Any(char.IsControl))
            throw new ArgumentException("the model's id or a column's name is empty or has control characters; words that can be shown were expected", nameof(id));
        if (Columns.Distinct(StringComparer.Ordinal).Count() < Columns.Length)
            throw new ArgumentException($"a column's name comes twice: {string.Join(", ", Columns)}", nameof(columns));
    }

    public Net Net { get; }

    /// <summary>(I) names, in the order in which values go in. A net that predicts the next row predicts the same columns in the same order.</summary>
    public ImmutableArray<string> Columns { get; }

    public Normaliser Normaliser { get; }

    public string Id { get; }

    public IReadOnlyDictionary<string, string> Notes { get; }

    /// <summary>First 12 digits of the model file's checksum: a name for exactly these weights. Empty for a model that was never saved.</summary>
    public string Version { get; private set; } = "";

    /// <summary>Whether the net predicts the next row of its own columns: what streaming and forecasting need.</summary>
    public bool PredictsRows => Net.Output?.Loss.Targets == Net.Inputs;

    /// <summary>Writes the model file.</summary>
    public void Save(Stream stream)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["kind"] = Kind,
            ["id"] = Id,
            ["topology"] = Net.Topology.ToJson(),
            ["inputs"] = Net.Inputs.ToString(CultureInfo.InvariantCulture),
            ["columns"] = JsonSerializer.Serialize(Columns),
            ["shift"] = JsonSerializer.Serialize(Normaliser.Shift),
            ["scale"] = JsonSerializer.Serialize(Normaliser.Scale),
        };
        foreach (var (key, value) in Notes)
            metadata.Add(NotePrefix + key, value);
        using var file = new MemoryStream();
        ModelFile.Write(file, metadata, Net.Parameters);
        file.Position = 0;
        Version = ModelFile.Read(file).Sha256[..12];
        file.WriteTo(stream);
    }

    /// <summary>Reads a model file to the stream's end.</summary>
    /// <exception cref="ModelFileException">The file is damaged, of another kind, or not a net that can be built; the message says what was found and what was expected.</exception>
    public static NetModel Load(Stream stream)
    {
        var file = ModelFile.Read(stream);
        var kind = file.Metadata.GetValueOrDefault("kind");
        if (kind != Kind)
            throw new ModelFileException($"metadata 'kind' is '{kind ?? "missing"}'; '{Kind}' was expected: this is not a model that was trained with 'train'");
        if (!int.TryParse(file.Require("inputs"), NumberStyles.None, CultureInfo.InvariantCulture, out var inputs) || inputs is < 1 or > 1 << 16)
            throw new ModelFileException($"metadata 'inputs' is '{file.Require("inputs")}'; a number from 1 to {1 << 16} was expected");
        try
        {
            var net = new Net(Topology.Parse(file.Require("topology")), inputs);
            file.CopyTo(net.Parameters);
            var normaliser = new Normaliser(Parsed<double>(file, "shift"), Parsed<double>(file, "scale"));
            var notes = file.Metadata.Where(pair => pair.Key.StartsWith(NotePrefix, StringComparison.Ordinal)).ToDictionary(pair => pair.Key[NotePrefix.Length..], pair => pair.Value, StringComparer.Ordinal);
            return new NetModel(net, Parsed<string>(file, "columns"), normaliser, file.Require("id"), notes) { Version = file.Sha256[..12] };
        }
        catch (Exception e) when (e is TopologyException or ArgumentException)
        {
            throw new ModelFileException($"the model cannot be built: {e.Message}", e);
        }
    }

    private static T[] Parsed<T>(ModelFile file, string key)
    {
        try
        {
            if (JsonSerializer.Deserialize<T[]>(file.Require(key)) is { } values && values.All(value => value is not null))
                return values;
        }
        catch (JsonException)
        {
            // falls through: the message is the same
        }

        throw new ModelFileException($"metadata '{key}' is '{file.Require(key)}'; a JSON array was expected");
    }
}
