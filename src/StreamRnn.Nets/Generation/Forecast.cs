namespace StreamRnn.Nets;

/// <summary>
/// What may come in the next n steps, found by feeding predictions back: S paths, each drawn from what the net says and given to it as its next row. Of each step and column the S values are kept in order:
/// any quantile can be read. Values are in the net's units; a quantile survives a normaliser's way back.
/// </summary>
public sealed class Forecast
{
    private readonly float[] _sorted; // (n, D, S)

    private Forecast(int steps, int width, int paths, float[] sorted) => (Steps, Width, Paths, _sorted) = (steps, width, paths, sorted);

    /// <summary>n.</summary>
    public int Steps { get; }

    /// <summary>D: values of a row.</summary>
    public int Width { get; }

    /// <summary>S; 1 where the loss knows no distribution (mse, mae): then every quantile is the point forecast.</summary>
    public int Paths { get; }

    /// <summary>Whether the quantiles differ: whether the net says how sure it is.</summary>
    public bool HasIntervals => Paths > 1;

    /// <summary>
    /// Draws a forecast. The S paths are stepped as one batch from copies of the state; the state itself is left alone. Path s has random numbers of its own: its bits depend on the seed and s, not on S.
    /// </summary>
    /// <param name="net">Predicts the row that it takes: D = I.</param>
    /// <param name="state">A row of the net's bank after the last known row was stepped.</param>
    /// <param name="y">(W): the net's outputs of that step.</param>
    /// <param name="steps">n, 1 or more.</param>
    /// <param name="paths">S, 1 or more.</param>
    /// <param name="seed">Equal seeds draw equal bits.</param>
    /// <param name="temperature">0 or more: see the loss; 1 draws as predicted.</param>
    /// <exception cref="ArgumentException">The net predicts no rows of its own inputs, or a shape disagrees.</exception>
    public static Forecast Draw(Net net, ReadOnlySpan<float> state, ReadOnlySpan<float> y, int steps, int paths, ulong seed, double temperature = 1)
    {
        ArgumentNullException.ThrowIfNull(net);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(paths, 1);
        var loss = net.Output?.Loss ?? throw new ArgumentException($"the net ends in '{net.Topology.Layers[^1].Type}'; only one that ends in 'rnnOutput' predicts", nameof(net));
        var width = loss.Targets;
        if (width != net.Inputs)
            throw new ArgumentException($"the net takes {net.Inputs} values and predicts {width}: a prediction can be fed back only where they are the same columns", nameof(net));
        Shapes.Require(y.Length, nameof(y), loss.Width);
        var isPoint = loss is PointLoss;
        var count = isPoint ? 1 : paths;
        using var step = net.Prepare();
        using var bank = net.CreateBank(count);
        int[] rows = [.. Enumerable.Range(0, count)];
        Seeded[] seeds = [.. rows.Select(path => Seeded.For(seed, (ulong)path))];
        var (x, outputs, sorted) = (new float[count * width], new float[count * loss.Width], new float[checked(steps * width * count)]);
        foreach (var path in rows)
        {
            bank.Set(path, state);
            y.CopyTo(outputs.AsSpan(path * loss.Width));
        }

        for (var n = 0; n < steps; n++)
        {
            foreach (var path in rows)
            {
                var at = path * loss.Width;
                var row = x.AsSpan(path * width, width);
                if (isPoint)
                    loss.Point(outputs.AsSpan(at, loss.Width), row);
                else
                    loss.Sample(outputs.AsSpan(at, loss.Width), seeds[path], temperature, row);
                for (var d = 0; d < width; d++)
                    sorted[((n * width) + d) * count + path] = row[d];
            }

            for (var d = 0; d < width; d++)
                sorted.AsSpan(((n * width) + d) * count, count).Sort();
            if (n < steps - 1)
                step.Step(bank, rows, x, outputs);
        }

        return new Forecast(steps, width, count, sorted);
    }

    /// <summary>
    /// What a value stays below with probability <paramref name="p"/>, by straight lines between the paths' values in order.
    /// </summary>
    /// <param name="step">0 is the first row that is not known, to n − 1.</param>
    /// <param name="column">0 to D − 1.</param>
    /// <param name="p">0..1; 0.5 is the median.</param>
    public double Quantile(int step, int column, double p)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(step, Steps);
        ArgumentOutOfRangeException.ThrowIfNegative(column);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(column, Width);
        if (!(p >= 0 && p <= 1))
            throw new ArgumentOutOfRangeException(nameof(p), p, "a probability is 0 to 1");
        var values = _sorted.AsSpan(((step * Width) + column) * Paths, Paths);
        var place = p * (Paths - 1);
        var below = Math.Min((int)place, Math.Max(0, Paths - 2));
        return Paths == 1 ? values[0] : values[below] + ((place - below) * ((double)values[below + 1] - values[below]));
    }
}
