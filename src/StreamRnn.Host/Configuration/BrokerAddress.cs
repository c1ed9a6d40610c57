using System.Globalization;

namespace StreamRnn.Host.Configuration;

/// <summary>A broker as named on the command line: <c>mqtt://[user@]host[:port]</c>, or <c>mqtts://</c> for TLS.</summary>
internal sealed record BrokerAddress(string Host, int Port, string? User, bool Tls)
{
    public const string Allowed = "mqtt://[user@]host[:port], or mqtts:// for TLS, such as mqtt://localhost:1883";

    /// <exception cref="UsageException">The text is no such address, or has a password in it: those are seen in process lists and shell histories.</exception>
    public static BrokerAddress Parse(string text)
    {
        // Before anything is said of the text: what stands before an @ may hold a password.
        if (text.LastIndexOf('@') is > 0 and var at && text[..at] is var before && (before.IndexOf("://", StringComparison.Ordinal) is >= 0 and var scheme ? before[(scheme + 3)..] : before).Contains(':', StringComparison.Ordinal))
            throw new UsageException("--broker must not carry the password: others see it in the process list. "
                + "Put it into a file and name that file with StreamRnn:Mqtt:PasswordFile (environment: StreamRnn__Mqtt__PasswordFile).");
        var full = text.Contains("://", StringComparison.Ordinal) ? text : "mqtt://" + text;
        if (!Uri.TryCreate(full, UriKind.Absolute, out var uri) || uri.Scheme is not ("mqtt" or "mqtts") || uri.Host.Length == 0
            || uri.AbsolutePath is not ("" or "/") || uri.Query.Length > 0 || uri.Port == 0)
            throw new UsageException($"--broker is '{text}'; allowed is {Allowed}.");
        if (Uri.UnescapeDataString(uri.UserInfo).Contains(':', StringComparison.Ordinal))
            throw new UsageException("--broker names a user with a : in it; set such a name by StreamRnn:Mqtt:Username.");
        var tls = uri.Scheme == "mqtts";
        return new BrokerAddress(uri.IdnHost, uri.Port > 0 ? uri.Port : tls ? 8883 : 1883, uri.UserInfo is { Length: > 0 } user ? Uri.UnescapeDataString(user) : null, tls);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(Tls ? "mqtts" : "mqtt")}://{(User is null ? "" : User + "@")}{Host}:{Port}");
}
