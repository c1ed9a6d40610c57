namespace StreamRnn.Host.Subscribing;

/// <summary>What a subscription has to tell.</summary>
internal abstract record News
{
    /// <summary>A message as it came.</summary>
    public sealed record Message(string Topic, byte[] Payload) : News;

    /// <summary>Connected and subscribed: what is retained follows.</summary>
    public sealed record Connected(string Broker) : News;

    /// <summary>Not connected, and why; it is tried again.</summary>
    public sealed record Away(string Broker, string Why) : News;
}
