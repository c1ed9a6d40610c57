namespace StreamRnn.Onnx.Import;

/// <summary>What is known about a tensor of the graph without running it.</summary>
internal abstract record Value;

/// <summary>Numbers that stand in the file: weights (float), or sizes and places (<see cref="Extent"/>). Row-major.</summary>
internal sealed record Block<T>(IReadOnlyList<int> Dims, T[] Items) : Value;

/// <summary>One number everywhere, whatever the shape: how exporters write a state that begins with zeros.</summary>
internal sealed record Filled(float Number) : Value;

/// <summary>Something that we do not understand, with the reason; refused only where it is needed.</summary>
internal sealed record Unknown(string Reason) : Value;

/// <summary>The states of several layers, one after another.</summary>
internal sealed record States(IReadOnlyList<Signal> Layers) : Value;

/// <summary>The values of a sequence's steps, or a state, on their way through the graph.</summary>
/// <param name="Source">The graph's input where they come from.</param>
/// <param name="Axes">What runs along each axis.</param>
internal sealed record Signal(string Source, IReadOnlyList<Axis> Axes) : Value
{
    /// <summary>The layers that it has gone through, the last first; null for an input as it is.</summary>
    public Link? Chain { get; init; }

    public SignalKind Kind { get; init; }

    /// <summary>Only of the sequence's last step.</summary>
    public bool Last { get; init; }

    /// <summary>A part of an input: fit for a state and nothing else.</summary>
    public bool Cut { get; init; }
}

internal enum SignalKind
{
    /// <summary>The values of every step.</summary>
    Flow,

    /// <summary>The hidden state after the last step.</summary>
    Hidden,

    /// <summary>The cell state after the last step.</summary>
    Cell,
}

/// <summary>What runs along an axis: axes of the graph's input, by number; none where the size is one; several where a reshape has laid them into one.</summary>
internal sealed record Axis(params IReadOnlyList<int> Of)
{
    private const int Layer = -1;

    /// <summary>An axis of size one.</summary>
    public static Axis One { get; } = new([]);

    /// <summary>The values of one step.</summary>
    public static Axis Values { get; } = new([Layer]);

    public bool IsOne => Of.Count == 0;

    public bool IsValues => Of is [Layer];

    public bool Equals(Axis? other) => other is not null && Of.SequenceEqual(other.Of);

    public override int GetHashCode() => Of.Count;

    public override string ToString() => IsOne ? "1" : IsValues ? "values" : string.Join('·', Of.Select(axis => $"axis {axis}"));
}

/// <summary>A number of a shape: known, or the size of the input's axis, or unknown.</summary>
internal readonly record struct Extent
{
    private Extent(long? number, int? axis) => (Number, Axis) = (number, axis);

    public long? Number { get; }

    public int? Axis { get; }

    public static Extent Unknown => default;

    public static Extent Of(long number) => new(number, null);

    public static Extent OfAxis(int axis) => new(null, axis);
}
