namespace StreamRnn.Onnx.Import;

/// <summary>The operators that exporters put around layers to move axes about.</summary>
internal static class Plumbing
{
    private const long ToFloat = 1, ToInt32 = 6, ToInt64 = 7;

    public static IReadOnlyList<Value> Dropout(Call call, GraphReader reader)
    {
        _ = call.Float("ratio", 0);
        _ = call.Int("seed", 0);
        if (call.Optional(2) is not null)
            throw call.Refused("may be in training mode (input 3); supported are nets exported for use, not for training");
        return [call[0]];
    }

    public static IReadOnlyList<Value> Cast(Call call, GraphReader reader)
    {
        var to = call.Int("to", 0);
        return (call[0], to) switch
        {
            (Signal or Block<float> or Filled or States, ToFloat) or (Block<Extent>, ToInt32 or ToInt64) => [call[0]],
            _ => throw call.Refused($"turns {Call.Named(call[0])} into element type {to}; supported are float32 for values and int32, int64 for shapes"),
        };
    }

    public static IReadOnlyList<Value> Transpose(Call call, GraphReader reader)
    {
        var order = call.Attribute("perm")?.Ints;
        return call[0] switch
        {
            Filled or States => [call[0]],
            Signal signal => [signal with { Axes = [.. Order(signal.Axes.Count).Select(axis => signal.Axes[axis])] }],
            Block<float> block => [Blocks.Transpose(block, Order(block.Dims.Count))],
            Block<Extent> block => [Blocks.Transpose(block, Order(block.Dims.Count))],
            var other => throw call.Refused($"transposes {Call.Named(other)}"),
        };

        int[] Order(int rank)
        {
            var axes = order is null ? [.. Enumerable.Range(0, rank).Reverse()] : order.Select(axis => call.Axis(axis, rank)).ToArray();
            return axes.Length == rank && axes.Distinct().Count() == rank ? axes
                : throw call.Refused($"perm ({string.Join(", ", axes)}) is no order of {rank} axes");
        }
    }

    public static IReadOnlyList<Value> Squeeze(Call call, GraphReader reader)
    {
        var said = call.NumbersOf("axes", 1);
        return call[0] switch
        {
            Filled or States => [call[0]],
            Signal signal => [signal with { Axes = Without(signal.Axes, axis => signal.Cut || reader.SizeOf(signal, axis) == 1) }],
            Block<float> block => [Blocks.Reshape(block, Without(block.Dims, size => size == 1))],
            Block<Extent> block => [Blocks.Reshape(block, Without(block.Dims, size => size == 1))],
            var other => throw call.Refused($"squeezes {Call.Named(other)}"),
        };

        IReadOnlyList<T> Without<T>(IReadOnlyList<T> axes, Func<T, bool> isOne)
        {
            var squeezed = said?.Select(axis => call.Axis(axis, axes.Count)).ToHashSet() ?? [.. Enumerable.Range(0, axes.Count).Where(axis => isOne(axes[axis]))];
            foreach (var axis in squeezed)
                if (!isOne(axes[axis]))
                    throw call.Refused($"squeezes axis {axis} ({axes[axis]}), which is not known to have the size 1");
            return [.. axes.Where((_, axis) => !squeezed.Contains(axis))];
        }
    }

    public static IReadOnlyList<Value> Unsqueeze(Call call, GraphReader reader)
    {
        var said = call.NumbersOf("axes", 1) ?? throw call.Refused("does not say which axes");
        return call[0] switch
        {
            Filled or States => [call[0]],
            Signal signal => [signal with { Axes = With(signal.Axes, Axis.One) }],
            Block<float> block => [Blocks.Reshape(block, With(block.Dims, 1))],
            Block<Extent> block => [Blocks.Reshape(block, With(block.Dims, 1))],
            var other => throw call.Refused($"unsqueezes {Call.Named(other)}"),
        };

        IReadOnlyList<T> With<T>(IReadOnlyList<T> axes, T one)
        {
            var rank = axes.Count + said.Length;
            var places = said.Select(axis => call.Axis(axis, rank)).ToHashSet();
            if (places.Count != said.Length)
                throw call.Refused($"names an axis twice: {string.Join(", ", said)}");
            var rest = new Queue<T>(axes);
            return [.. Enumerable.Range(0, rank).Select(axis => places.Contains(axis) ? one : rest.Dequeue())];
        }
    }

    public static IReadOnlyList<Value> Concat(Call call, GraphReader reader)
    {
        var along = call.Int("axis", 0);
        var values = Enumerable.Range(0, call.Count).Select(input => call[input]).ToList();
        if (values.Count == 0)
            throw call.Refused("has no inputs");
        if (values.All(value => value is Block<float>))
            return [Together<float>()];
        if (values.All(value => value is Block<Extent>))
            return [Together<Extent>()];
        if (values.All(value => value is Filled filled && filled == values[0]))
            return [values[0]];
        if (values.All(value => value is Signal { Kind: not SignalKind.Flow } or States))
            return [new States([.. values.SelectMany(value => value is States several ? several.Layers : [(Signal)value])])];
        throw call.Refused($"lays together {string.Join(" and ", values.Select(Call.Named))}; supported are weights, shapes and states: a net here is one chain of layers");

        Block<T> Together<T>()
        {
            var blocks = values.Cast<Block<T>>().ToList();
            return Blocks.Concat(blocks, call.Axis(along, blocks[0].Dims.Count));
        }
    }

    public static IReadOnlyList<Value> Expand(Call call, GraphReader reader) => call[0] switch
    {
        Unknown unknown => [unknown],
        Filled filled => [filled],
        Block<float> { Items: [var first, ..] } block when block.Items.All(number => number == first) => [new Filled(first)],
        var other => throw call.Refused($"repeats {Call.Named(other)}; supported is one number, such as the zeros of a first state"),
    };
}
