namespace StreamRnn.Mqtt;

/// <summary>What one user may publish and subscribe. Decisions on topics and filters only: pure.</summary>
internal sealed class TopicRules
{
    /// <summary>The place of the user's own name in a filter.</summary>
    public const string User = "{user}";

    private readonly string[][] _publish;
    private readonly string[][] _subscribe;
    private readonly string[] _root;

    /// <param name="root">Of our own topics: to publish there, a filter has to name it.</param>
    public TopicRules(string user, IReadOnlyList<string> publish, IReadOnlyList<string> subscribe, string root)
    {
        (_publish, _subscribe, _root) = (Levels(publish), Levels(subscribe), root.Split('/'));
        string[][] Levels(IReadOnlyList<string> filters) =>
            [.. filters.Select(filter => TopicTemplate.Parse(filter.Replace(User, user, StringComparison.Ordinal)).Filter.Split('/'))];
    }

    /// <param name="topic">Of a payload or a Will: no wildcards.</param>
    public bool MayPublish(string topic)
    {
        var levels = topic.Split('/');
        var ours = levels.AsSpan().StartsWith(_root);
        return !IsWild(levels) && levels[0].Length > 0 && levels[0][0] != '$'
            && Array.Exists(_publish, rule => Covers(rule, levels) && (!ours || rule.AsSpan().StartsWith(_root)));
    }

    /// <param name="filter">As asked for. Allowed where a rule covers all of it.</param>
    public bool MaySubscribe(string filter)
    {
        var levels = filter.Split('/');
        return !filter.StartsWith('$') && Array.Exists(_subscribe, rule => Covers(rule, levels));
    }

    /// <summary>Whether every topic that fits <paramref name="asked"/> fits <paramref name="rule"/>. MQTT 5, section 4.7.1; a topic is a filter without wildcards.</summary>
    internal static bool Covers(ReadOnlySpan<string> rule, ReadOnlySpan<string> asked)
    {
        for (var i = 0; i < rule.Length; i++)
        {
            if (rule[i] == "#")
                return true;
            if (i == asked.Length || asked[i] == "#" || (rule[i] != "+" && rule[i] != asked[i]))
                return false;
        }

        return rule.Length == asked.Length;
    }

    private static bool IsWild(string[] levels) => Array.Exists(levels, level => level.Contains('+', StringComparison.Ordinal) || level.Contains('#', StringComparison.Ordinal));
}
