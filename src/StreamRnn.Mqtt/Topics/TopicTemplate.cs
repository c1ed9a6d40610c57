using System.Diagnostics.CodeAnalysis;

namespace StreamRnn.Mqtt;

/// <summary>
/// A topic with placeholders, one level each: <c>{device}</c> and <c>{channel}</c>. <c>+</c> stands for one level whose name does not matter, <c>#</c> (last) for any number of them.
/// <c>plant/+/{device}/{channel}</c> subscribes to <c>plant/+/+/+</c>.
/// </summary>
public sealed class TopicTemplate
{
    private const string DevicePlace = "{device}";
    private const string ChannelPlace = "{channel}";
    private readonly string[] _levels;

    private TopicTemplate(string text, string[] levels)
    {
        (Text, _levels) = (text, levels);
        Filter = string.Join('/', levels.Select(level => level is DevicePlace or ChannelPlace ? "+" : level));
        HasDevice = levels.Contains(DevicePlace);
        HasChannel = levels.Contains(ChannelPlace);
    }

    /// <summary>As written in the configuration.</summary>
    public string Text { get; }

    /// <summary>What to subscribe to.</summary>
    public string Filter { get; }

    public bool HasDevice { get; }

    public bool HasChannel { get; }

    /// <exception cref="FormatException">The template is wrong; the message says where and what to write instead.</exception>
    public static TopicTemplate Parse(string text) =>
        TryParse(text, out var template, out var problem) ? template : throw new FormatException($"topic template '{text}': {problem}");

    public static bool TryParse(string text, [NotNullWhen(true)] out TopicTemplate? template, [NotNullWhen(false)] out string? problem)
    {
        var levels = text.Split('/');
        template = null;
        problem = text.Length == 0 ? "it is empty; write for example devices/{device}/{channel}"
            : text.Length > 1000 ? $"it has {text.Length} characters, allowed are 1000"
            : levels[0].StartsWith('$') ? "topics that begin with $ belong to the broker"
            : levels.Count(level => level == DevicePlace) > 1 ? "{device} occurs more than once"
            : levels.Count(level => level == ChannelPlace) > 1 ? "{channel} occurs more than once"
            : levels.Select((level, i) => Wrong(level, i, levels.Length)).FirstOrDefault(wrong => wrong is not null);
        if (problem is not null)
            return false;
        template = new TopicTemplate(text, levels);
        return true;
    }

    /// <summary>Whether a topic fits, and which parts of it name device and channel (empty where the template has no such placeholder).</summary>
    public bool Matches(ReadOnlySpan<char> topic, out ReadOnlySpan<char> device, out ReadOnlySpan<char> channel)
    {
        device = channel = default;
        var rest = topic;
        var more = true;                                  // whether a level is left; "a/" has two, the second of them empty
        foreach (var level in _levels)
        {
            if (level == "#")
                return true;
            if (!more)
                return false;
            var slash = rest.IndexOf('/');
            var found = slash < 0 ? rest : rest[..slash];
            more = slash >= 0;
            rest = more ? rest[(slash + 1)..] : default;
            if (level == DevicePlace)
                device = found;
            else if (level == ChannelPlace)
                channel = found;
            else if (level != "+" && !found.SequenceEqual(level))
                return false;
        }

        return !more;
    }

    public override string ToString() => Text;

    private static string? Wrong(string level, int i, int count) => level switch
    {
        DevicePlace or ChannelPlace or "+" => null,
        "#" => i == count - 1 ? null : "# may only be the last level",
        "" => $"level {i + 1} is empty",
        _ when level.Any(c => char.IsControl(c) || c == '\uFFFD' || char.IsSurrogate(c)) => $"level {i + 1} has a character that no topic may have",
        _ when level.Contains('{') && level.StartsWith('{') && level.EndsWith('}') => $"unknown placeholder {level}; there are {{device}} and {{channel}}, and + for a level that does not matter",
        _ when level.Contains('{') || level.Contains('}') => $"'{level}': a placeholder takes a whole level, such as devices/{{device}}",
        _ when level.Contains('+') || level.Contains('#') => $"'{level}': + and # take a whole level",
        _ => null,
    };
}
