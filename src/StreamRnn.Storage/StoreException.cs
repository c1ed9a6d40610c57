namespace StreamRnn.Storage;

/// <summary>A store cannot be used. The message says which file, what was found where, what was expected, and what to do.</summary>
public sealed class StoreException(string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>What is left to do about a store that cannot be made whole.</summary>
    internal const string WhatToDo = "Restore a back-up with 'streamrnn restore', or move the folder away: then everything is learned anew.";

    /// <summary>Somebody asked for a device that a store does not know.</summary>
    public static StoreException NoDevice(string name, string folder, int known) => new($"the device '{name}' is not in the store {folder}; known are {known} devices.");
}
