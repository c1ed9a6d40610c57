using CsCheck;
using StreamRnn.Nets;
using StreamRnn.Onnx;
using StreamRnn.Onnx.Export;
using StreamRnn.Onnx.Format;

namespace StreamRnn.Tests.Onnx;

/// <summary>What is not a net that we can step: said, with the operator's and the node's name, and nothing worse than said.</summary>
public sealed class OnnxRefusalTests
{
    private const string Small = """{"layers":[{"type":"lstm","units":2},{"type":"rnnOutput","units":1}]}""";

    [Fact]
    public void EveryTruncationIsRefused()
    {
        var bytes = Small1();
        Assert.NotNull(OnnxNets.Read(bytes).Net);
        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<OnnxException>(() => OnnxNets.Read(bytes[..length]));
    }

    [Fact]
    public void AnyChangedByteIsRefusedOrANetAllTheSame()
    {
        var (bytes, refused) = (Small1(), 0);
        for (var at = 0; at < bytes.Length; at++)
            foreach (var change in new byte[] { 0x01, 0x02, 0x04, 0x80, 0xFF })
            {
                var altered = (byte[])bytes.Clone();
                altered[at] ^= change;
                refused += IsRefused(altered) ? 1 : 0;
            }

        Assert.InRange(refused, bytes.Length, 5 * bytes.Length);
    }

    [Fact]
    public void AnyBytesAreRefusedOrANet() => Gen.Byte.Array[0, 300].Sample(bytes => Assert.True(IsRefused(bytes)), iter: 2000);

    [Fact]
    public void AnyGraphOfKnownOperatorsIsRefusedOrANet()
    {
        string[] operators = ["LSTM", "GRU", "RNN", "Gemm", "MatMul", "Add", "Relu", "Softmax", "Identity", "Cast", "Squeeze", "Unsqueeze", "Transpose", "Reshape", "Slice", "Gather", "Split",
            "Concat", "Expand", "Constant", "ConstantOfShape", "Shape"];
        long[] numbers = [-1, 0, 1, 2, 7, long.MaxValue, long.MinValue];
        var node = Gen.Select(Gen.Int[0, operators.Length - 1], Gen.Int[0, 20].Array[0, 6], Gen.Int[0, numbers.Length - 1], (op, inputs, number) => (operators[op], inputs, numbers[number]));
        node.Array[1, 12].Sample(nodes =>
        {
            string[] names = ["", "x", "h0", "whole", "matrix", "vector", "cube", "none", "huge"];
            var made = new List<NodeMessage>();
            foreach (var (op, inputs, number) in nodes)
            {
                made.Add(new NodeMessage(op, "n", [.. inputs.Select(input => names[input % names.Length])], [$"v{made.Count}", $"w{made.Count}"])
                {
                    Attributes = number == 7 ? [] : [new AttributeMessage(op switch { "Cast" => "to", "Transpose" => "perm", _ => "axis" }) { Int = op == "Transpose" ? null : number, Ints = [number, 0] }],
                });
                names = [.. names, $"v{made.Count - 1}"];
            }

            var graph = new GraphMessage("any")
            {
                Nodes = made,
                Inputs = [new PortMessage("x", [default, default, new Dim(2, null)]), new PortMessage("h0", [new Dim(1, null), default, new Dim(2, null)])],
                Outputs = [new PortMessage(names[^1], null)],
                Initializers =
                [
                    new TensorMessage("whole", [3]) { Type = ElementType.Int64, Ints = [0, 1, -1] }, Floats("matrix", 2, 2), Floats("vector", 2), Floats("cube", 1, 8, 2), Floats("none", 0),
                    new TensorMessage("huge", [2]) { Type = ElementType.Int64, Ints = [long.MaxValue, long.MinValue] },
                ],
            };
            IsRefused(MessageWriter.Model(new ModelMessage(graph) { IrVersion = 7, Opsets = new Dictionary<string, long> { [""] = 14 } }));
        }, iter: 5000);
    }

    [Fact]
    public void WhatDecidesTheMeaningIsRefusedByName()
    {
        Refused(With("LSTM", new AttributeMessage("direction") { Text = "bidirectional" }), "operator 'LSTM' (node 'lstm_1')", "'bidirectional'", "'forward'");
        Refused(With("LSTM", new AttributeMessage("clip") { Float = 3 }), "operator 'LSTM' (node 'lstm_1')", "clip");
        Refused(With("LSTM", new AttributeMessage("input_forget") { Int = 1 }), "operator 'LSTM' (node 'lstm_1')", "input_forget");
        Refused(With("LSTM", new AttributeMessage("activations") { Texts = ["Sigmoid", "Relu", "Tanh"] }), "Sigmoid, Relu, Tanh", "supported are Sigmoid, Tanh, Tanh");
        Refused(With("LSTM", new AttributeMessage("novelty") { Int = 1 }), "operator 'LSTM' (node 'lstm_1')", "attribute 'novelty' is not supported");
        Refused(Changed(node => node.Operator == "Add" ? node with { Operator = "Conv" } : node), "operator 'Conv' (node 'sum_2') is not supported; supported are LSTM");
        Refused(Changed(node => node.Operator == "Add" ? node with { Domain = "com.example" } : node), "operator 'com.example.Add' (node 'sum_2') is not supported");
        Refused(Changed(node => node.Operator == "Add" ? node with { Inputs = [node.Inputs[0], node.Inputs[0]] } : node), "operator 'Add' (node 'sum_2')", "adds the outputs of two layers");
        Refused(Changed(node => node.Operator == "LSTM" ? node with { Inputs = [.. node.Inputs.Take(4), "lengths", .. node.Inputs.Skip(5)] } : node), "reads 'lengths', which no node before it makes");
        Refused(Changed(node => node.Operator == "MatMul" ? node with { Inputs = ["cn_1", "w_2"] } : node), "cell state");
        Refused(Graph(graph => graph with { Outputs = [] }), "no output");
        Refused(Graph(graph => graph with { Outputs = [.. graph.Outputs, new PortMessage("out_1", null)] }), "'y' and 'out_1'");
        Refused(Graph(graph => graph with { Nodes = [] }), "'y' is made by no node");
        Refused(Graph(graph => graph with { Inputs = [.. graph.Inputs.Select(input => input with { Type = ElementType.Double })] }), "'x' has the element type Double");
        Refused(Weights("w_1", tensor => tensor with { Type = ElementType.Float16, Floats = [], Dims = [] }), "element type");
        Refused(Weights("w_1", tensor => tensor with { Dims = [2, 8, 3] }), "needs 48 values");
        Refused(Weights("w_1", tensor => Floats("w_1", 2, 8, 3)), "(2, 8, 3)", "one direction");
        Refused(Weights("w_2", tensor => Floats("w_2", 5, 1)), "takes 5 values", "gives 2");
        Refused(Weights("r_1", tensor => tensor with { Floats = [.. tensor.Floats!.Select(_ => float.NaN)] }), "operator 'LSTM' (node 'lstm_1')", "NaN");
        Refused(Message() with { Opsets = new Dictionary<string, long> { [""] = 6 } }, "version 6", "7 and newer");
        Refused(Message() with { Opsets = new Dictionary<string, long>() }, "which version");
    }

