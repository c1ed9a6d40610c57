namespace StreamRnn.Mqtt;

/// <summary>Which scores are published on <c>{root}/devices/{device}/{channel}/score</c>.</summary>
public enum ScorePublishing
{
    Off,

    /// <summary>When a series' score, rounded to a tenth, or its phase differs from what was last sent.</summary>
    OnChange,

    /// <summary>Every reading: as many messages out as in.</summary>
    All,
}

/// <summary>Section <c>StreamRnn:Topics</c>: where the service publishes.</summary>
public sealed record TopicOptions
{
    /// <summary>The first level or levels of every topic we publish on. Default <c>streamrnn</c>.</summary>
    public string Root { get; init; } = "streamrnn";

    /// <summary><c>off</c> (default), <c>on-change</c> or <c>all</c>.</summary>
    public string ScoreTopic { get; init; } = "off";

    public ScorePublishing ToScorePublishing() =>
        ScoreTopic switch { "all" => ScorePublishing.All, "on-change" => ScorePublishing.OnChange, _ => ScorePublishing.Off };

    /// <inheritdoc cref="MqttOptions.Validate"/>
    public IEnumerable<string> Validate()
    {
        if (Root.Length is < 1 or > 100 || Root.StartsWith('$') || Root.Split('/').Any(level => level.Length == 0 || level.Any(c => char.IsControl(c) || c is '+' or '#')))
            yield return $"StreamRnn:Topics:Root is '{Root}'; allowed is a topic of 1 to 100 characters without empty levels, + # $ or control characters";
        if (ScoreTopic is not ("off" or "on-change" or "all"))
            yield return $"StreamRnn:Topics:ScoreTopic is '{ScoreTopic}'; allowed is off, on-change or all";
    }
}
