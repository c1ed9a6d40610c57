using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <summary>
/// One entry of the detector's input: everything that arrived while the entry before it was worked on, with the time at which it was taken in.
/// Without readings and commands it is a tick of the clock. The detector's state is a fold over these entries and nothing else.
/// </summary>
public sealed class Arrivals
{
    private readonly List<(DetectorCommand Command, int After)> _commands = [];

    public ReadingBuffer Readings { get; } = new();

    /// <summary>What people said, each with the number of this entry's readings that came before it.</summary>
    public IReadOnlyList<(DetectorCommand Command, int After)> Commands => _commands;

    /// <summary>Wall-clock time at which the entry was closed.</summary>
    public Instant Now { get; set; }

    /// <summary>
    /// A clock that runs only while we listen (connected and subscribed): silence is measured on it, so that our own deafness is not taken for a device's silence.
    /// </summary>
    public Instant Heard { get; set; }

    /// <summary>Readings of the past, to learn from: no alert opens for them.</summary>
    public bool Past { get; set; }

    /// <summary>
    /// The entry's number in the journal: 1, 2, …, ascending; 0 where it is not journalled. What a restored device has behind it is left out by it, see <see cref="Detector.Restore"/>.
    /// </summary>
    public long Position { get; set; }

    /// <summary>The number of the last payload in this entry; acknowledgement goes by it.</summary>
    public long Ticket { get; set; }

    /// <summary>Adds a command behind the readings that are here.</summary>
    public void Add(DetectorCommand command) => _commands.Add((command, Readings.ReadingCount));

    /// <summary>What this entry is to one device: its readings, every command at its place among them, the clocks. Alone, a device lives as it does among others.</summary>
    /// <param name="into">Overwritten.</param>
    public void CopyOf(Device device, Arrivals into)
    {
        into.Clear();
        (into.Now, into.Heard, into.Past, into.Position, into.Ticket) = (Now, Heard, Past, Position, Ticket);
        var said = 0;
        for (var i = 0; i <= Readings.ReadingCount; i++)
        {
            for (; said < _commands.Count && _commands[said].After <= i; said++)
                into.Add(_commands[said].Command);
            if (i == Readings.ReadingCount || Readings[i][0].Channel.Device != device)
                continue;
            into.Readings.Begin(device, Readings[i][0].Time, Readings[i][0].Sequence);
            foreach (var sample in Readings[i])
                into.Readings.Add(sample.Channel, sample.Value);
            into.Readings.End();
        }
    }

    public void Clear()
    {
        Readings.Clear();
        _commands.Clear();
    }
}
