using StreamRnn.Nets;

namespace StreamRnn.Onnx.Import;

/// <summary>A layer that the graph has been found to have: a link of the chain from the output back to the input.</summary>
/// <param name="Before">The layer before it; null for the first.</param>
/// <param name="Place">Operator and node, for messages to people.</param>
internal abstract record Link(Link? Before, string Place, int Inputs, int Units)
{
    /// <summary>In the order of the layer's parameters, each in the layer's own shape.</summary>
    public abstract IReadOnlyList<float[]> Weights { get; }

    /// <summary>From the input to this one.</summary>
    public IReadOnlyList<Link> Path()
    {
        var path = new List<Link>();
        for (Link? link = this; link is not null; link = link.Before)
            path.Add(link);
        path.Reverse();
        return path;
    }
}

/// <param name="Type">As in a topology.</param>
internal sealed record RecurrentLink(Link? Before, string Place, string Type, int Inputs, int Units, IReadOnlyList<float[]> Own) : Link(Before, Place, Inputs, Units)
{
    public override IReadOnlyList<float[]> Weights => Own;
}

/// <summary>y = φ(W x + b), W (O, I).</summary>
internal sealed record DenseLink(Link? Before, string Place, int Inputs, int Units, float[] W) : Link(Before, Place, Inputs, Units)
{
    /// <summary>(O); null where no node has said it yet.</summary>
    public float[]? B { get; init; }

    /// <summary>As in a topology; null where no node has said it yet.</summary>
    public string? Activation { get; init; }

    /// <summary>E, (inputs of the net, O), where x E is added to what the layer gives; null where nothing is.</summary>
    public float[]? Added { get; init; }

    public override IReadOnlyList<float[]> Weights => [W, B ?? new float[Units]];

    /// <summary>A layer that changes nothing, so that a bias or an activation can follow any layer.</summary>
    public static DenseLink Identity(Link? before, string place, int width)
    {
        if (width > LayerKind.MostUnits)
            throw new OnnxException($"{place}: a layer of {width} values; supported are at most {LayerKind.MostUnits}");
        return new DenseLink(before, place, width, width, ResidualMap.Identity(width));
    }
}
