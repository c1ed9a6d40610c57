using StreamRnn.Nets;

namespace StreamRnn.Detection;

/// <summary>The weights of a <see cref="ForecastNet"/>: what is trained and kept in the model file.</summary>
public sealed class ForecastLayers(LstmLayer lstm, DenseLayer hidden, DenseLayer output)
{
    public LstmLayer Lstm { get; } = lstm;

    public DenseLayer Hidden { get; } = hidden;

    public DenseLayer Output { get; } = output;

    public IReadOnlyList<Parameter> Parameters => [.. Lstm.Parameters, .. Hidden.Parameters, .. Output.Parameters];

    /// <summary>New weights.</summary>
    public static ForecastLayers Create(int units, Seeded seeded) => new(
        new LstmLayer("lstm", Outlook.Inputs, units, seeded),
        new DenseLayer("head.hidden", HeadInputs(units), ForecastNet.HeadWidth, Activation.Relu, seeded),
        new DenseLayer("head.output", ForecastNet.HeadWidth, ForecastNet.Outputs, Activation.Identity, seeded));

    /// <summary>Weights of zero, to be filled from a model file.</summary>
    public static ForecastLayers Empty(int units) => new(
        new LstmLayer("lstm", Outlook.Inputs, units),
        new DenseLayer("head.hidden", HeadInputs(units), ForecastNet.HeadWidth, Activation.Relu),
        new DenseLayer("head.output", ForecastNet.HeadWidth, ForecastNet.Outputs, Activation.Identity));

    /// <summary>[h, f, g], in this order.</summary>
    internal static void Join(ReadOnlySpan<float> h, ReadOnlySpan<float> f, ReadOnlySpan<float> g, Span<float> joined)
    {
        h.CopyTo(joined);
        f.CopyTo(joined[h.Length..]);
        g.CopyTo(joined[(h.Length + f.Length)..]);
    }

    private static int HeadInputs(int units) => units + Outlook.Inputs + Outlook.HeadInputs;
}
