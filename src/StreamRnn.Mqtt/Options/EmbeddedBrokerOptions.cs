using System.Net;

namespace StreamRnn.Mqtt;

/// <summary>One entry of <c>StreamRnn:Mqtt:Embedded:Users</c>: who may connect to the embedded broker, and on which topics.</summary>
public sealed record BrokerUserOptions
{
    /// <summary>1 to 100 characters, none of them + # / or a control character, not beginning with $. Must be set.</summary>
    public required string Name { get; init; }

    /// <summary>What <c>streamrnn password</c> made of the password. Must be set.</summary>
    public required string PasswordHash { get; init; }

    /// <summary>
    /// Topic filters that this user may publish on: <c>+</c> for a level, <c>#</c> (last) for all that follow, <c>{user}</c> for the user's own name. Our own topics (below <c>Topics:Root</c>, commands
    /// among them) are meant only by filters that begin with the root's name, not by <c>#</c> or <c>+/…</c>. Default: none.
    /// </summary>
    public IReadOnlyList<string> Publish { get; init; } = [];

    /// <summary>Topic filters that this user may subscribe to, or to parts of. Default: none.</summary>
    public IReadOnlyList<string> Subscribe { get; init; } = [];

    /// <summary>Without the hash.</summary>
    public override string ToString() => $"{Name}: publish {string.Join(' ', Publish)}, subscribe {string.Join(' ', Subscribe)}";

    internal IEnumerable<string> Validate(string path)
    {
        if (Name is null || PasswordHash is null)
            yield break;                                     // said already: it is missing
        if (Name.Length is < 1 or > 100 || Name[0] == '$' || Name.Any(c => char.IsControl(c) || c is '+' or '#' or '/' or '{' or '}'))
            yield return MqttOptions.Found(path + ":Name", Name, "1 to 100 characters, none of them + # / { } or a control character, not beginning with $");
        if (!Mqtt.PasswordHash.TryParse(PasswordHash, out _))        // perhaps somebody wrote the password itself: it is not repeated
            yield return $"StreamRnn:Mqtt:{path}:PasswordHash cannot be read; allowed is what 'streamrnn password' writes, beginning with {Mqtt.PasswordHash.Kind}$";
        foreach (var (key, filters) in new[] { ("Publish", Publish), ("Subscribe", Subscribe) })
        {
            for (var i = 0; i < filters.Count; i++)
            {
                if (!TopicTemplate.TryParse(filters[i].Replace(TopicRules.User, "name", StringComparison.Ordinal), out _, out var problem))
                    yield return MqttOptions.Found($"{path}:{key}:{i}", filters[i], "a topic filter such as devices/{user}/#: " + problem);
            }
        }
    }
}

/// <summary>
/// Section <c>StreamRnn:Mqtt:Embedded</c>: the broker inside the service, for a start without any other program. Without users it listens on loopback only; with users, each with a password and
/// topics, on any address.
/// </summary>
public sealed record EmbeddedBrokerOptions
{
    /// <summary>Default: true when no <c>Mqtt:Host</c> is named, else false.</summary>
    public bool? Enabled { get; init; }

    /// <summary>The address to listen on; 0.0.0.0 or :: for all of this machine. One beyond loopback needs <see cref="Users"/>. Default 127.0.0.1.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>TCP port, 0 (any free one) to 65535. Default 1883.</summary>
    public int Port { get; init; } = 1883;

    /// <summary>Who may connect. Default: none, which means anybody on this machine, and nobody from elsewhere.</summary>
    public IReadOnlyList<BrokerUserOptions> Users { get; init; } = [];

    /// <summary>Our certificate for TLS: PEM, or PKCS #12 (<c>.pfx</c>, <c>.p12</c>) with its key. Read at the start. Default: none, plain TCP.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>A PEM file with its key. Default: the key is in the same file.</summary>
    public string? KeyFile { get; init; }

    /// <summary>A file that holds the password of the key. Default: it has none.</summary>
    public string? KeyPasswordFile { get; init; }

    /// <summary>Clients connected at a time, 1 to 100,000. Default 1,000.</summary>
    public int MaxConnections { get; init; } = 1_000;

