using System.Collections.Immutable;

namespace StreamRnn.Nets;

/// <summary>One layer as a topology names it. What a type does not use is left at its default.</summary>
/// <param name="Type">One of <see cref="LayerKind.All"/>.</param>
public sealed record LayerSpec(string Type)
{
    /// <summary>Units of the layer; of <c>rnnOutput</c> the number of values that it predicts.</summary>
    public int Units { get; init; }

    public string? Activation { get; init; }

    public string? Loss { get; init; }

    /// <summary>Of <c>dropout</c>: the share of values that training sets to zero, 0 to 0.95.</summary>
    public double Rate { get; init; }

    /// <summary>Of loss <c>studentT</c>: how many components are mixed.</summary>
    public int Components { get; init; }

    /// <summary>Of loss <c>quantile</c>: which, ascending, each above 0 and below 1.</summary>
    public ImmutableArray<double> Levels { get; init; } = [];

    /// <summary>Of <c>rnnOutput</c>: what is predicted is the change from the row that went into the net, y = x + …; see <see cref="OutputLoss.AddTo"/>.</summary>
    public bool Residual { get; init; }

    public bool Equals(LayerSpec? other) =>
        other is not null && Type == other.Type && Units == other.Units && Activation == other.Activation && Loss == other.Loss
        && Rate.Equals(other.Rate) && Components == other.Components && Residual == other.Residual && Levels.SequenceEqual(other.Levels);

    public override int GetHashCode() => HashCode.Combine(Type, Units, Activation, Loss, Rate, Components, Levels.Length, Residual);
}
