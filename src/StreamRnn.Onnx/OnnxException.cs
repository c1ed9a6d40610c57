namespace StreamRnn.Onnx;

/// <summary>An ONNX file could not be used, or a net could not be written as one. The message says what was found, where, and what is supported.</summary>
public sealed class OnnxException(string message, Exception? inner = null) : Exception(message, inner);
