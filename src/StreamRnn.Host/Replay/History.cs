using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Host.Replay;

/// <summary>
/// Past readings of a device, from a file: folded before the live ones, in which no alert opens. What the detector knows of the device afterwards is what it would know if it had lived
/// through them, so it is ready with its first live reading.
/// </summary>
internal sealed class History
{
    private readonly List<(Instant Time, double[] Values)> _rows = [];

    private History(string device, IReadOnlyList<string> channels) => (Device, Channels) = (device, channels);

    public string Device { get; }

    public IReadOnlyList<string> Channels { get; }

    /// <summary>Time of the last row; of none, 1970.</summary>
    public Instant Until => _rows.Count == 0 ? default : _rows.Max(row => row.Time);

    /// <summary>Rows of the file.</summary>
    public int Count => _rows.Count;

    /// <param name="path">The file's name is the device's.</param>
    /// <param name="until">Rows after this are no past.</param>
    /// <exception cref="UsageException">A row cannot be used; the message says which, and what was expected.</exception>
    public static History Read(string path, Instant until)
    {
        using var file = SeriesFile.Open(path);
        if (DeviceRegistry.Unusable(file.Device) is { } why)
            throw new UsageException($"{path}: the file names the device, but {why}.");
        var history = new History(file.Device, file.Channels);
        foreach (var (time, values) in file.Rows())
        {
            if (time > until)
                throw new UsageException($"{path}, row {file.Row}: {time} is not the past; expected is a time up to {until}.");
            history._rows.Add((time, [.. values]));
        }

        return history;
    }

    /// <summary>Folds all rows, as one entry each.</summary>
    /// <param name="device">The device, of whatever name.</param>
    /// <param name="now">Both clocks at the beginning of the live readings.</param>
    /// <param name="before">Is told each entry before it is folded; it may give it a position.</param>
    /// <param name="outcome">Is told what came of each entry, valid during the call; it holds no alert.</param>
    /// <exception cref="UsageException">A channel is refused.</exception>
    public void Fold(Detector detector, DeviceRegistry registry, Device device, Instant now, Action<Arrivals> before, Action<Outcome> outcome)
    {
        var channels = Channels.Select(name => registry.TryGetChannel(device, name, out var channel, out var refusal)
            ? channel : throw new UsageException($"{Device}: the history's channel '{name}' was refused: {refusal}.")).ToArray();
        var entry = new Arrivals { Now = now, Heard = now, Past = true };
        foreach (var (time, values) in _rows)
        {
            entry.Clear();
            entry.Readings.Begin(device, time);
            for (var i = 0; i < values.Length; i++)
            {
                if (!double.IsNaN(values[i]))
                    entry.Readings.Add(channels[i], values[i]);
            }

            entry.Readings.End();
            before(entry);
            outcome(detector.Fold(entry));
        }
    }
}
