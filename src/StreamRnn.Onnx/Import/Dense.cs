namespace StreamRnn.Onnx.Import;

/// <summary>The operators of a dense layer, y = φ(W x + b), which come one by one.</summary>
internal static class Dense
{
    public static IReadOnlyList<Value> MatMul(Call call, GraphReader reader)
    {
        var x = reader.Flowing(call, call[0]);
        var weights = call.Weights(1);
        if (weights.Dims is not [> 0 and var inputs, > 0 and var units])
            throw call.Refused($"its weights have the shape ({string.Join(", ", weights.Dims)}); supported is (inputs, units)");
        return [Layer(call, x, inputs, units, Blocks.Transpose(weights, [1, 0]).Items, null)];
    }

    public static IReadOnlyList<Value> Gemm(Call call, GraphReader reader)
    {
        var (alpha, beta) = (call.Float("alpha", 1), call.Float("beta", 1));
        if (call.Int("transA", 0) != 0)
            throw call.Refused("transposes its input (transA = 1); supported is 0");
        var x = reader.Flowing(call, call[0]);
        var weights = call.Weights(1);
        if (weights.Dims is not [> 0, > 0])
            throw call.Refused($"its weights have the shape ({string.Join(", ", weights.Dims)}); expected are two axes");
        if (call.Int("transB", 0) == 0)
            weights = Blocks.Transpose(weights, [1, 0]); // (units, inputs)
        var units = weights.Dims[0];
        var bias = call.Optional(2) is null ? null : Bias(call, call.Weights(2), units);
        return [Layer(call, x, weights.Dims[1], units, Scaled(weights.Items, alpha), bias is null ? null : Scaled(bias, beta))];
    }

    public static IReadOnlyList<Value> Add(Call call, GraphReader reader)
    {
        if (call[0] is Signal one && call[1] is Signal other)
            return [Residual(call, reader, one, other)];
        var (x, bias) = call[0] is Signal ? (call[0], call[1]) : (call[1], call[0]);
        if (bias is not Block<float> numbers)
            throw call.Refused($"adds {Call.Named(call[0])} and {Call.Named(call[1])}; supported is a bias that stands in the file, or the net's input, added to the output of a layer");
        var signal = reader.Flowing(call, x);
        var open = Open(call, signal, link => link is { B: null, Activation: null, Added: null });
        return [signal with { Chain = open with { B = Bias(call, numbers, open.Units) } }];
    }

    public static IReadOnlyList<Value> Activate(Call call, GraphReader reader, string activation)
    {
        var signal = reader.Flowing(call, call[0]);
        return [signal with { Chain = Open(call, signal, link => link is { Activation: null, Added: null }) with { Activation = activation } }];
    }

    public static IReadOnlyList<Value> Softmax(Call call, GraphReader reader)
    {
        var signal = reader.Flowing(call, call[0]);
        var axis = call.Axis(call.Int("axis", call.Opset < 13 ? 1 : -1), signal.Axes.Count);
        if (axis != signal.Axes.Count - 1)
            throw call.Refused($"runs along axis {axis} ({signal.Axes[axis]}); supported is the axis of the values");
        return Activate(call, reader, "softmax");
    }

    /// <summary>y + x, or y + x E: what is predicted is the change from the row that goes in.</summary>
    private static Signal Residual(Call call, GraphReader reader, Signal one, Signal other)
    {
        var (layer, input) = (one.Chain?.Path().Count ?? 0) >= (other.Chain?.Path().Count ?? 0) ? (one, other) : (other, one);
        (layer, input) = (reader.Flowing(call, layer), reader.Flowing(call, input));
        var map = input.Chain switch
        {
            null when layer.Chain is { Units: var units } chain && chain.Path()[0].Inputs == units => ResidualMap.Identity(units),
            DenseLink { Before: null, B: null, Activation: null, Added: null } link when layer.Chain?.Path()[0].Inputs == link.Inputs && layer.Chain.Units == link.Units => Blocks.Transpose(new Block<float>([link.Units, link.Inputs], link.W), [1, 0]).Items,
            _ => throw call.Refused("adds the outputs of two layers; supported is a bias that stands in the file, or the net's input, added to the output of its last layer"),
        };
        if (!layer.Axes.SequenceEqual(input.Axes))
            throw call.Refused($"adds values along the axes ({string.Join(", ", layer.Axes)}) and ({string.Join(", ", input.Axes)}); supported are the same");
        return layer with { Chain = Open(call, layer, link => link is { Activation: null, Added: null }) with { Added = map } };
    }

    private static Signal Layer(Call call, Signal x, int inputs, int units, float[] w, float[]? b)
    {
        if (x.Chain is { } before && before.Units != inputs)
            throw call.Refused($"takes {inputs} values; {before.Place} before it gives {before.Units}");
        return x with { Chain = new DenseLink(x.Chain, call.Place, inputs, units, w) { B = b } };
    }

    /// <summary>The dense layer that a bias or an activation belongs to; one that changes nothing where the layer before is of another kind, or is complete.</summary>
    private static DenseLink Open(Call call, Signal signal, Func<DenseLink, bool> isOpen) => signal.Chain switch
    {
        null => throw call.Refused("works on the input before any layer; supported as the first operator is a layer with weights: normalise the input outside the net"),
        DenseLink link when isOpen(link) => link,
        var link => DenseLink.Identity(link, call.Place, link.Units),
    };

    /// <summary>(units), or one number for all; axes of one before it change nothing.</summary>
    private static float[] Bias(Call call, Block<float> block, int units) =>
        block.Dims.SkipLast(1).All(size => size == 1) && block.Items.Length == units ? block.Items
        : block.Items is [var one] ? [.. Enumerable.Repeat(one, units)]
        : throw call.Refused($"its bias has the shape ({string.Join(", ", block.Dims)}); expected is ({units})");

    private static float[] Scaled(float[] values, float factor) => factor == 1 ? values : [.. values.Select(value => value * factor)];
}
