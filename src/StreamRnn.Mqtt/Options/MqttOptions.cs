using System.Globalization;

namespace StreamRnn.Mqtt;

/// <summary>Section <c>StreamRnn:Mqtt</c>: which broker, and as whom. Nothing has to be set: without a host the service brings its own broker.</summary>
public sealed record MqttOptions
{
    /// <summary>Name or address of the broker. Default: none, which means the embedded broker.</summary>
    public string? Host { get; init; }

    /// <summary>TCP port of the broker, 1 to 65535. Default 1883, with TLS 8883.</summary>
    public int? Port { get; init; }

    /// <summary><c>5.0</c> (default) or <c>3.1.1</c>.</summary>
    public string ProtocolVersion { get; init; } = "5.0";

    /// <summary>
    /// The fixed client id under which the broker keeps our session: 1 to 60 characters, one per running service. The second connection, for publishing,
    /// appends <c>-out</c>. Default <c>streamrnn</c>.
    /// </summary>
    public string ClientId { get; init; } = "streamrnn";

    public string? Username { get; init; }

    /// <summary>The password itself; prefer <see cref="PasswordFile"/>. Never said: not in logs, not in messages, not by <see cref="ToString"/>.</summary>
    public string? Password { get; init; }

    /// <summary>A file that holds the password; one line break at its end is not part of it. Read at each connecting, so that it can be changed.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>A broker that does not answer is given up within half of this time. 1 s to 12 h, default 30 s.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the broker keeps what devices send while we are away. 0 to 10 years, default 1 day. MQTT 3.1.1 has no such limit.</summary>
    public TimeSpan SessionExpiry { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// Whether commands (<c>{root}/cmd/#</c>) are listened to. Default true; with a broker that lets everybody publish there, set it to false: then they are not even subscribed to.
    /// </summary>
    public bool Commands { get; init; } = true;

    public TlsOptions Tls { get; init; } = new();

    public EmbeddedBrokerOptions Embedded { get; init; } = new();

    /// <summary>Whether the service brings its own broker: as <c>Embedded:Enabled</c> says, else when no host is named.</summary>
    public bool UsesEmbeddedBroker() => Embedded.Enabled ?? Host is null;

    /// <summary>The port to connect to.</summary>
    public int PortOrDefault() => Port ?? (Tls.Enabled ? 8883 : 1883);

    /// <summary>What is wrong with these settings: one sentence each, naming the key, the value found and what is allowed. None when all is well.</summary>
    public IEnumerable<string> Validate()
    {
        if (Host?.Contains('@', StringComparison.Ordinal) == true)      // what stands before it may be a password, so it is not repeated
            yield return "StreamRnn:Mqtt:Host has an @ in it; allowed is the name or address of a broker alone; a user goes into StreamRnn:Mqtt:Username, a password into a file named by StreamRnn:Mqtt:PasswordFile";
        else if (Host is not null && (Host.Length == 0 || Host.Any(c => char.IsWhiteSpace(c) || c == '/')))
            yield return Found("Host", Host, "the name or address of a broker, without scheme, port or blanks");
        if (Port is < 1 or > 65535)
            yield return Found("Port", Port, "1 to 65535");
        if (ProtocolVersion is not ("5.0" or "3.1.1"))
            yield return Found("ProtocolVersion", ProtocolVersion, "5.0 or 3.1.1");
        if (ClientId.Length is < 1 or > 60 || ClientId.Any(c => char.IsControl(c) || c is '+' or '#' or '/'))
            yield return Found("ClientId", ClientId, "1 to 60 characters, none of them + # / or a control character");
        if (Password is not null && PasswordFile is not null)
            yield return "StreamRnn:Mqtt:Password and StreamRnn:Mqtt:PasswordFile are both set; allowed is one of them";
        if ((Password ?? PasswordFile) is not null && Username is null)
            yield return "StreamRnn:Mqtt:Username is not set, but a password is; a password goes with a user name";
        if (PasswordFile is not null && !File.Exists(PasswordFile))
            yield return Found("PasswordFile", PasswordFile, "a file that exists and that this user may read");
        if (KeepAlive < TimeSpan.FromSeconds(1) || KeepAlive > TimeSpan.FromHours(12))
            yield return Found("KeepAlive", KeepAlive, "00:00:01 to 12:00:00");
        if (SessionExpiry < TimeSpan.Zero || SessionExpiry > TimeSpan.FromDays(3650))
            yield return Found("SessionExpiry", SessionExpiry, "00:00:00 to 3650.00:00:00");
        foreach (var problem in Tls.Validate())
            yield return problem;
        if (UsesEmbeddedBroker() && Host is not null)
            yield return $"StreamRnn:Mqtt:Host is '{Host}' and StreamRnn:Mqtt:Embedded:Enabled is true; allowed is one of them";
        if (UsesEmbeddedBroker() && Tls.Enabled && Embedded.CertificateFile is null)
            yield return "StreamRnn:Mqtt:Tls:Enabled is true, but the embedded broker speaks plain TCP; give it a certificate (StreamRnn:Mqtt:Embedded:CertificateFile), or name a broker in StreamRnn:Mqtt:Host";
        if (!UsesEmbeddedBroker() && Host is null)
            yield return "StreamRnn:Mqtt:Host is not set and StreamRnn:Mqtt:Embedded:Enabled is false; name a broker or allow the embedded one";
        foreach (var problem in UsesEmbeddedBroker() ? Embedded.Validate() : [])
            yield return problem;
    }

    internal static string Found(string key, object? value, string allowed) =>
        string.Create(CultureInfo.InvariantCulture, $"StreamRnn:Mqtt:{key} is '{value}'; allowed is {allowed}");

    /// <summary>Who connects where; never the password.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(Tls.Enabled ? "mqtts" : "mqtt")}://{(Username is null ? "" : Username + "@")}{Host ?? "(embedded)"}:{PortOrDefault()}");
}
