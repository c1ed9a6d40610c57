namespace StreamRnn.Storage;

/// <summary>A store cannot be used. The message says which file, what was found where, what was expected, and what to do.</summary>
public sealed class StoreException(string message, Exception? inner = null) : IOException(message, inner);
