namespace StreamRnn.Nets.Training;

/// <summary>How weights follow their gradients.</summary>
public abstract class Optimiser
{
    /// <summary>The names that <see cref="Create"/> takes.</summary>
    public static IReadOnlyList<string> Names { get; } = ["adam", "rmsprop", "sgd"];

    /// <exception cref="ArgumentException">No such optimiser; the message lists those that are.</exception>
    public static Optimiser Create(string name, IEnumerable<Parameter> parameters) => name switch
    {
        "adam" => new Adam(parameters),
        "rmsprop" => new RmsProp(parameters),
        "sgd" => new Sgd(parameters),
        _ => throw new ArgumentException($"optimiser '{name}' is not known; known are {string.Join(", ", Names)}", nameof(name)),
    };

    /// <summary>Moves the weights against their gradients; the gradients are left as they are.</summary>
    /// <param name="learningRate">η of this step, 0 or more.</param>
    public abstract void Step(double learningRate);
}
