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

    /// <summary>The password itself; prefer <see cref="PasswordFile"/>.</summary>
    public string? Password { get; init; }

    /// <summary>A file that holds the password; one line break at its end is not part of it. Read at each connecting, so that it can be changed.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>A broker that does not answer is given up within half of this time. 1 s to 12 h, default 30 s.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the broker keeps what devices send while we are away. 0 to 10 years, default 1 day. MQTT 3.1.1 has no such limit.</summary>
    public TimeSpan SessionExpiry { get; init; } = TimeSpan.FromDays(1);

    public TlsOptions Tls { get; init; } = new();

    public EmbeddedBrokerOptions Embedded { get; init; } = new();

    /// <summary>Whether the service brings its own broker: as <c>Embedded:Enabled</c> says, else when no host is named.</summary>
    public bool UsesEmbeddedBroker() => Embedded.Enabled ?? Host is null;

    /// <summary>The port to connect to.</summary>
    public int PortOrDefault() => Port ?? (Tls.Enabled ? 8883 : 1883);

    /// <summary>What is wrong with these settings: one sentence each, naming the key, the value found and what is allowed. None when all is well.</summary>
    public IEnumerable<string> Validate()
    {
        if (Host is not null && (Host.Length == 0 || Host.Any(c => char.IsWhiteSpace(c) || c == '/')))
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
        if (UsesEmbeddedBroker() && Tls.Enabled)
            yield return "StreamRnn:Mqtt:Tls:Enabled is true, but the embedded broker speaks plain TCP on loopback; name a broker in StreamRnn:Mqtt:Host";
        if (!UsesEmbeddedBroker() && Host is null)
            yield return "StreamRnn:Mqtt:Host is not set and StreamRnn:Mqtt:Embedded:Enabled is false; name a broker or allow the embedded one";
        foreach (var problem in UsesEmbeddedBroker() ? Embedded.Validate() : [])
            yield return problem;
    }

    internal static string Found(string key, object? value, string allowed) =>
        string.Create(CultureInfo.InvariantCulture, $"StreamRnn:Mqtt:{key} is '{value}'; allowed is {allowed}");
}

/// <summary>Section <c>StreamRnn:Mqtt:Tls</c>.</summary>
public sealed record TlsOptions
{
    /// <summary>Default false: plain TCP.</summary>
    public bool Enabled { get; init; }

    /// <summary>A PEM file with the authorities to trust. Default: those of the machine.</summary>
    public string? CaFile { get; init; }

    /// <summary>A PEM file with our own certificate, for brokers that ask for one.</summary>
    public string? ClientCertificateFile { get; init; }

    /// <summary>A PEM file with the key of <see cref="ClientCertificateFile"/>. Default: the key is in the same file.</summary>
    public string? ClientKeyFile { get; init; }

    /// <summary>The name that the broker's certificate must bear. Default: the host we connect to.</summary>
    public string? TargetHost { get; init; }

    internal IEnumerable<string> Validate()
    {
        foreach (var (key, file) in new[] { ("CaFile", CaFile), ("ClientCertificateFile", ClientCertificateFile), ("ClientKeyFile", ClientKeyFile) })
        {
            if (file is null)
                continue;
            if (!Enabled)
                yield return $"StreamRnn:Mqtt:Tls:{key} is '{file}', but StreamRnn:Mqtt:Tls:Enabled is false; set Enabled to true or remove the file";
            if (!File.Exists(file))
                yield return MqttOptions.Found("Tls:" + key, file, "a PEM file that exists and that this user may read");
        }

        if (ClientKeyFile is not null && ClientCertificateFile is null)
            yield return "StreamRnn:Mqtt:Tls:ClientKeyFile is set, but ClientCertificateFile is not; a key goes with a certificate";
    }
}

/// <summary>Section <c>StreamRnn:Mqtt:Embedded</c>: the broker inside the service, for a start without any other program. Loopback only: it asks for no password.</summary>
public sealed record EmbeddedBrokerOptions
{
    /// <summary>Default: true when no <c>Mqtt:Host</c> is named, else false.</summary>
    public bool? Enabled { get; init; }

    /// <summary>The loopback address to listen on. Default 127.0.0.1.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>TCP port, 0 (any free one) to 65535. Default 1883.</summary>
    public int Port { get; init; } = 1883;

    /// <summary>Clients connected at a time, 1 to 100,000. Default 1,000.</summary>
    public int MaxConnections { get; init; } = 1_000;

    /// <summary>A larger payload is refused, bytes, 1 to 268,435,455. Default 16 MB.</summary>
    public int MaxPayloadBytes { get; init; } = 16 << 20;

    internal IEnumerable<string> Validate()
    {
        if (!System.Net.IPAddress.TryParse(Host, out var address))
            yield return MqttOptions.Found("Embedded:Host", Host, "a loopback address such as 127.0.0.1 or ::1");
        else if (!System.Net.IPAddress.IsLoopback(address))
            yield return MqttOptions.Found("Embedded:Host", Host,
                "a loopback address: the embedded broker asks for no password, so it does not listen to the network; name a broker of your own in StreamRnn:Mqtt:Host");
        if (Port is < 0 or > 65535)
            yield return MqttOptions.Found("Embedded:Port", Port, "0 (any free port) to 65535");
        if (MaxConnections is < 1 or > 100_000)
            yield return MqttOptions.Found("Embedded:MaxConnections", MaxConnections, "1 to 100000");
        if (MaxPayloadBytes is < 1 or > 268_435_455)
            yield return MqttOptions.Found("Embedded:MaxPayloadBytes", MaxPayloadBytes, "1 to 268435455 bytes");
    }
}
