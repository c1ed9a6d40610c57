namespace StreamRnn.Onnx.Import;

/// <summary>The recurrent operators.</summary>
internal static class Recurrent
{
    public static IReadOnlyList<Value> Lstm(Call call, GraphReader reader)
    {
        if (call.Int("input_forget", 0) != 0)
            throw call.Refused("couples the input and the forget gate (input_forget = 1); supported is 0");
        Activations(call, "Sigmoid", "Tanh", "Tanh");
        var (x, units, layout) = Begin(call, reader, Gates.Lstm.Length);
        var (w, u, bias, recurrentBias) = Weights(call, x, units, Gates.Lstm);
        InitialState(call, reader, 5);
        InitialState(call, reader, 6);
        var own = new List<float[]> { w, u, Sum(bias, recurrentBias) };
        var peepholes = call.Optional(7) is { } given && !IsZero(given);
        if (peepholes)
            own.Add(Gates.FromOnnx(call.Weights(7, 1, 3 * units).Items, Gates.Peepholes));
        return Outputs(x, layout, Link(call, x, peepholes ? "gravesLstm" : "lstm", units, own), cell: true);
    }

    public static IReadOnlyList<Value> Gru(Call call, GraphReader reader)
    {
        if (call.Int("linear_before_reset", 0) == 0)
            throw call.Refused("resets the state before the product (linear_before_reset = 0); supported is 1, as PyTorch has it and Keras with reset_after");
        Activations(call, "Sigmoid", "Tanh");
        var (x, units, layout) = Begin(call, reader, Gates.Gru.Length);
        var (w, u, bias, recurrentBias) = Weights(call, x, units, Gates.Gru);
        InitialState(call, reader, 5);
        var gates = 2 * units; // r and z have one bias, n and m one each
        float[] b = [.. Sum(bias[..gates], recurrentBias[..gates]), .. bias[gates..], .. recurrentBias[gates..]];
        return Outputs(x, layout, Link(call, x, "gru", units, [w, u, b]), cell: false);
    }

    public static IReadOnlyList<Value> Rnn(Call call, GraphReader reader)
    {
        Activations(call, "Tanh");
        var (x, units, layout) = Begin(call, reader, Gates.Rnn.Length);
        var (w, u, bias, recurrentBias) = Weights(call, x, units, Gates.Rnn);
        InitialState(call, reader, 5);
        return Outputs(x, layout, Link(call, x, "simpleRnn", units, [w, u, Sum(bias, recurrentBias)]), cell: false);
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
        return (Gates.FromOnnx(w.Items, order), Gates.FromOnnx(call.Weights(2, 1, rows, units).Items, order),
            Gates.FromOnnx(bias.AsSpan(0, rows), order), Gates.FromOnnx(bias.AsSpan(rows), order));
    }

    private static RecurrentLink Link(Call call, Signal x, string type, int units, IReadOnlyList<float[]> own) =>
        new(x.Chain, call.Place, type, call.Weights(1).Dims[2], units, own);

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

    private static Value[] Outputs(Signal x, long layout, RecurrentLink link, bool cell)
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
