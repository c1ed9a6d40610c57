using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using StreamRnn.Simulators.Faults;
using StreamRnn.Simulators.Playing;

namespace StreamRnn.Simulators.Commands;

/// <summary>The options of <c>simulate</c>: each with its meaning, and with what is allowed when something else is found.</summary>
internal sealed class SimulateOptions
{
    public Option<BrokerAddress> Broker { get; } = new("--broker")
    {
        Description = "Where to publish: mqtt://[user:password@]host[:port], or mqtts:// for TLS.",
        HelpName = "address",
        DefaultValueFactory = _ => BrokerAddress.Default,
        CustomParser = Parser(BrokerAddress.Parse),
    };

    public Option<string[]> Kinds { get; } = new("--kind")
    {
        Description = $"Kinds of device, several with commas or by repeating: {DeviceKinds.AllNames}. Default: all.",
        HelpName = "kind",
        DefaultValueFactory = _ => [],
        CustomParser = Parser<string[]>(text => [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(k => DeviceKinds.Named(k).Name)],
            (a, b) => [.. a, .. b]),
    };

    public Option<int> Devices { get; } = new("--devices")
    {
        Description = "Number of devices in all, dealt out to the kinds in turn.",
        HelpName = "N",
        DefaultValueFactory = _ => 6,
        CustomParser = Parser(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is >= 1 and <= 1_000_000
            ? n : throw new FormatException($"'{text}' is not a number of devices; write 1 to 1000000.")),
    };

    public Option<TimeSpan?> For { get; } = new("--for")
    {
        Description = $"Device time to simulate, {Durations.Allowed}. Default: until stopped.",
        HelpName = "TIME",
        CustomParser = Parser<TimeSpan?>(text => Durations.Parse(text) is var time && time > TimeSpan.Zero ? time : throw new FormatException("--for must be above zero.")),
    };

    public Option<double?> Speed { get; } = new("--speed")
    {
        Description = "Device seconds in a second of the clock. Starts in the past, so that device time never runs ahead of the clock. Default: 1.",
        HelpName = "X",
        CustomParser = Parser<double?>(text => Positive(text, "a speed", "60")),
    };

    public Option<string?> Rate { get; } = new("--rate")
    {
        Description = "Readings in a second of the clock, all devices together, instead of --speed; 'max' for as fast as they go.",
        HelpName = "N|max",
        CustomParser = Parser<string?>(text => text == "max" ? text : Positive(text, "a rate", "1000, or max").ToString(CultureInfo.InvariantCulture)),
    };

    public Option<TimeSpan?> Every { get; } = new("--every")
    {
        Description = "Device time between two readings of a device. Default: what is usual for its kind.",
        HelpName = "TIME",
        CustomParser = Parser<TimeSpan?>(text => Durations.Parse(text)),
    };

    public Option<long> Seed { get; } = new("--seed")
    {
        Description = "The same seed gives the same devices and the same readings.",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
        CustomParser = Parser(text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n)
            ? n : throw new FormatException($"'{text}' is not a seed; write a whole number.")),
    };

    public Option<DateTimeOffset?> Start { get; } = new("--start")
    {
        Description = "Device time of the first reading, such as 2026-01-05T00:00:00Z; with it the same seed gives the same bytes.",
        HelpName = "TIME",
        CustomParser = Parser<DateTimeOffset?>(text =>
            DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
                ? time : throw new FormatException($"'{text}' is not an instant; write one such as 2026-01-05T00:00:00Z.")),
    };

    public Option<Fault[]> Faults { get; } = new("--fault")
    {
        Description = $"A fault, as {Fault.Grammar}, times in device time; repeatable. Faults: {FaultKind.AllNames}.",
        HelpName = "fault",
        DefaultValueFactory = _ => [],
        CustomParser = Parser<Fault[]>(text => [Fault.Parse(text)], (a, b) => [.. a, .. b]),
    };

    public Option<string?> Labels { get; } = new("--labels")
    {
        Description = "Write the ground truth to this file, one JSON object a line; it also goes to simulators/labels.",
        HelpName = "FILE",
    };

    public Option<string?> Csv { get; } = new("--csv")
    {
        Description = "Publish this recorded series with its own times instead of simulated devices (100 readings/s unless --speed or --rate).",
        HelpName = "FILE",
    };

    public Option<string?> Topic { get; } = new("--topic")
    {
        Description = "Topic of the recorded series. Default: devices/ and the file's name.",
        HelpName = "topic",
    };

    public Option<bool> PerChannel { get; } = new("--per-channel") { Description = "Bare values on devices/{device}/{channel} instead of one JSON object on devices/{device}." };

    public Option<int> QoS { get; } = new("--qos")
    {
        Description = "MQTT quality of service, 0, 1 or 2.",
        HelpName = "0|1|2",
        DefaultValueFactory = _ => 1,
        CustomParser = Parser(text => text is "0" or "1" or "2" ? text[0] - '0' : throw new FormatException($"'{text}' is not a quality of service; write 0, 1 or 2.")),
    };

    public Option<bool> Stdout { get; } = new("--stdout") { Description = "No broker: a line 'topic payload' for each message on standard output." };

    public Option<bool> List { get; } = new("--list") { Description = "Show the kinds of device and the faults, and stop." };

    public IEnumerable<Option> All =>
        [Broker, Kinds, Devices, For, Speed, Rate, Every, Seed, Start, Faults, Labels, Csv, Topic, PerChannel, QoS, Stdout, List];

    /// <summary>What does not go together, as sentences.</summary>
    public void Check(CommandResult result)
    {
        Exclude(Speed, Rate);
        Exclude(Stdout, Broker);
        foreach (var option in new Option[] { Kinds, Devices, For, Every, Seed, Start, Faults, Labels, PerChannel })
            Exclude(Csv, option);
        if (Given(Topic) && !Given(Csv))
            result.AddError("--topic goes with --csv; simulated devices have topics of their own.");
        if (Given(Topic) && result.GetValue(Topic) is { } topic && (topic.Length == 0 || topic.AsSpan().ContainsAny('+', '#', '\0')))
            result.AddError($"--topic '{topic}': a topic to publish to is not empty and has no + or #.");

        bool Given(Option option) => result.GetResult(option) is { Implicit: false };

        void Exclude(Option one, Option other)
        {
            if (Given(one) && Given(other))
                result.AddError($"{one.Name} and {other.Name} exclude each other.");
        }
    }

    private static double Positive(string text, string what, string example) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > 0 && double.IsFinite(number)
            ? number : throw new FormatException($"'{text}' is not {what}; write a number above zero such as {example}.");

    /// <summary>A parser whose complaints become errors of the option; several values are joined.</summary>
    private static Func<ArgumentResult, T?> Parser<T>(Func<string, T> parse, Func<T, T, T>? join = null) => result =>
    {
        T? value = default;
        for (var i = 0; i < result.Tokens.Count; i++)
        {
            try
            {
                var next = parse(result.Tokens[i].Value);
                value = i == 0 || join is null ? next : join(value!, next);
            }
            catch (Exception e) when (e is FormatException or ArgumentException)
            {
                result.AddError(e.Message);
            }
        }

        return value;
    };
}
