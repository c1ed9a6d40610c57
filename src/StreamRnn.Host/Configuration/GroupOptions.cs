using StreamRnn.Mqtt;

namespace StreamRnn.Host.Configuration;

/// <summary>One entry of <c>StreamRnn:Groups</c>: the devices on some topics, and the net that predicts them.</summary>
internal sealed record GroupOptions
{
    /// <summary>
    /// An MQTT topic filter such as <c>plant/+/pump/#</c>, 1 to 1000 characters. A device belongs to the first group whose filter matches the topic that its first reading came from. Must be set.
    /// </summary>
    public required string Match { get; init; }

    /// <summary>A model file that <c>streamrnn train</c> wrote; a relative path begins at the folder of appsettings.json. Must be set.</summary>
    public required string Model { get; init; }

    /// <summary>What is wrong: one sentence each, naming the key, the value found and what is allowed.</summary>
    /// <param name="path">Of the entry.</param>
    internal IEnumerable<string> Validate(string path)
    {
        const string allowed = "an MQTT topic filter such as devices/pump/#, with + for one level and # (last) for all that follow";
        if (Match is null || Model is null)
            yield break;                                     // said already: it is missing
        if (!TopicTemplate.TryParse(Match, out var filter, out var problem))
            yield return $"{path}:Match is '{Match}'; allowed is {allowed}: {problem}";
        else if (filter.HasDevice || filter.HasChannel)
            yield return $"{path}:Match is '{Match}'; allowed is {allowed}; for any device write + in place of {{device}}";
        if (Model.Length == 0)
            yield return $"{path}:Model is ''; allowed is the path of a model file that 'streamrnn train' wrote";
    }
}
