namespace StreamRnn.Nets.Training;

/// <summary>Stochastic gradient descent with Nesterov's momentum (Sutskever et al. 2013): u ← μu + g, θ ← θ − η(g + μu).</summary>
public sealed class Sgd(IEnumerable<Parameter> parameters, double momentum = 0.9) : Optimiser
{
    private readonly (Parameter Parameter, float[] Velocity)[] _all = [.. parameters.Select(parameter => (parameter, new float[parameter.Values.Length]))];

    public override void Step(double learningRate)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(learningRate);
        var (rate, keep) = ((float)learningRate, (float)momentum);
        foreach (var (parameter, velocity) in _all)
        {
            var (values, gradients) = (parameter.Values, parameter.Gradients);
            for (var n = 0; n < values.Length; n++)
            {
                velocity[n] = (keep * velocity[n]) + gradients[n];
                values[n] -= rate * (gradients[n] + (keep * velocity[n]));
            }
        }
    }
}
