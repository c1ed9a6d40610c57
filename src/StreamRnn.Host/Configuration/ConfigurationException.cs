namespace StreamRnn.Host.Configuration;

/// <summary>The configuration is refused. The message is for the person who wrote it; the process ends with <see cref="ExitCode.Configuration"/>.</summary>
internal sealed class ConfigurationException(IReadOnlyList<string> problems, Exception? cause = null)
    : Exception("The configuration cannot be used:" + string.Concat(problems.Select(p => Environment.NewLine + "  " + p)), cause)
{
    public IReadOnlyList<string> Problems { get; } = problems;
}
