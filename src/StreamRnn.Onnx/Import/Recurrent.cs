namespace StreamRnn.Onnx.Import;

/// <summary>The recurrent operators. Their gates are in another order than ours; each table says where in ONNX's rows a gate of ours is.</summary>
internal static class Recurrent
{
    /// <summary>Ours are i f g o, ONNX's i o f c, c being our g.</summary>
    private static readonly int[] s_lstmGates = [0, 2, 3, 1];

    public static IReadOnlyList<Value> Lstm(Call call, GraphReader reader)
    {
        if (call.Int("input_forget", 0) != 0)
            throw call.Refused("couples the input and the forget gate (input_forget = 1); supported is 0");
        Activations(call, "Sigmoid", "Tanh", "Tanh");
        var (x, units, layout) = Begin(call, reader, 4);
        var (w, u, bias, recurrentBias) = Weights(call, x, units, s_lstmGates);
        if (call.Optional(7) is { } peepholes && !IsZero(peepholes))
            throw call.Refused("has peepholes; supported are layers without them");
        InitialState(call, reader, 5);
        InitialState(call, reader, 6);
        return Outputs(reader, x, layout, new RecurrentLink(x.Chain, call.Place, "lstm", w.Length / (4 * units), units, [w, u, Sum(bias, recurrentBias)]), cell: true);
    }

    private static (Signal X, int Units, long Layout) Begin(Call call, GraphReader reader, int gates)
    {
        if (call.Attribute("direction")?.Text is { } direction && direction != "forward")
            throw call.Refused($"direction is '{direction}'; supported is 'forward': a stream has no end to read it backwards from");
        if (call.Attribute("clip") is not null)
            throw call.Refused("clips its sums (attribute 'clip'); supported are layers that do not");
        if (call.Optional(4) is not null)
            throw call.Refused("takes the lengths of its sequences (input 5, sequence_lens); supported are sequences of one length");
        var layout = call.Int("layout", 0);
        if (layout is not (0 or 1))
            throw call.Refused($"layout is {layout}; supported are 0 and 1");
        var x = reader.Flowing(call, call[0]);
        if (x.Axes.Count != 3 || x.Axes[0].Of.Count > 1 || x.Axes[1].Of.Count > 1)
            throw call.Refused($"its input has the axes ({string.Join(", ", x.Axes)}); expected are three: time, batch and values");
        if (x.Last)
            throw call.Refused("runs over the last step of the layers before it; supported are layers that all run over the whole sequence");
        var (time, batch) = layout == 0 ? (x.Axes[0], x.Axes[1]) : (x.Axes[1], x.Axes[0]);
        reader.RunAlong(call, time, batch);
        var recurrent = call.Weights(2);
        if (recurrent.Dims is not [1, var rows, var units] || rows != (long)gates * units || units < 1)
            throw call.Refused($"recurrent weights have the shape ({string.Join(", ", recurrent.Dims)}); expected is (1, {gates} · units, units), one direction");
        if (call.Int("hidden_size", units) is var said && said != units)
            throw call.Refused($"hidden_size is {said}; the recurrent weights have {units} units");
        return (x, units, layout);
    }

    private static (float[] W, float[] U, float[] Bias, float[] RecurrentBias) Weights(Call call, Signal x, int units, int[] order)
    {
        var rows = order.Length * units;
        var w = call.Weights(1);
        if (w.Dims is not [1, var found, var inputs] || found != rows || inputs < 1)
            throw call.Refused($"input weights have the shape ({string.Join(", ", w.Dims)}); expected is (1, {rows}, inputs), one direction");
        if (x.Chain is { } before && before.Units != inputs)
            throw call.Refused($"takes {inputs} values; {before.Place} before it gives {before.Units}");
        var bias = call.Optional(3) is null ? new float[2 * rows] : call.Weights(3, 1, 2 * rows).Items;
        return (Reordered(w.Items, units * inputs, order), Reordered(call.Weights(2, 1, rows, units).Items, units * units, order),
            Reordered(bias[..rows], units, order), Reordered(bias[rows..], units, order));
    }

    private static float[] Reordered(float[] values, int length, int[] order)
    {
        var ours = new float[values.Length];
        for (var gate = 0; gate < order.Length; gate++)
            values.AsSpan(order[gate] * length, length).CopyTo(ours.AsSpan(gate * length));
        return ours;
    }

    /// <summary>Zero is not added: it would turn −0 into 0, and what we wrote must come back to the bit.</summary>
    private static float[] Sum(float[] a, float[] b) => [.. a.Zip(b, (one, other) => other == 0 ? one : one + other)];

    private static void Activations(Call call, params ReadOnlySpan<string> ours)
    {
        if (call.Attribute("activations") is not { } attribute)
            return;
        _ = call.Attribute("activation_alpha"); // of functions that these are not
        _ = call.Attribute("activation_beta");
        if (!attribute.Texts.SequenceEqual(ours.ToArray(), StringComparer.OrdinalIgnoreCase))
            throw call.Refused($"its activations are {string.Join(", ", attribute.Texts)}; supported are {string.Join(", ", ours.ToArray())}");
    }

    private static void InitialState(Call call, GraphReader reader, int input)
    {
        if (call.Optional(input) is not { } value || IsZero(value))
            return;
        if (value is not Signal { Chain: null } state)
            throw call.Refused($"its first state (input {input + 1}) is {Call.Named(value)}; supported are zeros and an input of the graph: here a sequence begins with zeros");
        if (state.Source == reader.Source)
            throw call.Refused($"its first state (input {input + 1}) is the input '{state.Source}', which flows through the layers as well");
    }

    private static bool IsZero(Value value) => value is Filled { Number: 0 } || (value is Block<float> block && block.Items.All(number => number == 0));

    private static Value[] Outputs(GraphReader reader, Signal x, long layout, RecurrentLink link, bool cell)
    {
        var (time, batch) = layout == 0 ? (x.Axes[0], x.Axes[1]) : (x.Axes[1], x.Axes[0]);
        var y = x with { Chain = link, Axes = layout == 0 ? [time, Axis.One, batch, Axis.Values] : [batch, time, Axis.One, Axis.Values] };
        var last = y with
        {
            Axes = layout == 0 ? [Axis.One, batch, Axis.Values] : [batch, Axis.One, Axis.Values],
            Kind = SignalKind.Hidden,
            Last = !time.IsOne, // of a graph that makes one step, the last step is the step
        };
        return cell ? [y, last, last with { Kind = SignalKind.Cell }] : [y, last];
    }
}
