namespace StreamRnn.Nets;

/// <summary>The losses that <c>rnnOutput</c> may have: the only list of them.</summary>
public static class LossKind
{
    private static readonly (string Name, Func<LayerSpec, OutputLoss> Build)[] s_all =
    [
        ("mse", spec => new SquaredLoss(spec.Units, LayerKind.ActivationOf(spec))),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. s_all.Select(kind => kind.Name)];

    /// <exception cref="TopologyException">No such loss, or one that does not go with the spec's activation; the message lists what does.</exception>
    public static OutputLoss Build(LayerSpec spec)
    {
        var name = spec.Loss ?? "mse";
        foreach (var kind in s_all)
            if (kind.Name == name)
                return kind.Build(spec);
        throw new TopologyException($"loss '{name}' is not known; known are {string.Join(", ", Names)}");
    }
}
