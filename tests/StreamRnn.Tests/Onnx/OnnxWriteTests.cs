using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using StreamRnn.Nets;
using StreamRnn.Onnx;

namespace StreamRnn.Tests.Onnx;

/// <summary>Files written here, held against ONNX Runtime and against themselves.</summary>
public sealed class OnnxWriteTests
{
    private const int Steps = 50, Batch = 3;

    public static TheoryData<string> Topologies => OnnxNets.Topologies;

    [Theory, MemberData(nameof(Topologies))]
    public void AFileWrittenHereGivesTheSameOutputsInOnnxRuntimeWholeAndStepByStep(string topology)
    {
        var net = OnnxNets.Net(topology);
        var x = OnnxNets.Normal(Steps * Batch * net.Inputs);
        var expected = OnnxNets.Step(net, Steps, Batch, x);
        using var session = Session(OnnxNets.Bytes(net));

        OnnxNets.Near(expected, Run(session, Steps, x, Zeros(session))["y"], 1e-5, "the whole sequence");

        var state = Zeros(session);
        for (var t = 0; t < Steps; t++)
        {
            var results = Run(session, 1, x.AsSpan(t * Batch * net.Inputs, Batch * net.Inputs).ToArray(), state);
            OnnxNets.Near(expected.AsSpan(t * Batch * net.Outputs, Batch * net.Outputs), results["y"], 1e-5, $"step {t}");
            state = state.ToDictionary(pair => pair.Key, pair => results[pair.Key.Replace("0_", "n_", StringComparison.Ordinal)]);
        }
    }

    [Fact]
    public void ForgettingTheStateChangesWhatOnnxRuntimeGives()
    {
        var net = OnnxNets.Net(OnnxNets.All[0]);
        var x = OnnxNets.Normal(2 * Batch * net.Inputs);
        var expected = OnnxNets.Step(net, 2, Batch, x);
        using var session = Session(OnnxNets.Bytes(net));
        var second = Run(session, 1, x[(Batch * net.Inputs)..], Zeros(session))["y"];
        Assert.True(Math.Abs(expected[^1] - second[^1]) > 1e-3);
    }

    [Fact]
    public void EveryLayerTypeAndLossIsAmongTheNetsWritten()
    {
        var specs = OnnxNets.All.SelectMany(text => Topology.Parse(text).Layers.ToArray()).ToList();
        Assert.All(LayerKind.All, kind => Assert.Contains(specs, spec => spec.Type == kind.Type));
        Assert.All(LossKind.All, kind => Assert.Contains(specs, spec => spec.Type == "rnnOutput" && (spec.Loss ?? "mse") == kind.Name));
    }

    [Theory, MemberData(nameof(Topologies))]
    public void WhatWasWrittenComesBackToTheBit(string topology)
    {
        var net = OnnxNets.Net(topology);
        net.Parameters[0].Values[0] = -0f;
        net.Parameters[^1].Values[0] = -0f;
        net.Parameters[^1].Values[^1] = float.Epsilon;
        var back = OnnxNets.Read(OnnxNets.Bytes(net, new Dictionary<string, string> { ["columns"] = "[\"a\",\"ö\"]" }));
        Assert.Equal(net.Topology, back.Net.Topology);
        Assert.Equal(net.Inputs, back.Net.Inputs);
        foreach (var (parameter, found) in net.Parameters.Zip(back.Net.Parameters))
            Assert.Equal(parameter.Values.Select(BitConverter.SingleToInt32Bits), found.Values.Select(BitConverter.SingleToInt32Bits));
        Assert.Equal("[\"a\",\"ö\"]", back.Metadata["columns"]);
    }

    [Fact]
    public void EqualNetsMakeEqualFiles()
    {
        var topology = OnnxNets.All[1];
        Assert.Equal(OnnxNets.Bytes(OnnxNets.Net(topology)), OnnxNets.Bytes(OnnxNets.Net(topology)));
        Assert.NotEqual(OnnxNets.Bytes(OnnxNets.Net(topology)), OnnxNets.Bytes(OnnxNets.Net(topology, seed: 2)));
    }

    [Fact]
    public void AWeightThatIsNotFiniteIsNotWritten()
    {
        var net = OnnxNets.Net(OnnxNets.All[0]);
        net.Parameters[1].Values[7] = float.NaN;
        using var stream = new MemoryStream();
        Assert.Contains("'1.lstm.u' has NaN at index 7", Assert.Throws<OnnxException>(() => OnnxFile.Write(stream, net)).Message, StringComparison.Ordinal);
        Assert.Equal(0, stream.Length);
    }

    private static InferenceSession Session(byte[] bytes)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        return new InferenceSession(bytes, options);
    }

    private static Dictionary<string, float[]> Zeros(InferenceSession session) =>
        session.InputMetadata.Where(input => input.Key != "x").ToDictionary(input => input.Key, input => new float[Batch * input.Value.Dimensions[2]]);

    private static Dictionary<string, float[]> Run(InferenceSession session, int steps, float[] x, Dictionary<string, float[]> state)
    {
        List<NamedOnnxValue> inputs = [NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(x, [steps, Batch, x.Length / steps / Batch]))];
        inputs.AddRange(state.Select(pair => NamedOnnxValue.CreateFromTensor(pair.Key, new DenseTensor<float>(pair.Value, [1, Batch, pair.Value.Length / Batch]))));
        using var results = session.Run(inputs);
        return results.ToDictionary(result => result.Name, result => result.AsTensor<float>().ToArray());
    }
}
