using StreamRnn.Nets;

namespace StreamRnn.Onnx.Import;

/// <summary>From the layers found in a graph to a net.</summary>
internal static class FoundNet
{
    /// <param name="last">The last layer found.</param>
    /// <param name="noted">The topology that the file's writer noted; used if it is that of the layers found, for it knows the loss and the dropout too.</param>
    /// <exception cref="OnnxException">The layers do not make a net, or a weight is not finite.</exception>
    public static Net Build(Link last, string? noted)
    {
        var path = last.Path();
        foreach (var link in path)
            foreach (var weights in link.Weights)
                if (Array.FindIndex(weights, weight => !float.IsFinite(weight)) is var bad && bad >= 0)
                    throw new OnnxException($"{link.Place} has the weight {weights[bad]}; weights must be finite");
        try
        {
            var topology = Noted(noted, path) ?? new Topology([.. path.Select((link, n) => SpecOf(link, n == path.Count - 1))]);
            var net = new Net(topology, path[0].Inputs);
            foreach (var (layer, link) in net.Layers.Where(layer => layer.Parameters.Count > 0).Zip(path))
                foreach (var (parameter, weights) in layer.Parameters.Zip(link.Weights))
                    weights.CopyTo(parameter.Values, 0);
            return net;
        }
        catch (TopologyException e)
        {
            throw new OnnxException($"the graph's layers do not make a net: {e.Message}", e);
        }
    }

    private static LayerSpec SpecOf(Link link, bool isLast) => link switch
    {
        RecurrentLink recurrent => new LayerSpec(recurrent.Type) { Units = recurrent.Units },
        DenseLink { Activation: "softmax" } when !isLast => throw new OnnxException($"a softmax follows {link.Place}, amid the net; supported is one at its end"),
        DenseLink { Added: { } map } when !isLast || !ResidualMap.IsIdentity(map, link.Units) => throw new OnnxException($"the net's input is added to the output of {link.Place}; supported is that at the end of a net, value by value"),
        DenseLink dense when isLast => new LayerSpec("rnnOutput")
        {
            Units = dense.Units,
            Activation = dense.Activation,
            Loss = dense.Activation is "softmax" or "sigmoid" ? "crossEntropy" : "mse",
            Residual = dense.Added is not null,
        },
        DenseLink dense => new LayerSpec("dense") { Units = dense.Units, Activation = dense.Activation },
        _ => throw new InvalidOperationException($"{link.GetType().Name} is found and has no place in a topology"),
    };

    private static Topology? Noted(string? noted, IReadOnlyList<Link> path)
    {
        if (noted is null)
            return null;
        try
        {
            var topology = Topology.Parse(noted);
            var layers = topology.Layers.Zip(new Net(topology, path[0].Inputs).Layers).Where(pair => pair.Second.Parameters.Count > 0).ToList();
            return layers.Count == path.Count && layers.Zip(path).All(pair => IsSame(pair.First.First, pair.First.Second, pair.Second)) ? topology : null;
        }
        catch (TopologyException)
        {
            return null; // the graph is what counts; a note that we cannot read, perhaps a newer program's, only costs its additions
        }
    }

    /// <summary>Whether a layer as noted computes what the layer found computes.</summary>
    private static bool IsSame(LayerSpec spec, Layer layer, Link link) => layer.Inputs == link.Inputs && layer.Outputs == link.Units && link switch
    {
        RecurrentLink recurrent => spec.Type == recurrent.Type,
        DenseLink dense => spec.Type is "dense" or "rnnOutput" && Phi.Of(spec) == (dense.Activation ?? Phi.Identity)
            && (dense.Added ?? []).AsSpan().SequenceEqual(spec.Residual && layer is OutputLayer output ? ResidualMap.Of(output.Loss) : []),
        _ => false,
    };
}
