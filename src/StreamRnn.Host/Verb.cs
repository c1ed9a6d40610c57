using System.CommandLine;

namespace StreamRnn.Host;

/// <summary>A command with what its help teaches beyond the options: examples, and what its exit codes mean.</summary>
internal sealed class Verb(string name, string description) : Command(name, description)
{
    /// <summary>A command line, and what it does.</summary>
    public IReadOnlyList<(string Line, string Does)> Examples { get; init; } = [];

    /// <summary>Paragraphs below the options.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
