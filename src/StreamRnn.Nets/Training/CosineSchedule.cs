namespace StreamRnn.Nets.Training;

/// <summary>
/// A learning rate that rises linearly over the warm-up and then falls from <paramref name="Highest"/> to <paramref name="Lowest"/> along half a cosine (Loshchilov and Hutter 2017).
/// </summary>
/// <param name="Steps">Steps in all, 1 or more.</param>
/// <param name="WarmUp">Steps of the rise, 0 or more.</param>
public readonly record struct CosineSchedule(double Highest, double Lowest, int Steps, int WarmUp = 0)
{
    /// <summary>The rate of step <paramref name="step"/>, counted from 0; the lowest after the last.</summary>
    public double At(int step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (step < WarmUp)
            return Highest * (step + 1) / WarmUp;
        var done = Math.Min(1, (step - WarmUp) / (double)Math.Max(1, Steps - WarmUp));
        return Lowest + (Highest - Lowest) * 0.5 * (1 + Elementary.CosPi(done));
    }
}
