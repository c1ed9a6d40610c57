namespace StreamRnn.Host.Subscribing;

/// <summary>What a subscription has to tell.</summary>
internal abstract record News
{
    /// <summary>A message as it came.</summary>
    public sealed record Message(string Topic, byte[] Payload) : News;

    /// <summary>The broker has let us in: what it retains follows, all of it.</summary>
    public sealed record Connected : News;

    /// <summary>The broker has taken the subscriptions: from here on nothing is missed.</summary>
    public sealed record Subscribed(string Broker) : News;

    /// <summary>Not connected, and why; it is tried again.</summary>
    public sealed record Away(string Broker, string Why) : News;
}
