using System.CommandLine;
using StreamRnn.Host.Configuration;

namespace StreamRnn.Host.Commands;

/// <summary><c>--broker</c>, shared by the verbs that connect: a short way to say what StreamRnn:Mqtt says.</summary>
internal static class BrokerOption
{
    public static Option<string?> Create(string description) => new("--broker") { Description = description, HelpName = "mqtt://[user@]host[:port]" };

    /// <summary>As configuration keys, to be laid over the other sources; none where no broker was named.</summary>
    /// <exception cref="UsageException">It is no such address.</exception>
    public static IEnumerable<KeyValuePair<string, string?>> Keys(string? broker)
    {
        if (broker is null)
            yield break;
        var address = BrokerAddress.Parse(broker);
        yield return new("StreamRnn:Mqtt:Host", address.Host);
        yield return new("StreamRnn:Mqtt:Port", address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        yield return new("StreamRnn:Mqtt:Embedded:Enabled", "false");
        if (address.User is not null)
            yield return new("StreamRnn:Mqtt:Username", address.User);
        if (address.Tls)
            yield return new("StreamRnn:Mqtt:Tls:Enabled", "true");
    }
}
