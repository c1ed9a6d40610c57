namespace StreamRnn.Nets.Kernels;

/// <summary>
/// One vector width: what the kernels need of it and no more. Every member is an exactly rounded IEEE 754 operation (fused multiply-add, division, rounding to even):
/// a kernel then gives the same bits at every width and on every machine; reciprocal estimates are left out for that reason.
/// </summary>
/// <typeparam name="TVector">The vector of <see cref="Width"/> float32 lanes.</typeparam>
internal unsafe interface ILanes<TVector>
    where TVector : struct
{
    static abstract string Name { get; }

    /// <summary>Whether this machine has the width and a fused multiply-add for it.</summary>
    static abstract bool IsSupported { get; }

    static abstract int Width { get; }

    /// <summary>Whether there are 32 vector registers: enough for 24 sums, 4 weights and a broadcast without a spill.</summary>
    static abstract bool HasManyRegisters { get; }

    static abstract TVector Load(float* p);

    static abstract void Store(TVector a, float* p);

    static abstract TVector Broadcast(float a);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    static abstract TVector Multiply(TVector a, TVector b);

    static abstract TVector Divide(TVector a, TVector b);

    /// <summary>a·b + c, rounded once.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>The machine's own minimum (and maximum below): machines differ in what they make of a NaN, and of nothing else.</summary>
    static abstract TVector Min(TVector a, TVector b);

    static abstract TVector Max(TVector a, TVector b);

    /// <summary>b where a &gt; 0, else 0.</summary>
    static abstract TVector WherePositive(TVector a, TVector b);

    static abstract TVector Round(TVector a);

    /// <summary>a·2^n for integral n in [−126, 127], where the result is a normal number.</summary>
    static abstract TVector Scale(TVector a, TVector n);
}
