using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace StreamRnn.Nets;

/// <summary>A net could not be built as it was described. The message says what was found, where, and what is allowed.</summary>
public sealed class TopologyException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The layers of a net by name, from the input to the output: what there is before there are weights. As JSON:
/// <code>{"layers":[{"type":"lstm","units":64},{"type":"rnnOutput","units":1,"activation":"identity","loss":"mse"}]}</code>
/// </summary>
public sealed record Topology
{
    public const int MostLayers = 32;

    public Topology(params ReadOnlySpan<LayerSpec> layers) => Layers = [.. layers];

    public ImmutableArray<LayerSpec> Layers { get; init; }

    /// <exception cref="TopologyException">The text is not a topology; the message says where and what is allowed.</exception>
    public static Topology Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new TopologyException($"a topology is an object such as {{\"layers\":[…]}}; found {Named(document.RootElement)}");
            foreach (var property in document.RootElement.EnumerateObject())
                if (property.Name != "layers")
                    throw new TopologyException($"key '{property.Name}' is not known; a topology has one key, 'layers'");
            if (!document.RootElement.TryGetProperty("layers", out var layers) || layers.ValueKind != JsonValueKind.Array)
                throw new TopologyException("a topology needs 'layers', an array of objects such as {\"type\":\"lstm\",\"units\":64}");
            var topology = new Topology([.. layers.EnumerateArray().Select(ParseLayer)]);
            topology.Check();
            return topology;
        }
        catch (JsonException e)
        {
            throw new TopologyException($"this is not JSON, line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            throw new TopologyException($"a text in it is not valid Unicode: {e.Message}", e);
        }
    }

    /// <summary>The topology as JSON, on one line; <see cref="Parse"/> reads it back.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("layers");
            foreach (var layer in Layers)
            {
                writer.WriteStartObject();
                writer.WriteString("type", layer.Type);
                if (layer.Units > 0)
                    writer.WriteNumber("units", layer.Units);
                if (layer.Activation is not null)
                    writer.WriteString("activation", layer.Activation);
                if (layer.Loss is not null)
                    writer.WriteString("loss", layer.Loss);
                if (layer.Rate > 0)
                    writer.WriteNumber("rate", layer.Rate);
                if (layer.Components > 0)
                    writer.WriteNumber("components", layer.Components);
                if (layer.Residual)
                    writer.WriteBoolean("residual", true);
                if (layer.Levels.Length > 0)
                {
                    writer.WriteStartArray("levels");
                    foreach (var level in layer.Levels)
                        writer.WriteNumberValue(level);
                    writer.WriteEndArray();
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    public bool Equals(Topology? other) => other is not null && Layers.SequenceEqual(other.Layers);

    public override int GetHashCode() => Layers.Aggregate(0, HashCode.Combine);

    /// <summary>For people: <c>lstm 64, gru 32, rnnOutput 3 mse</c>.</summary>
    public override string ToString() => string.Join(", ", Layers.Select(layer => string.Join(' ', new[]
    {
        layer.Type,
        layer.Units > 0 ? layer.Units.ToString(CultureInfo.InvariantCulture) : layer.Rate.ToString(CultureInfo.InvariantCulture),
        layer.Activation, layer.Loss,
    }.Where(word => word is not null))));

    /// <exception cref="TopologyException">A size is out of its range, a layer stands where it cannot, or there is none.</exception>
    internal void Check()
    {
        if (Layers.Length is < 1 or > MostLayers)
            throw new TopologyException($"a net has 1 to {MostLayers} layers; found {Layers.Length}");
        for (var i = 0; i < Layers.Length; i++)
        {
            var spec = Layers[i];
            var kind = At(i, () => LayerKind.Of(spec.Type));
            if (kind.Keys.Contains("units") && spec.Units is < 1 or > LayerKind.MostUnits)
                throw new TopologyException($"layer {i + 1} ({spec.Type}): 'units' is {spec.Units}; allowed are 1 to {LayerKind.MostUnits}");
            if (kind.Keys.Contains("rate") && !(spec.Rate is >= 0 and <= DropoutLayer.MostRate))
                throw new TopologyException(string.Create(CultureInfo.InvariantCulture, $"layer {i + 1} ({spec.Type}): 'rate' is {spec.Rate}; allowed are 0 to {DropoutLayer.MostRate}"));
            if (spec.Type == "rnnOutput" && i < Layers.Length - 1)
                throw new TopologyException($"layer {i + 1} is 'rnnOutput' and {Layers.Length - 1 - i} more follow; it can only be the last");
        }
    }

    internal static T At<T>(int layer, Func<T> build)
    {
        try
        {
            return build();
        }
        catch (TopologyException e)
        {
            throw new TopologyException($"layer {layer + 1}: {e.Message}", e);
        }
    }

    private static LayerSpec ParseLayer(JsonElement element, int index)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String)
            throw new TopologyException($"layer {index + 1} is {Named(element)}; expected is an object with a 'type', one of {string.Join(", ", LayerKind.All.Select(k => k.Type))}");
        var kind = At(index, () => LayerKind.Of(type.GetString()!));
        var spec = new LayerSpec(kind.Type);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            if (!seen.Add(property.Name))
                throw new TopologyException($"layer {index + 1} ({kind.Type}): key '{property.Name}' comes twice");
            if (property.Name == "type")
                continue;
            if (!kind.Keys.Contains(property.Name))
                throw new TopologyException($"layer {index + 1} ({kind.Type}): key '{property.Name}' is not known; known are type, {string.Join(", ", kind.Keys)}");
            var value = property.Value;
            spec = property.Name switch
            {
                "units" => spec with { Units = Whole(value) },
                "components" => spec with { Components = Whole(value) is >= 1 and var components ? components : throw Wrong("a whole number, 1 or more") },
                "rate" => spec with { Rate = Number(value) },
                "levels" => spec with { Levels = value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 ? [.. value.EnumerateArray().Select(Number)] : throw Wrong("an array of numbers") },
                "residual" => spec with { Residual = value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong("true or false") },
                "activation" => spec with { Activation = Word(value) },
                "loss" => spec with { Loss = Word(value) },
                _ => throw new InvalidOperationException($"key '{property.Name}' is declared and not read"),
            };

            int Whole(JsonElement number) => number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var whole) ? whole : throw Wrong("a whole number");
            double Number(JsonElement number) => number.ValueKind == JsonValueKind.Number ? number.GetDouble() : throw Wrong("a number");
            string Word(JsonElement word) => word.ValueKind == JsonValueKind.String ? word.GetString()! : throw Wrong("a word");
            TopologyException Wrong(string expected) => new($"layer {index + 1} ({kind.Type}): '{property.Name}' is {value.GetRawText()}; expected is {expected}");
        }

        return spec;
    }

    private static string Named(JsonElement element) => element.ValueKind.ToString().ToLowerInvariant();
}
