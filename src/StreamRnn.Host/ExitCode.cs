namespace StreamRnn.Host;

/// <summary>What the process says when it ends. The numbers from 64 on are those of sysexits.h, which systemd and scripts know.</summary>
internal static class ExitCode
{
    public const int Fine = 0;

    /// <summary>The command did its work and found something: <c>replay</c> opened alerts.</summary>
    public const int Findings = 1;

    /// <summary>The command line, or a file named on it, could not be used.</summary>
    public const int Usage = 2;

    /// <summary>A bug of ours, a store that failed while it was in use, or a broker that a command needs and cannot reach.</summary>
    public const int Failure = 70;

    /// <summary>The configuration was refused: EX_CONFIG. Restarting does not help.</summary>
    public const int Configuration = 78;
}

/// <summary>The command line, or a file named on it, cannot be used: the message says what was found and what is expected. Ends the process with <see cref="ExitCode.Usage"/>.</summary>
internal sealed class UsageException(string message) : Exception(message);
