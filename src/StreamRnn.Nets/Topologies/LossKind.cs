namespace StreamRnn.Nets;

/// <summary>A loss that <c>rnnOutput</c> may have: one entry per loss, the only list of them.</summary>
/// <param name="Name">The name in code and in JSON.</param>
/// <param name="Activations">The activations that it goes with; the first is taken where none is named.</param>
/// <param name="Keys">The keys of <c>rnnOutput</c> that belong to this loss alone.</param>
/// <param name="Create">From D, the activation and the spec to the loss.</param>
public sealed record LossKind(string Name, IReadOnlyList<string> Activations, IReadOnlyList<string> Keys, Func<int, string, LayerSpec, OutputLoss> Create)
{
    private static readonly string[] s_any = [.. Enum.GetValues<Activation>().Select(LayerKind.NameOf)];

    /// <summary>Every loss there is.</summary>
    public static IReadOnlyList<LossKind> All { get; } =
    [
        new("mse", s_any, [], (targets, activation, spec) => new SquaredLoss(targets, LayerKind.ActivationOf(spec with { Activation = activation }))),
        new("mae", s_any, [], (targets, activation, spec) => new MeanAbsoluteLoss(targets, LayerKind.ActivationOf(spec with { Activation = activation }))),
        new("crossEntropy", ["softmax", "sigmoid"], [], (targets, activation, _) => activation == "sigmoid" ? new BinaryLoss(targets) : Softmax(targets)),
        new("quantile", ["identity"], ["levels"], (targets, _, spec) => Quantile(targets, spec)),
        new("studentT", ["identity"], ["components"], (targets, _, spec) => StudentT(targets, spec)),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(kind => kind.Name)];

    /// <exception cref="TopologyException">No such loss, or a combination that is not allowed; the message lists what is.</exception>
    public static OutputLoss Build(LayerSpec spec)
    {
        var name = spec.Loss ?? "mse";
        var kind = All.FirstOrDefault(kind => kind.Name == name) ?? throw new TopologyException($"loss '{name}' is not known; known are {string.Join(", ", Names)}");
        var activation = spec.Activation ?? kind.Activations[0];
        if (!kind.Activations.Contains(activation))
            throw new TopologyException($"activation '{activation}' does not go with loss '{name}'; allowed are {string.Join(", ", kind.Activations)}");
        Refuse("levels", spec.Levels.Length > 0);
        Refuse("components", spec.Components != 0);
        return kind.Create(spec.Units, activation, spec);

        void Refuse(string key, bool present)
        {
            if (present && !kind.Keys.Contains(key))
                throw new TopologyException($"'{key}' does not go with loss '{name}'; it belongs to loss '{All.First(other => other.Keys.Contains(key)).Name}'");
        }
    }

    private static CategoricalLoss Softmax(int targets) => targets >= 2
        ? new CategoricalLoss(targets)
        : throw new TopologyException("'units' is 1 and softmax over one class is always 1; write 2 or more, or activation 'sigmoid' for a yes or no");

    private static QuantileLoss Quantile(int targets, LayerSpec spec)
    {
        var levels = spec.Levels;
        for (var q = 0; q < levels.Length; q++)
            if (!(levels[q] > (q == 0 ? 0 : levels[q - 1]) && levels[q] < 1))
                throw new TopologyException(FormattableString.Invariant($"'levels' has {levels[q]} in place {q + 1}; allowed are numbers above 0 and below 1, ascending"));
        return levels.Length <= QuantileLoss.MostLevels
            ? new QuantileLoss(targets, levels.AsSpan())
            : throw new TopologyException($"'levels' has {levels.Length} numbers; allowed are 1 to {QuantileLoss.MostLevels}");
    }

    private static StudentTMixtureLoss StudentT(int targets, LayerSpec spec) => spec.Components is >= 0 and <= StudentTMixtureLoss.MostComponents
        ? new StudentTMixtureLoss(targets, spec.Components == 0 ? 3 : spec.Components)
        : throw new TopologyException($"'components' is {spec.Components}; allowed are 1 to {StudentTMixtureLoss.MostComponents}");
}
