using System.Runtime.CompilerServices;

namespace StreamRnn.Nets;

internal static class Shapes
{
    /// <summary>Refuses a span whose length is not the product of the sizes that its shape has.</summary>
    public static void Require(int length, string name, int a, int b = 1, int c = 1)
    {
        if (length != (long)a * b * c)
            Throw(length, name, a, b, c);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Throw(int length, string name, int a, int b, int c) =>
        throw new ArgumentException($"{name} has {length} values; its shape here is ({a}, {b}, {c}), which needs {(long)a * b * c}", name);
}
