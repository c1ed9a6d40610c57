using StreamRnn.Alerts;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.Host.Replay;

/// <summary>What a plot needs of one device: every scored sample by channel, and the alerts. Some 50 bytes a sample.</summary>
internal sealed class Recording(string device)
{
    private readonly Dictionary<string, Track> _tracks = [];
    private readonly Dictionary<string, AlertEvent> _alerts = [];     // alert → its last event

    public string Device { get; } = device;

    /// <summary>The device's score and threshold at each reading.</summary>
    public Track Score { get; } = new("score");

    public IReadOnlyCollection<Track> Tracks => _tracks.Values;

    public IReadOnlyCollection<AlertEvent> Alerts => _alerts.Values;

    /// <summary>Labelled anomalies, from and to in seconds since 1970: to be drawn behind the rest.</summary>
    public List<(double From, double To)> Windows { get; } = [];

    public void Add(in ScoredSample sample)
    {
        if (!_tracks.TryGetValue(sample.Channel.Name, out var track))
            _tracks.Add(sample.Channel.Name, track = new Track(sample.Channel.Name));
        track.Add(sample.Time, sample.Value, sample.Expected, sample.Lower, sample.Upper);
        if (Score.Times.Count == 0 || Score.Times[^1] < sample.Time.Seconds)
            Score.Add(sample.Time, sample.Score, sample.Threshold, double.NaN, double.NaN);
    }

    public void Add(AlertEvent e) => _alerts[e.AlertId] = e;
}

/// <summary>One line of a plot over time: value and, where known, what was expected with its band. For the score: the score, and the threshold as what is expected.</summary>
internal sealed class Track(string name)
{
    public string Name { get; } = name;

    /// <summary>Seconds since 1970.</summary>
    public List<double> Times { get; } = [];
    public List<float> Values { get; } = [];
    public List<float> Expected { get; } = [];
    public List<float> Lower { get; } = [];
    public List<float> Upper { get; } = [];

    public void Add(Instant time, double value, double expected, double lower, double upper)
    {
        Times.Add(time.Seconds);
        Values.Add((float)value);
        Expected.Add((float)expected);
        Lower.Add((float)lower);
        Upper.Add((float)upper);
    }
}
