using System.Collections.Immutable;

namespace StreamRnn.Nets;

/// <summary>A named array of weights and its gradient: what training changes and a model file keeps.</summary>
public sealed class Parameter
{
    private float[]? _gradients;

    /// <summary>Weights of zero.</summary>
    /// <param name="name">Unique in its net, such as <c>lstm.w</c>.</param>
    /// <param name="shape">Sizes from the slowest index to the fastest, each 1 or more.</param>
    public Parameter(string name, params ReadOnlySpan<int> shape)
        : this(name, [.. shape], new float[Count(shape)])
    {
    }

    private Parameter(string name, ImmutableArray<int> shape, float[] values) => (Name, Shape, Values) = (name, shape, values);

    public string Name { get; }

    public ImmutableArray<int> Shape { get; }

    /// <summary>Row-major, the last index fastest.</summary>
    public float[] Values { get; }

    /// <summary>∂loss/∂value, in the shape of <see cref="Values"/>. Backward passes add to it; <see cref="ClearGradients"/> sets it to zero.</summary>
    public float[] Gradients => _gradients ??= new float[Values.Length];

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

    private static int Count(ReadOnlySpan<int> shape)
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
