using StreamRnn.Alerts;
using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <summary>What a person says to the detector: an entry like a reading, in order with them, so that the same entries make the same alerts.</summary>
public abstract record DetectorCommand
{
    /// <summary>Where the answer is wanted; the detector hands it on unread.</summary>
    public ReplyAddress? ReplyTo { get; init; }
}

/// <summary>"This is normal": the alert was no fault, and episodes like it are not reported any more.</summary>
/// <param name="AlertId">Of an alert that is open or among its device's last eight.</param>
/// <param name="For">How long that holds; null: until it is undone.</param>
public sealed record CallNormal(string AlertId, TimeSpan? For) : DetectorCommand;

/// <summary>Takes back a <see cref="CallNormal"/>.</summary>
/// <param name="Device">Where given, the device that the alert must be of.</param>
public sealed record UndoNormal(string AlertId, string? Device = null) : DetectorCommand;

/// <summary>What is called normal, of one device or of all.</summary>
public sealed record ListNormal(string? Device) : DetectorCommand;

/// <summary>Another budget of false alarms, for one device or for all that have none of their own. Acts on the next reading and forgets nothing.</summary>
/// <param name="FalseAlarmsPerWeek">0.001 to 1000; null: back to that of the configuration.</param>
public sealed record SetSensitivity(double? FalseAlarmsPerWeek, string? Device) : DetectorCommand;

/// <summary>What was sent as a command and is none: it is answered in its turn, and does nothing.</summary>
/// <param name="Problem">What was found, and what was expected.</param>
public sealed record NoCommand(string Problem) : DetectorCommand;

/// <summary>An MQTT 5 response topic and its correlation data.</summary>
public sealed record ReplyAddress(string Topic, ReadOnlyMemory<byte> Correlation);

/// <summary>What became of a command.</summary>
/// <param name="Done">False: it was refused, and nothing changed.</param>
/// <param name="Message">A sentence: what was done, or what was found and what was expected.</param>
/// <param name="Device">The device it was about, where it was about one.</param>
/// <param name="Normals">For a list: what is called normal.</param>
public sealed record CommandReply(DetectorCommand Command, bool Done, string Message, string? Device, IReadOnlyList<NormalNotice> Normals)
{
    /// <summary>From the shards' answers to one command: at most one of them knows an alert or a device; to a list, each has its part.</summary>
    internal static CommandReply Of(DetectorCommand command, IReadOnlyList<CommandReply> parts)
    {
        if (command is ListNormal list)
        {
            NormalNotice[] all = [.. parts.SelectMany(p => p.Normals)];
            return new CommandReply(command, true, $"{(all.Length == 1 ? "1 episode is" : $"{all.Length} episodes are")} called normal{(list.Device is { } device ? $" on {device}" : "")}.", list.Device, all);
        }

        return parts.Count > 0 ? parts[0] : new CommandReply(command, false, command switch
        {
            CallNormal normal => $"alert '{normal.AlertId}' is not known here; expected is the alertId of an alert that is open or among the last {NormalBook.EpisodesOfADevice} of its device since the service started",
            UndoNormal undo => $"'{undo.AlertId}' is not called normal{(undo.Device is { } of ? $" on {of}" : "")}; what is can be listed",
            NoCommand none => none.Problem,
            SetSensitivity { Device: { } device } => $"device '{device}' is not known here; expected is one that has sent a reading",
            _ => "nobody answered",
        }, null, []);
    }
}
