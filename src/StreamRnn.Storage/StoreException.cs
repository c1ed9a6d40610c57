namespace StreamRnn.Storage;

/// <summary>A store cannot be used. The message says which file, what was found where, what was expected, and what to do.</summary>
public sealed class StoreException(string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>What is left to do about a store that cannot be made whole.</summary>
    internal const string WhatToDo = "Restore a back-up with 'streamrnn restore', or move the folder away: then everything is learned anew.";
}
