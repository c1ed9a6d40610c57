using StreamRnn.Nets;

namespace StreamRnn.Host.Evaluation;

/// <summary>A figure with how far it would move if other series of the same kind had been drawn: its standard deviation over samples drawn anew, with repetition, from the series there are (Efron 1979).</summary>
internal readonly record struct Figure(double Value, double StandardError);

internal static class Bootstrap
{
    /// <summary>As many as there are, each drawn from all.</summary>
    public static T[] Draw<T>(T[] values, Seeded seeded)
    {
        var drawn = new T[values.Length];
        for (var i = 0; i < drawn.Length; i++)
            drawn[i] = values[seeded.Next(values.Length)];
        return drawn;
    }

    /// <summary>Sample standard deviation of what is not NaN; NaN of fewer than two.</summary>
    public static double Deviation(IEnumerable<double> values)
    {
        double[] all = [.. values.Where(v => !double.IsNaN(v))];
        if (all.Length < 2)
            return double.NaN;
        var mean = all.Average();
        return Math.Sqrt(all.Sum(v => (v - mean) * (v - mean)) / (all.Length - 1));
    }
}
