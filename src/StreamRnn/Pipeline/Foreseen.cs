using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <summary>The forecasts that were made just before a value was looked at, and that value: what forecast skill is measured by.</summary>
/// <param name="Forecasts">One for each of <see cref="Ahead"/>, in its order, in the series' own unit; NaN before there is anything to forecast from. The k-th is of the reading <c>Ahead[k] − 1</c> after this one.</param>
internal readonly record struct Foreseen(Channel Channel, Instant Time, double Value, double[] Forecasts)
{
    /// <summary>Readings ahead of the last value seen, for which the detector makes a forecast; ascending.</summary>
    public static IReadOnlyList<int> Ahead => Foresight.Ahead;
}
