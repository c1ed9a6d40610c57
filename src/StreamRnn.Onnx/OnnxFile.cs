using StreamRnn.Nets;
using StreamRnn.Onnx.Export;
using StreamRnn.Onnx.Format;
using StreamRnn.Onnx.Import;

namespace StreamRnn.Onnx;

/// <summary>
/// A net as an ONNX file (onnx.ai), the form in which PyTorch, Keras and ONNX Runtime exchange nets. What is written:
/// <code>
/// inputs   x (T, B, I); for each recurrent layer n: h0_n (1, B, H), and c0_n (1, B, H) where it has a cell state
/// outputs  y (T, B, O); for each recurrent layer n: hn_n, and cn_n
/// </code>
/// T steps of B sequences, both open: one step is T = 1, and the outputs hn, cn are the inputs h0, c0 of the next. All float32. Recurrent layers become LSTM, GRU and RNN, dense ones MatMul, Add and
/// an activation; dropout, which only training knows, is left out.
/// What is read: the same, and what PyTorch's and Keras' exporters make of such nets. Everything else is refused with the operator's and the node's name.
/// </summary>
public sealed class OnnxFile
{
    /// <summary>The version of ONNX's operators that is written.</summary>
    public const int Opset = 14;

    /// <summary>No file is larger; a longer stream is refused before it fills the memory.</summary>
    public const int MaxBytes = 1 << 30;

    /// <summary>Where a file of ours says which layers and which loss it was made of.</summary>
    internal const string TopologyKey = "streamrnn.topology";

    private OnnxFile(Net net, IReadOnlyDictionary<string, string> metadata) => (Net, Metadata) = (net, metadata);

    /// <summary>
    /// Layers and weights. A file of ours gives its own topology back; of another's the last dense layer becomes <c>rnnOutput</c>, with the loss <c>crossEntropy</c> after a softmax or a sigmoid and
    /// <c>mse</c> otherwise, so that the net can be trained on.
    /// </summary>
    public Net Net { get; }

    /// <summary>What the writer noted.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Writes a net. Equal nets give equal bytes.</summary>
    /// <param name="metadata">To be kept in the file beside the weights.</param>
    /// <exception cref="OnnxException">A layer or a loss cannot be written, or a weight is not finite; nothing was written.</exception>
    public static void Write(Stream stream, Net net, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(net);
        var all = new Dictionary<string, string>(metadata ?? new Dictionary<string, string>(), StringComparer.Ordinal) { [TopologyKey] = net.Topology.ToJson() };
        stream.Write(MessageWriter.Model(NetGraph.Of(net, all)));
    }

    /// <summary>Reads a file to the stream's end.</summary>
    /// <exception cref="OnnxException">The bytes are not an ONNX file, or hold a net that we cannot step; the message says why.</exception>
    public static OnnxFile Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            if (bytes.Length + read > MaxBytes)
                throw new OnnxException($"the stream goes on beyond {MaxBytes} bytes; no longer file is read");
            bytes.Write(buffer, 0, read);
        }

        var model = MessageReader.Model(bytes.GetBuffer(), (int)bytes.Length);
        return new OnnxFile(FoundNet.Build(GraphReader.Read(model), model.Metadata.GetValueOrDefault(TopologyKey)), model.Metadata);
    }
}
