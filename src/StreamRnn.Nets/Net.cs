using System.Globalization;
using System.Text;
using StreamRnn.Nets.Kernels;
using StreamRnn.Nets.Training;

namespace StreamRnn.Nets;

/// <summary>
/// Layers one upon another. Holds weights and no state: the state of any number of sequences is in a <see cref="StateBank"/>, one row each, layer after layer,
/// every layer's part beginning on a cache line.
/// </summary>
public sealed class Net
{
    /// <summary>As many as a model file holds.</summary>
    public const int MostWeights = (ModelFile.MaxBytes - (1 << 21)) / sizeof(float);

    /// <param name="topology">Which layers.</param>
    /// <param name="inputs">I of the first layer.</param>
    /// <param name="seeded">Where new weights come from; null for weights of zero, to be filled from a model file.</param>
    /// <exception cref="TopologyException">The topology cannot be built; the message says which layer, why, and what is allowed.</exception>
    public Net(Topology topology, int inputs, Seeded? seeded = null)
        : this(topology, inputs, Build(topology, inputs, seeded))
    {
    }

    private Net(Topology topology, int inputs, IReadOnlyList<Layer> layers)
    {
        (Topology, Inputs, Layers) = (topology, inputs, layers);
        Parameters = [.. layers.SelectMany(layer => layer.Parameters)];
        var offsets = new int[layers.Count];
        for (var l = 0; l < layers.Count; l++)
        {
            offsets[l] = StateWidth;
            StateWidth += NativeFloats.Padded(layers[l].StateWidth);
        }

        Offsets = offsets;
        if (topology.Layers[^1].Residual)
            Residual = Addable(topology.Layers.Length, inputs);
    }

    public Topology Topology { get; }

    /// <summary>I: values of a row that goes in.</summary>
    public int Inputs { get; }

    /// <summary>O: values that come out.</summary>
    public int Outputs => Layers[^1].Outputs;

    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>The last layer, if it is <c>rnnOutput</c>: what a net needs to be trained and to predict.</summary>
    public OutputLayer? Output => Layers[^1] as OutputLayer;

    /// <summary>The loss whose outputs are moved by what goes in, where the topology says <c>residual</c>; else null.</summary>
    internal OutputLoss? Residual { get; }

    /// <summary>All weights, in the order of the layers.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Floats of a sequence's state in a bank's row, padding included; 0 if no layer is recurrent.</summary>
    public int StateWidth { get; }

    /// <summary>Where each layer's state begins in a row.</summary>
    public IReadOnlyList<int> Offsets { get; }

    /// <summary>A bank whose rows hold the states of this net's sequences.</summary>
    public StateBank CreateBank(int rows = 0) => new(Math.Max(1, StateWidth), rows);

    /// <summary>A copy of the weights, ready to be stepped. Later changes of the weights do not reach it. One object per thread.</summary>
    public NetStep Prepare(IStepKernel? kernel = null) => new(this, kernel);

    /// <summary>Room for training on chunks of up to T steps of B sequences.</summary>
    public NetTape CreateTape(int maxSteps, int batch) => new(this, maxSteps, batch);

    /// <summary>A net with the same weights (the same arrays) and gradients of its own: for another thread of training.</summary>
    public Net Twin() => new(Topology, Inputs, [.. Layers.Select(layer => layer.Twin())]);

    /// <summary>Layers, shapes and parameter counts as a table of text.</summary>
    public string Describe()
    {
        var table = new StringBuilder();
        table.AppendLine("layer            inputs  outputs   state   parameters  shapes");
        foreach (var layer in Layers)
            table.AppendLine(string.Create(CultureInfo.InvariantCulture,
                $"{layer.Name,-16} {layer.Inputs,6} {layer.Outputs,8} {layer.StateWidth,7} {Count(layer.Parameters),12:N0}  {string.Join(", ", layer.Parameters)}"));
        table.AppendLine(string.Create(CultureInfo.InvariantCulture, $"{"in all",-16} {Inputs,6} {Outputs,8} {Layers.Sum(l => l.StateWidth),7} {Count(Parameters),12:N0}"));
        return table.ToString();
    }

    public static int Count(IEnumerable<Parameter> parameters) => parameters.Sum(parameter => parameter.Count);

    private OutputLoss Addable(int number, int inputs)
    {
        var loss = Output!.Loss;
        if (loss.Targets != inputs)
            throw new TopologyException($"layer {number}: 'residual' adds the {inputs} values that go in to the {loss.Targets} that are predicted; there must be as many");
        return Topology.At(number - 1, () =>
        {
            loss.AddTo([], []);
            return loss;
        });
    }

    private static List<Layer> Build(Topology topology, int inputs, Seeded? seeded)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        topology.Check();
        if (seeded is not null)
            Build(topology, inputs, null);          // takes no memory yet, and refuses what is too large
        var layers = new List<Layer>();
        var weights = 0L;
        for (var l = 0; l < topology.Layers.Length; l++)
        {
            var (spec, width) = (topology.Layers[l], l == 0 ? inputs : layers[^1].Outputs);
            layers.Add(Topology.At(l, () => LayerKind.Of(spec.Type).Build(spec, $"{l + 1}.{spec.Type}", width, seeded)));
            weights += layers[^1].Parameters.Sum(parameter => (long)parameter.Count);
            if (weights > MostWeights)
                throw new TopologyException($"layers 1 to {l + 1} have {weights} weights; a net has at most {MostWeights}");
        }

        // A new net that predicts changes predicts that there are none: training begins at persistence and not at chance.
        if (topology.Layers[^1].Residual && seeded is not null)
        {
            foreach (var parameter in layers[^1].Parameters)
                Array.Clear(parameter.Values);
            if (layers[^1] is OutputLayer { Loss: StudentTMixtureLoss mixture } output)
                mixture.TellApart(output.B.Values);
        }

        return layers;
    }
}
