namespace StreamRnn.Tests;

internal static class Allocated
{
    /// <summary>What an action allocates on its thread. What the runtime loads at a first call, and again when it has optimized a method, is not the action's: the least of several is.</summary>
    /// <returns>Bytes.</returns>
    public static long By(Action action)
    {
        var least = long.MaxValue;
        for (var i = 0; i < 20 && least > 0; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}

public sealed class AllocatedTests
{
    private static readonly object?[] Kept = new object?[1];

    [Fact]
    public void WhatIsAllocatedEachTimeIsFound() => Assert.True(Allocated.By(() => Kept[0] = new byte[10]) >= 10);
}
