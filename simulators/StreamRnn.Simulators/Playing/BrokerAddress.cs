namespace StreamRnn.Simulators.Playing;

/// <summary>Where a broker listens: <c>mqtt://[user:password@]host[:port]</c>, or <c>mqtts://</c> for TLS.</summary>
public sealed record BrokerAddress(string Host, int Port, bool Tls = false, string? User = null, string? Password = null)
{
    public static BrokerAddress Default { get; } = new("127.0.0.1", 1883);

    /// <exception cref="FormatException">Not an address of a broker; the message says what one looks like.</exception>
    public static BrokerAddress Parse(string text)
    {
        if (!Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "mqtt://" + text, UriKind.Absolute, out var uri)
            || uri.Scheme is not ("mqtt" or "mqtts") || uri.Host.Length == 0 || uri.PathAndQuery is not ("" or "/"))
        {
            throw new FormatException($"'{text}' is not the address of a broker; write mqtt://host:1883 or mqtts://host:8883.");
        }

        var tls = uri.Scheme == "mqtts";
        var user = uri.UserInfo.Split(':', 2);
        return new BrokerAddress(uri.Host, uri.Port > 0 ? uri.Port : tls ? 8883 : 1883, tls,
            uri.UserInfo.Length > 0 ? Uri.UnescapeDataString(user[0]) : null, user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null);
    }

    /// <summary>Without the password.</summary>
    public override string ToString() => $"{(Tls ? "mqtts" : "mqtt")}://{Host}:{Port}";
}
