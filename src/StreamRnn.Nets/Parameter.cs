using System.Collections.Immutable;

namespace StreamRnn.Nets;

/// <summary>A named array of weights and its gradient: what training changes and a model file keeps.</summary>
public sealed class Parameter
{
    private readonly int _count;
    private float[]? _values, _gradients;

    /// <summary>Weights of zero.</summary>
    /// <param name="name">Unique in its net, such as <c>lstm.w</c>.</param>
    /// <param name="shape">Sizes from the slowest index to the fastest, each 1 or more.</param>
    public Parameter(string name, params ReadOnlySpan<int> shape)
        : this(name, [.. shape], null)
    {
    }

    private Parameter(string name, ImmutableArray<int> shape, float[]? values) => (Name, Shape, _count, _values) = (name, shape, CountOf(shape.AsSpan()), values);

    public string Name { get; }

    public ImmutableArray<int> Shape { get; }

    /// <summary>How many weights there are.</summary>
    public int Count => _count;

    /// <summary>Row-major, the last index fastest. The memory is taken when it is first looked at: a file whose header asks for too much is refused before.</summary>
    public float[] Values => _values ?? Interlocked.CompareExchange(ref _values, new float[_count], null) ?? _values;

    /// <summary>∂loss/∂value, in the shape of <see cref="Values"/>. Backward passes add to it; <see cref="ClearGradients"/> sets it to zero.</summary>
    public float[] Gradients => _gradients ??= new float[_count];

    /// <summary>The same weights, one array and not a copy, with gradients of their own: what another thread of training adds to.</summary>
    public Parameter Twin() => new(Name, Shape, Values);

    /// <summary>The same weights in an array of their own: later changes do not reach it.</summary>
    internal Parameter Copy() => new(Name, Shape, [.. Values]);

    public void ClearGradients()
    {
        if (_gradients is not null)
            Array.Clear(_gradients);
    }

    /// <summary>Fills with uniform numbers in ± <paramref name="bound"/>.</summary>
    public void FillUniform(Seeded seeded, double bound)
    {
        foreach (ref var value in Values.AsSpan())
            value = (float)seeded.NextDouble(-bound, bound);
    }

    public override string ToString() => $"{Name} ({string.Join(", ", Shape)})";

    private static int CountOf(ReadOnlySpan<int> shape)
    {
        var count = 1;
        foreach (var size in shape)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(size, 1, nameof(shape));
            count = checked(count * size);
        }

        return count;
    }
}