    [Fact]
    public void AGruThatResetsBeforeTheProductAndARectifyingRnnAreRefused()
    {
        Refused(Of("gru", "GRU", new AttributeMessage("linear_before_reset") { Int = 0 }), "operator 'GRU' (node 'gru_1')", "linear_before_reset = 0");
        Refused(Of("simpleRnn", "RNN", new AttributeMessage("activations") { Texts = ["Relu"] }), "operator 'RNN' (node 'rnn_1')", "Relu", "supported are Tanh");

        static ModelMessage Of(string type, string op, AttributeMessage attribute)
        {
            var model = NetGraph.Of(OnnxNets.Net($$"""{"layers":[{"type":"{{type}}","units":2}]}"""), new Dictionary<string, string>());
            return model with
            {
                Graph = model.Graph with
                {
                    Nodes = [.. model.Graph.Nodes.Select(node => node.Operator == op ? node with { Attributes = [.. node.Attributes.Where(a => a.Name != attribute.Name), attribute] } : node)],
                },
            };
        }
    }

    [Fact]
    public void AFirstStateThatIsNeitherZeroNorAnInputIsRefused()
    {
        var zero = Graph(graph => graph with { Initializers = [.. graph.Initializers, new TensorMessage("start", [1, 1, 2]) { Type = ElementType.Float, Floats = [0, 0] }] });
        Assert.NotNull(OnnxNets.Read(MessageWriter.Model(Start(zero))).Net);
        Refused(Start(Graph(graph => graph with { Initializers = [.. graph.Initializers, Floats("start", 1, 1, 2)] })), "first state (input 6)", "zeros");

        static ModelMessage Start(ModelMessage model) => model with
        {
            Graph = model.Graph with { Nodes = [.. model.Graph.Nodes.Select(node => node.Operator == "LSTM" ? node with { Inputs = [.. node.Inputs.Take(5), "start", node.Inputs[6]] } : node)] },
        };
    }

    [Fact]
    public void WhatNothingDependsOnMayBeAnything()
    {
        var model = Graph(graph => graph with { Nodes = [.. graph.Nodes, new NodeMessage("Conv", "idle", ["x"], ["nobody"])] });
        Assert.Equal(Topology.Parse(Small), OnnxNets.Read(MessageWriter.Model(model)).Net.Topology);
    }

    private static void Refused(ModelMessage model, params ReadOnlySpan<string> says)
    {
        var message = Assert.Throws<OnnxException>(() => OnnxNets.Read(MessageWriter.Model(model))).Message;
        foreach (var part in says)
            Assert.Contains(part, message, StringComparison.Ordinal);
    }

    private static bool IsRefused(byte[] bytes)
    {
        try
        {
            return OnnxNets.Read(bytes).Net is null;
        }
        catch (OnnxException)
        {
            return true;
        }
    }

    private static byte[] Small1() => OnnxNets.Bytes(OnnxNets.Net(Small));

    private static ModelMessage Message() => NetGraph.Of(OnnxNets.Net(Small), new Dictionary<string, string> { ["streamrnn.topology"] = Small });

    private static ModelMessage Graph(Func<GraphMessage, GraphMessage> change) => Message() is var model ? model with { Graph = change(model.Graph) } : model;

    private static ModelMessage Changed(Func<NodeMessage, NodeMessage> change) => Graph(graph => graph with { Nodes = [.. graph.Nodes.Select(change)] });

    private static ModelMessage With(string op, AttributeMessage attribute) => Changed(node => node.Operator == op ? node with { Attributes = [.. node.Attributes, attribute] } : node);

    private static ModelMessage Weights(string name, Func<TensorMessage, TensorMessage> change) =>
        Graph(graph => graph with { Initializers = [.. graph.Initializers.Select(tensor => tensor.Name == name ? change(tensor) : tensor)] });

    private static TensorMessage Floats(string name, params int[] dims)
    {
        var values = OnnxNets.Normal(dims.Aggregate(1, (count, size) => count * size));
        return new TensorMessage(name, dims) { Type = ElementType.Float, Floats = values };
    }
}
