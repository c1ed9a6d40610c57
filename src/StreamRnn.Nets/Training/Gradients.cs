namespace StreamRnn.Nets.Training;

/// <summary>What is done to all gradients of a net at once.</summary>
public static class Gradients
{
    /// <summary>Sets them to zero.</summary>
    public static void Clear(IEnumerable<Parameter> parameters)
    {
        foreach (var parameter in parameters)
            parameter.ClearGradients();
    }

    /// <summary>√Σg² over all parameters.</summary>
    public static double Norm(IEnumerable<Parameter> parameters)
    {
        var sum = 0.0;
        foreach (var parameter in parameters)
            foreach (var g in parameter.Gradients)
                sum += (double)g * g;
        return Math.Sqrt(sum);
    }

    /// <summary>Scales all gradients by one factor so that their norm is at most <paramref name="maxNorm"/> (Pascanu et al. 2013).</summary>
    /// <returns>The norm before. When it is not finite the gradients are left alone: the caller stops, for training has diverged.</returns>
    public static double Clip(IReadOnlyCollection<Parameter> parameters, double maxNorm)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxNorm);
        var norm = Norm(parameters);
        if (!double.IsFinite(norm) || norm <= maxNorm)
            return norm;
        var factor = (float)(maxNorm / norm);
        foreach (var parameter in parameters)
            foreach (ref var g in parameter.Gradients.AsSpan())
                g *= factor;
        return norm;
    }
}
