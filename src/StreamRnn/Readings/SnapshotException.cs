namespace StreamRnn.Readings;

/// <summary>Bytes that should be a saved state and cannot be used: the message says whose they are, what was found, and what was expected. Nothing was restored from them.</summary>
public sealed class SnapshotException(string message) : Exception(message);
