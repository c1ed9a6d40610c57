namespace StreamRnn.Onnx.Import;

/// <summary>Reshape: of numbers that stand in the file, and of values whose axes are laid into one row and taken apart again.</summary>
internal static class Reshaping
{
    public static IReadOnlyList<Value> Reshape(Call call, GraphReader reader)
    {
        if (call.Int("allowzero", 0) != 0)
            throw call.Refused("allowzero = 1; supported is 0");
        return call[0] switch
        {
            Filled or States => [call[0]],
            Signal signal => [Reshape(call, reader, signal, call.Extents(1))],
            Block<float> block => [Blocks.Reshape(block, Dims(call, block.Dims, call.Numbers(1)))],
            Block<Extent> block => [Blocks.Reshape(block, Dims(call, block.Dims, call.Numbers(1)))],
            var other => throw call.Refused($"reshapes {Call.Named(other)}"),
        };
    }

    private static IReadOnlyList<int> Dims(Call call, IReadOnlyList<int> from, long[] wanted)
    {
        var count = Blocks.Count(from);
        var dims = new long[wanted.Length];
        var (known, open) = (1L, -1);
        for (var axis = 0; axis < wanted.Length; axis++)
        {
            dims[axis] = wanted[axis] == 0 && axis < from.Count ? from[axis] : wanted[axis];
            if (dims[axis] == -1 && open < 0)
                open = axis;
            else if (dims[axis] is < 0 or > int.MaxValue || (known *= dims[axis]) > int.MaxValue)
                throw call.Refused($"asks for the shape ({string.Join(", ", wanted)})");
        }

        if (open >= 0)
            dims[open] = known > 0 && count / known <= int.MaxValue ? count / known : throw call.Refused($"asks for the shape ({string.Join(", ", wanted)}) of {count} numbers");
        return [.. dims.Select(size => (int)size)];
    }

    /// <summary>
    /// The values stay the last axis. The axes before it, ones aside, keep their order: they become one axis, or stand for themselves again. A size in the target says which, where it is known;
    /// an open one may be any.
    /// </summary>
    private static Signal Reshape(Call call, GraphReader reader, Signal signal, Block<Extent> shape)
    {
        if (signal.Cut)
            return signal;
        signal = signal.Chain is null && signal.Axes.Count > 0 && signal.Axes[^1].Of.Count == 1 ? signal with { Axes = [.. signal.Axes.SkipLast(1), Axis.Values] } : signal;
        if (shape.Dims.Count != 1 || shape.Items.Length == 0 || signal.Axes.Count == 0 || !signal.Axes[^1].IsValues)
            throw Refused();
        // 0 stands for the size at the same place before.
        var wanted = shape.Items.Select((extent, n) => extent.Number == 0 && n < signal.Axes.Count ? ExtentOf(signal.Axes[n]) : extent).ToArray();
        if (wanted[^1].Number is { } last && last != -1 && reader.WidthOf(signal) is { } width && last != width)
            throw Refused();
        var labels = signal.Axes.SkipLast(1).SelectMany(axis => axis.Of).ToArray();
        var leading = wanted[..^1];
        if (Fits(leading, labels) is { } each)
            return signal with { Axes = [.. each, Axis.Values] };
        var notOne = leading.Where(extent => extent.Number != 1).ToArray();
        if (Fits(notOne, labels) is { } others)
        {
            var rest = new Queue<Axis>(others);
            return signal with { Axes = [.. leading.Select(extent => extent.Number == 1 ? Axis.One : rest.Dequeue()), Axis.Values] };
        }

        if (notOne is [{ Number: -1 or null or > 1, Axis: null }] && labels.Length > 1)
            return signal with { Axes = [.. leading.Select(extent => extent.Number == 1 ? Axis.One : new Axis(labels)), Axis.Values] };
        throw Refused();

        Axis[]? Fits(Extent[] target, int[] axes) => target.Length == axes.Length && target.Zip(axes).All(pair => Fit(pair.First, pair.Second)) ? [.. axes.Select(axis => new Axis([axis]))] : null;

        bool Fit(Extent extent, int axis) => reader.SizeOf(signal, new Axis([axis])) is var size
            && (extent.Axis == axis || (extent.Axis is null && (extent.Number is null or -1 || (size is null ? extent.Number > 1 : extent.Number == size))));

        Extent ExtentOf(Axis axis) => axis.IsOne ? Extent.Of(1) : axis.IsValues ? reader.WidthOf(signal) is { } known ? Extent.Of(known) : Extent.Unknown : axis.Of is [var one] ? Extent.OfAxis(one) : Extent.Unknown;

        OnnxException Refused() => call.Refused(
            $"gives the axes ({string.Join(", ", signal.Axes)}) the shape ({string.Join(", ", shape.Items.Select(e => e.Number?.ToString() ?? (e.Axis is { } axis ? $"axis {axis}" : "?")))}); "
            + "supported are shapes that leave the values last and lay time and batch into one row or take them apart again");
    }
}
