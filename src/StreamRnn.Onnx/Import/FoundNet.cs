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
            var found = new Topology([.. path.Select((link, n) => SpecOf(link, n == path.Count - 1))]);
            var net = new Net(Noted(noted, found, path[0].Inputs) ?? found, path[0].Inputs);
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
        DenseLink dense when isLast => new LayerSpec("rnnOutput") { Units = dense.Units, Activation = dense.Activation, Loss = dense.Activation is "softmax" or "sigmoid" ? "crossEntropy" : "mse" },
        DenseLink dense => new LayerSpec("dense") { Units = dense.Units, Activation = dense.Activation },
        _ => throw new InvalidOperationException($"{link.GetType().Name} is found and has no place in a topology"),
    };

    private static Topology? Noted(string? noted, Topology found, int inputs)
    {
        if (noted is null)
            return null;
        try
        {
            var topology = Topology.Parse(noted);
            return Shapes(topology, inputs).SequenceEqual(Shapes(found, inputs)) ? topology : null;
        }
        catch (TopologyException)
        {
            return null; // the graph is what counts; a note that we cannot read, perhaps a newer program's, only costs its additions
        }
    }

    /// <summary>What two topologies must have in common to compute the same from the same weights.</summary>
    private static IEnumerable<(string Type, string Activation, int Inputs, int Outputs)> Shapes(Topology topology, int inputs) =>
        topology.Layers.Zip(new Net(topology, inputs).Layers).Where(pair => pair.Second.Parameters.Count > 0)
            .Select(pair => (pair.First.Type == "rnnOutput" ? "dense" : pair.First.Type, Phi.Of(pair.First), pair.Second.Inputs, pair.Second.Outputs));
}
