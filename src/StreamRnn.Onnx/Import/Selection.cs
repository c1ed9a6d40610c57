namespace StreamRnn.Onnx.Import;

/// <summary>The operators that take a part: of weights, of shapes, of an input for the states of one layer, and the last step of a sequence.</summary>
internal static class Selection
{
    public static IReadOnlyList<Value> Slice(Call call, GraphReader reader)
    {
        var starts = call.NumbersOf("starts", 1) ?? throw call.Refused("does not say where to start");
        var ends = call.NumbersOf("ends", 2) ?? throw call.Refused("does not say where to end");
        var axes = call.NumbersOf("axes", 3) ?? [.. Enumerable.Range(0, starts.Length).Select(axis => (long)axis)];
        var steps = (call.Optional(4) is null ? null : call.Numbers(4)) ?? [.. Enumerable.Repeat(1L, starts.Length)];
        if (ends.Length != starts.Length || axes.Length != starts.Length || steps.Length != starts.Length)
            throw call.Refused($"has {starts.Length} starts, {ends.Length} ends, {axes.Length} axes and {steps.Length} steps; expected is one of each");
        var value = call[0];
        for (var n = 0; n < axes.Length; n++)
            value = value switch
            {
                Filled => value,
                Block<float> block => Blocks.Slice(block, call.Axis(axes[n], block.Dims.Count), starts[n], ends[n], steps[n]),
                Block<Extent> block => Blocks.Slice(block, call.Axis(axes[n], block.Dims.Count), starts[n], ends[n], steps[n]),
                Signal signal => Slice(call, reader, signal, call.Axis(axes[n], signal.Axes.Count), starts[n], ends[n], steps[n]),
                var other => throw call.Refused($"cuts {Call.Named(other)}"),
            };
        return [value];
    }

    public static IReadOnlyList<Value> Gather(Call call, GraphReader reader)
    {
        var places = call.Extents(1);
        var along = call.Int("axis", 0);
        return call[0] switch
        {
            Filled filled => [filled],
            Block<float> block => [Blocks.Gather(block, call.Axis(along, block.Dims.Count), call.Numbers(1), places.Dims)],
            Block<Extent> block => [Blocks.Gather(block, call.Axis(along, block.Dims.Count), call.Numbers(1), places.Dims)],
            Signal signal when call.Numbers(1) is [var place] => [Gather(call, reader, signal, call.Axis(along, signal.Axes.Count), place, keep: places.Dims.Count > 0)],
            States { Layers: var layers } when along == 0 && places.Dims.Count == 0 && call.Numbers(1)[0] is var n && n >= -layers.Count && n < layers.Count =>
                [layers[(int)(n < 0 ? n + layers.Count : n)] is var state && state.Axes[0].IsOne
                    ? state with { Axes = [.. state.Axes.Skip(1)] }
                    : throw call.Refused("picks the states of a layer along another axis than that of the layers")],
            var other => throw call.Refused($"picks from {Call.Named(other)}; supported are one place, weights and shapes"),
        };
    }

    public static IReadOnlyList<Value> Split(Call call, GraphReader reader)
    {
        _ = call.Int("axis", 0);
        _ = call.NumbersOf("split", 1);
        _ = call.Int("num_outputs", 0);
        return call[0] switch
        {
            Filled filled => [.. call.Node.Outputs.Select(_ => filled)],
            Signal { Chain: null } signal => [.. call.Node.Outputs.Select(_ => signal with { Cut = true })],
            var other => throw call.Refused($"splits {Call.Named(other)}; supported is an input, for the states of several layers"),
        };
    }

    private static Signal Slice(Call call, GraphReader reader, Signal signal, int axis, long start, long end, long step)
    {
        var size = reader.SizeOf(signal, signal.Axes[axis]);
        var toEnd = end >= (size ?? int.MaxValue);
        if (step == 1 && toEnd && (start == 0 || (size is { } known && start == -known)))
            return signal;
        if (signal.Chain is null)
            return signal with { Cut = true };
        if (step == 1 && toEnd && IsLast(reader, signal, axis, start, size))
            return signal with { Last = true, Axes = [.. signal.Axes.Select((one, n) => n == axis ? Axis.One : one)] };
        throw call.Refused($"cuts the output of a layer along axis {axis} ({signal.Axes[axis]}) from {start} to {end}; supported is the last step, which is what a stream has");
    }

    private static Signal Gather(Call call, GraphReader reader, Signal signal, int axis, long place, bool keep)
    {
        var size = reader.SizeOf(signal, signal.Axes[axis]);
        IReadOnlyList<Axis> axes = [.. signal.Axes.SelectMany((one, n) => n != axis ? [one] : keep ? [Axis.One] : Array.Empty<Axis>())];
        if (size == 1 && place is 0 or -1 && !signal.Axes[axis].IsValues)
            return signal with { Axes = axes };
        if (signal.Chain is null)
            return signal with { Cut = true, Axes = axes };
        return IsLast(reader, signal, axis, place, size) ? signal with { Last = true, Axes = axes }
            : throw call.Refused($"picks place {place} of the output of a layer along axis {axis} ({signal.Axes[axis]}); supported is the last step, which is what a stream has");
    }

    private static bool IsLast(GraphReader reader, Signal signal, int axis, long place, long? size) =>
        reader.Time is { IsOne: false } time && signal.Axes[axis].Equals(time) && (place == -1 || place == size - 1);
}
