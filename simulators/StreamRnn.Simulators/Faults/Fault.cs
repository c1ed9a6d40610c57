using System.Globalization;
using System.Text.RegularExpressions;

namespace StreamRnn.Simulators.Faults;

/// <summary>A fault that is asked for; what is left open is filled in by the scenario.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="At">Device time from the scenario's start to the onset.</param>
/// <param name="Device">Null: one that the fault suits, chosen by the seed.</param>
/// <param name="Channel">Null: the device's first channel, or the whole device for faults of that sort.</param>
/// <param name="Duration">Device time; null: the kind's usual number of readings.</param>
/// <param name="Size">In the unit of the kind; null: clearly visible in a plot.</param>
public sealed partial record Fault(
    FaultKind Kind, TimeSpan At, string? Device = null, string? Channel = null, TimeSpan? Duration = null, double? Size = null)
{
    public const string Grammar = "kind@TIME[+DURATION][=SIZE][:device[:channel]]";

    /// <summary>Reads <see cref="Grammar"/>, for example <c>level-shift@10m+30m=5:thermostat-01:temperature</c>.</summary>
    /// <exception cref="FormatException">The message says what was found, and what is allowed.</exception>
    public static Fault Parse(string text) => Parse(text, withTime: true);

    /// <summary>Reads a fault that begins now: the same without <c>@TIME</c>, for example <c>spike:freezer-02</c>.</summary>
    /// <exception cref="FormatException">The message says what was found, and what is allowed.</exception>
    public static Fault ParseNow(string text) => Parse(text, withTime: false);

    private static Fault Parse(string text, bool withTime)
    {
        var name = Name().Match(text).Value;
        if (!FaultKind.All.Any(k => string.Equals(k.Name, name, StringComparison.OrdinalIgnoreCase)))
            throw new FormatException($"'{text}': there is no fault '{name}'. Faults: {FaultKind.AllNames}.");
        var match = Whole().Match(text);
        if (!match.Success || match.Groups["at"].Success != withTime)
        {
            throw new FormatException($"'{text}' is not a fault; write {(withTime ? Grammar : Grammar.Replace("@TIME", "", StringComparison.Ordinal))}, "
                + $"for example spike{(withTime ? "@5m" : "")}:freezer-01. Times are {Durations.Allowed}.");
        }

        return new Fault(
            FaultKind.Named(name),
            withTime ? Time("at")!.Value : TimeSpan.Zero,
            Text("device"), Text("channel"), Time("for"),
            Text("size") is { } size ? double.Parse(size, CultureInfo.InvariantCulture) : null);

        string? Text(string group) => match.Groups[group] is { Success: true } g ? g.Value : null;

        TimeSpan? Time(string group)
        {
            if (Text(group) is not { } found)
                return null;
            return Durations.TryParse(found, out var time)
                ? time : throw new FormatException($"'{text}': '{found}' is not a length of time; write one {Durations.Allowed}.");
        }
    }

    [GeneratedRegex("^[A-Za-z-]*")]
    private static partial Regex Name();

    [GeneratedRegex(@"^[A-Za-z-]+(?:@(?<at>" + Durations.Pattern + @"))?(?:\+(?<for>" + Durations.Pattern + @"))?(?:=(?<size>-?\d+(?:\.\d+)?))?"
        + @"(?::(?<device>[^:\s]+)(?::(?<channel>[^:\s]+))?)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Whole();
}
