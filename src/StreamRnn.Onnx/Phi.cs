using StreamRnn.Nets;

namespace StreamRnn.Onnx;

/// <summary>φ of a dense layer or an output layer: what is done to its sums.</summary>
internal static class Phi
{
    public const string Identity = "identity";

    /// <summary>By the name that topologies use; where the spec names none, that of its kind or loss.</summary>
    public static string Of(LayerSpec spec) => spec.Activation
        ?? (spec.Type == "rnnOutput" && LossKind.All.FirstOrDefault(kind => kind.Name == (spec.Loss ?? "mse")) is { } loss ? loss.Activations[0] : Identity);

    /// <summary>ONNX's operator for a φ; null for none.</summary>
    /// <exception cref="OnnxException">There is none that we know.</exception>
    public static string? Operator(LayerSpec spec) => Of(spec) switch
    {
        Identity => null,
        "relu" => "Relu",
        "tanh" => "Tanh",
        "sigmoid" => "Sigmoid",
        "softmax" => "Softmax",
        var other => throw new OnnxException($"the activation '{other}' cannot be written as ONNX; what can be are identity, relu, tanh, sigmoid, softmax"),
    };
}
