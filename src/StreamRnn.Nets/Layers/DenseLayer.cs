namespace StreamRnn.Nets;

/// <summary>What a dense layer does to its sums, each on its own. (Softmax looks at a whole row and belongs to the loss <see cref="CategoricalLoss"/>.)</summary>
public enum Activation
{
    Identity,

    /// <summary>max(z, 0).</summary>
    Relu,
    Tanh,

    /// <summary>1 / (1 + e^−z).</summary>
    Sigmoid,
}

/// <summary>The weights of a fully connected layer: y = φ(W x + b), x (I), y (O).</summary>
public sealed class DenseLayer : Layer
{
    /// <summary>New weights: W uniform in ± √(6/I) before ReLU (He et al. 2015), else ± √(6/(I + O)) (Glorot and Bengio 2010); b zero.</summary>
    public DenseLayer(string name, int inputs, int outputs, Activation activation, Seeded seeded)
        : this(name, inputs, outputs, activation) =>
        W.FillUniform(seeded, Math.Sqrt(6.0 / (activation == Activation.Relu ? inputs : inputs + outputs)));

    /// <summary>Weights of zero, to be filled from a model file.</summary>
    public DenseLayer(string name, int inputs, int outputs, Activation activation)
        : base(name, inputs, outputs)
    {
        Activation = activation;
        W = new Parameter(name + ".w", outputs, inputs);
        B = new Parameter(name + ".b", outputs);
        Parameters = [W, B];
    }

    private DenseLayer(DenseLayer twin)
        : base(twin.Name, twin.Inputs, twin.Outputs)
    {
        (Activation, W, B) = (twin.Activation, twin.W.Twin(), twin.B.Twin());
        Parameters = [W, B];
    }

    public Activation Activation { get; }

    /// <summary>(O, I).</summary>
    public Parameter W { get; }

    /// <summary>(O).</summary>
    public Parameter B { get; }

    /// <summary>W, b.</summary>
    public override IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Takes a copy of the weights, ready for <see cref="DenseStep.Run"/>. Later changes of the weights do not reach it.</summary>
    public DenseStep Prepare() => new(this);

    public override Layer Twin() => new DenseLayer(this);

    public override LayerStep PrepareStep(Kernels.IStepKernel? kernel = null) => Prepare();

    public override LayerTape CreateTape(int maxSteps, int batch) => new Training.DenseTape(this, maxSteps * batch, batch);
}