    /// <summary>Connections from one address at a time (IPv6: one /64 network), 1 to 100,000. Default 100. Not for loopback.</summary>
    public int MaxConnectionsPerAddress { get; init; } = 100;

    /// <summary>Connections of one user at a time, 1 to 100,000. Default 100.</summary>
    public int MaxConnectionsPerUser { get; init; } = 100;

    /// <summary>A larger payload is refused, bytes, 1 to 268,435,455. Default 16 MB.</summary>
    public int MaxPayloadBytes { get; init; } = 16 << 20;

    /// <summary>Packets that one connection may send in a second; one that sends faster is read more slowly. 1 to 10,000,000. Default 1,000. Not for connections of this machine.</summary>
    public int MaxMessagesPerSecond { get; init; } = 1_000;

    /// <summary>Messages that may wait for one client; beyond it the oldest are dropped, and that is said. 1 to 10,000,000. Default 250,000.</summary>
    public int MaxPendingMessages { get; init; } = 250_000;

    /// <summary>Where a program on this machine reaches it.</summary>
    internal (string Host, int Port) Nearby() => (IPAddress.TryParse(Host, out var address) && address.Equals(IPAddress.Any) ? "127.0.0.1" : Host is "::" ? "::1" : Host, Port);

    internal IEnumerable<string> Validate()
    {
        if (!IPAddress.TryParse(Host, out var address))
            yield return MqttOptions.Found("Embedded:Host", Host, "an address such as 127.0.0.1 or 0.0.0.0");
        else if (!IPAddress.IsLoopback(address) && Users.Count == 0)
            yield return MqttOptions.Found("Embedded:Host", Host,
                "a loopback address as long as the embedded broker knows no users: it would let in everybody on the network. Configure StreamRnn:Mqtt:Embedded:Users, each with Name, PasswordHash "
                + "('streamrnn password' makes it) and the topics to Publish and Subscribe, or name a broker of your own in StreamRnn:Mqtt:Host");
        for (var i = 0; i < Users.Count; i++)
        {
            foreach (var problem in Users[i].Validate($"Embedded:Users:{i}"))
                yield return problem;
            if (Users[i].Publish.Count + Users[i].Subscribe.Count == 0)
                yield return $"StreamRnn:Mqtt:Embedded:Users:{i} ('{Users[i].Name}') may neither publish nor subscribe; allowed is a user with topic filters in Publish or Subscribe";
        }

        if (Users.GroupBy(u => u.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            yield return $"StreamRnn:Mqtt:Embedded:Users has '{twice.Key}' {twice.Count()} times; allowed is once";
        if (Port is < 0 or > 65535)
            yield return MqttOptions.Found("Embedded:Port", Port, "0 (any free port) to 65535");
        foreach (var (key, value) in new[] { ("MaxConnections", MaxConnections), ("MaxConnectionsPerAddress", MaxConnectionsPerAddress), ("MaxConnectionsPerUser", MaxConnectionsPerUser) })
        {
            if (value is < 1 or > 100_000)
                yield return MqttOptions.Found("Embedded:" + key, value, "1 to 100000");
        }

        foreach (var (key, value) in new[] { ("MaxMessagesPerSecond", MaxMessagesPerSecond), ("MaxPendingMessages", MaxPendingMessages) })
        {
            if (value is < 1 or > 10_000_000)
                yield return MqttOptions.Found("Embedded:" + key, value, "1 to 10000000");
        }

        if (MaxPayloadBytes is < 1 or > 268_435_455)
            yield return MqttOptions.Found("Embedded:MaxPayloadBytes", MaxPayloadBytes, "1 to 268435455 bytes");
        if (CertificateFile is null && (KeyFile ?? KeyPasswordFile) is not null)
            yield return "StreamRnn:Mqtt:Embedded:KeyFile or KeyPasswordFile is set, but CertificateFile is not; a key goes with a certificate";
        if (TlsOptions.Problem(() => TlsFiles.WithKey("Mqtt:Embedded:", CertificateFile, KeyFile, KeyPasswordFile)) is { } certificate)
            yield return certificate;
    }
}
