using StreamRnn.Onnx.Format;

namespace StreamRnn.Onnx.Import;

/// <summary>Numbers that stand in the file, and the arithmetic of shapes.</summary>
internal static class Sizes
{
    private const int MostKnown = 4096; // numbers of a shape that are worth knowing one by one

    public static Value Of(TensorMessage tensor) =>
        tensor.Floats is { } floats ? new Block<float>(tensor.Dims, floats)
        : tensor.Ints is { } ints ? new Block<Extent>(tensor.Dims, [.. ints.Select(Extent.Of)])
        : new Unknown($"tensor '{tensor.Name}' has the element type {tensor.Type}; supported are float32, and int32 and int64 for shapes");

    public static IReadOnlyList<Value> Constant(Call call, GraphReader reader)
    {
        if (call.Attribute("value") is { Tensor: { } tensor })
            return [Of(tensor)];
        if (call.Attribute("value_float") is { Float: { } number })
            return [new Block<float>([], [number])];
        if (call.Attribute("value_floats") is { } floats)
            return [new Block<float>([floats.Floats.Count], [.. floats.Floats])];
        if (call.Attribute("value_int") is { Int: { } whole })
            return [new Block<Extent>([], [Extent.Of(whole)])];
        if (call.Attribute("value_ints") is { } ints)
            return [new Block<Extent>([ints.Ints.Count], [.. ints.Ints.Select(Extent.Of)])];
        throw call.Refused("has no value that we read; supported are tensors of float32, int32 and int64");
    }

    public static IReadOnlyList<Value> ConstantOfShape(Call call, GraphReader reader)
    {
        var value = call.Attribute("value") is { Tensor: { } tensor } ? Of(tensor) : new Block<float>([1], [0]);
        if (value is Block<float> { Items: [var number] })
            return [new Filled(number)];
        if (value is not Block<Extent> { Items: [var extent] })
            throw call.Refused("its value is not one number of float32, int32 or int64");
        var dims = call.Numbers(0);
        if (dims.Any(size => size is < 0 or > MostKnown) || Blocks.Count(dims.Select(size => (int)size)) is var count && count > MostKnown)
            throw call.Refused($"makes whole numbers of the shape ({string.Join(", ", dims)}); supported are up to {MostKnown}");
        return [new Block<Extent>([.. dims.Select(size => (int)size)], [.. Enumerable.Repeat(extent, (int)count)])];
    }

    public static IReadOnlyList<Value> Shape(Call call, GraphReader reader)
    {
        Extent[] extents = call[0] switch
        {
            Signal signal => [.. signal.Axes.Select(axis => axis.IsOne ? Extent.Of(1)
                : axis.IsValues ? reader.WidthOf(signal) is { } width ? Extent.Of(width) : Extent.Unknown
                : axis.Of is [var one] && !signal.Cut ? Extent.OfAxis(one) : Extent.Unknown)],
            Block<float> block => [.. block.Dims.Select(size => Extent.Of(size))],
            Block<Extent> block => [.. block.Dims.Select(size => Extent.Of(size))],
            var other => throw call.Refused($"asks for the shape of {Call.Named(other)}"),
        };
        var rank = extents.Length;
        var (start, end) = (Bound(call.Int("start", 0)), Bound(call.Int("end", rank)));
        return [new Block<Extent>([Math.Max(0, end - start)], end > start ? extents[start..end] : [])];

        int Bound(long at) => (int)Math.Clamp(at < 0 ? at + rank : at, 0, rank);
    }
}
