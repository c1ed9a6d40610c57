namespace StreamRnn.Nets;

/// <summary>What may stand in a topology: one entry per layer type, the only list of them.</summary>
/// <param name="Type">The name in code and in JSON.</param>
/// <param name="Keys">The keys that an entry of this type may have beside <c>type</c>.</param>
/// <param name="Build">Spec, name, inputs, and where new weights come from (null: weights of zero) to the layer.</param>
public sealed record LayerKind(string Type, IReadOnlyList<string> Keys, Func<LayerSpec, string, int, Seeded?, Layer> Build)
{
    public const int MostUnits = 4096;

    private static readonly IReadOnlyList<string> Units = ["units"];

    /// <summary>Every layer type there is.</summary>
    public static IReadOnlyList<LayerKind> All { get; } =
    [
        new("lstm", Units, (spec, name, inputs, seeded) => seeded is null ? new LstmLayer(name, inputs, spec.Units) : new LstmLayer(name, inputs, spec.Units, seeded)),
        new("gravesLstm", Units, (spec, name, inputs, seeded) => seeded is null ? new GravesLstmLayer(name, inputs, spec.Units) : new GravesLstmLayer(name, inputs, spec.Units, seeded)),
        new("gru", Units, (spec, name, inputs, seeded) => seeded is null ? new GruLayer(name, inputs, spec.Units) : new GruLayer(name, inputs, spec.Units, seeded)),
        new("simpleRnn", Units, (spec, name, inputs, seeded) => seeded is null ? new SimpleRnnLayer(name, inputs, spec.Units) : new SimpleRnnLayer(name, inputs, spec.Units, seeded)),
        new("dropout", ["rate"], (spec, name, inputs, seeded) => new DropoutLayer(name, inputs, spec.Rate, seeded)),
        new("dense", ["units", "activation"], (spec, name, inputs, seeded) => seeded is null
            ? new DenseLayer(name, inputs, spec.Units, ActivationOf(spec))
            : new DenseLayer(name, inputs, spec.Units, ActivationOf(spec), seeded)),
        new("rnnOutput", ["units", "activation", "loss", "components", "levels", "residual"], (spec, name, inputs, seeded) => new OutputLayer(name, inputs, LossKind.Build(spec), seeded)),
    ];

    /// <exception cref="TopologyException">No such type; the message lists those that are.</exception>
    public static LayerKind Of(string type) => All.FirstOrDefault(kind => kind.Type == type)
        ?? throw new TopologyException($"layer type '{type}' is not known; known are {string.Join(", ", All.Select(kind => kind.Type))}");

    /// <summary>The activation that a spec names; identity where it names none.</summary>
    internal static Activation ActivationOf(LayerSpec spec) => spec.Activation is null
        ? Activation.Identity
        : Enum.GetValues<Activation>().Cast<Activation?>().FirstOrDefault(a => NameOf(a!.Value) == spec.Activation)
            ?? throw new TopologyException($"activation '{spec.Activation}' is not known to {spec.Type}; known are {string.Join(", ", Enum.GetValues<Activation>().Select(NameOf))}");

    internal static string NameOf(Activation activation) => activation.ToString().ToLowerInvariant();
}
