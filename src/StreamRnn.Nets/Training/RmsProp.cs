namespace StreamRnn.Nets.Training;

/// <summary>RMSProp (Tieleman and Hinton 2012): v ← ρv + (1 − ρ)g², θ ← θ − η·g/(√v + ε).</summary>
public sealed class RmsProp(IEnumerable<Parameter> parameters, double decay = 0.95, double epsilon = 1e-6) : Optimiser
{
    private readonly (Parameter Parameter, float[] Square)[] _all = [.. parameters.Select(parameter => (parameter, new float[parameter.Values.Length]))];

    public override void Step(double learningRate)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(learningRate);
        var (rate, keep, take, offset) = ((float)learningRate, (float)decay, (float)(1 - decay), (float)epsilon);
        foreach (var (parameter, square) in _all)
        {
            var (values, gradients) = (parameter.Values, parameter.Gradients);
            for (var n = 0; n < values.Length; n++)
            {
                var g = gradients[n];
                square[n] = (keep * square[n]) + (take * g * g);
                values[n] -= rate * g / (MathF.Sqrt(square[n]) + offset);
            }
        }
    }
}
