using StreamRnn.Readings;

namespace StreamRnn.Pipeline;

/// <summary>
/// One entry of the detector's input: everything that arrived while the entry before it was worked on, with the time at which it was taken in.
/// Without readings it is a tick of the clock. The detector's state is a fold over these entries and nothing else.
/// </summary>
public sealed class Arrivals
{
    public ReadingBuffer Readings { get; } = new();

    /// <summary>Wall-clock time at which the entry was closed.</summary>
    public Instant Now { get; set; }

    /// <summary>
    /// A clock that runs only while we listen (connected and subscribed): silence is measured on it, so that our own deafness is not taken for a device's silence.
    /// </summary>
    public Instant Heard { get; set; }

    /// <summary>The number of the last payload in this entry; acknowledgement goes by it.</summary>
    public long Ticket { get; set; }
}
