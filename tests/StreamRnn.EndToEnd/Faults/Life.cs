using System.Globalization;
using StreamRnn.EndToEnd.Host;
using StreamRnn.EndToEnd.Mqtt;
using Listener = StreamRnn.EndToEnd.Host.Listener;

namespace StreamRnn.EndToEnd.Faults;

/// <summary>A store that outlives services, and a subscriber who hears all that any of them tells; devices publish with its client.</summary>
internal sealed class Life : IAsyncDisposable
{
    private static readonly Lazy<Task<SortedDictionary<string, string>>> Uninterrupted = new(LiveAsync);

    private readonly DirectoryInfo _store = Directory.CreateTempSubdirectory("streamrnn-life-");
    private readonly int _port;

    private Life(int port, Listener subscriber) => (_port, Subscriber) = (port, subscriber);

    /// <summary>How many kills the long form asks for; null in the short form.</summary>
    public static int? Kills { get; } = int.TryParse(Environment.GetEnvironmentVariable("STREAMRNN_KILLS"), CultureInfo.InvariantCulture, out var kills) ? kills : null;

    public Listener Subscriber { get; }

    public string Store => _store.FullName;

    /// <summary>The alerts of the script in a life without a fault.</summary>
    public static Task<SortedDictionary<string, string>> ExpectedAsync() => Uninterrupted.Value;

    /// <param name="port">Of the broker.</param>
    public static async Task<Life> BeginAsync(int port) => new(port, await Listener.StartAsync(port, "streamrnn/#"));

    /// <summary>The service as a person would start it.</summary>
    /// <param name="keep">False: it keeps nothing.</param>
    /// <param name="port">Where it connects, if not at the broker itself.</param>
    /// <param name="more">Further variables.</param>
    public HostProcess Run(bool keep = true, int? port = null, params (string Name, string Value)[] more) =>
        HostProcess.Start(Script.Settings, systemd: true, Variables(keep, more), "run", "--broker", Broker(port));

    /// <summary>The service with a disk that will be full: see <see cref="HostProcess.StartForLimit"/>.</summary>
    public HostProcess RunForLimit() => HostProcess.StartForLimit(Script.Settings, systemd: true, Variables(keep: true), "run", "--broker", Broker(null));

    /// <summary>The service with what tests do to it: see <see cref="Program"/>.</summary>
    public HostProcess RunRole(params string[] args) => RunRole(Script.Settings, ("StreamRnn__Storage__CheckpointEvery", "01:00:00"), args);

    /// <param name="settings">Content of appsettings.json.</param>
    /// <param name="variable">One more.</param>
    /// <param name="args">The role's options.</param>
    public HostProcess RunRole(string settings, (string, string) variable, params string[] args) =>
        HostProcess.StartRole(settings, systemd: true, Variables(keep: true, variable), ["service", "--broker", Broker(null), .. args]);

    /// <summary>Holds what was heard against the life without a fault.</summary>
    /// <returns>How many alert events there were, and how often one came again.</returns>
    public async Task<(int Events, int Repeated)> AssertWholeAsync()
    {
        var expected = await ExpectedAsync();
        var (bodies, repeated, altered) = Script.Alerts(Subscriber);
        var missing = expected.Keys.Except(bodies.Keys);
        var extra = bodies.Keys.Except(expected.Keys);
        var changed = expected.Where(e => bodies.TryGetValue(e.Key, out var body) && body != e.Value).Select(e => e.Key);
        Assert.True(
            expected.SequenceEqual(bodies) && altered == 0,
            $"of {expected.Count} alert events\nmissing: {string.Join(' ', missing)}\ntoo many: {string.Join(' ', extra)}\nchanged: {string.Join(' ', changed)}\naltered when they came again: {altered}");
        return (bodies.Count, repeated);
    }

    /// <summary>For controls: missing, altered or too many.</summary>
    public async Task<int> CountWrongAsync()
    {
        var expected = await ExpectedAsync();
        var (bodies, _, altered) = Script.Alerts(Subscriber);
        return altered + expected.Except(bodies).Count() + bodies.Keys.Except(expected.Keys).Count();
    }

    public async ValueTask DisposeAsync()
    {
        await Subscriber.DisposeAsync();
        _store.Delete(recursive: true);
    }

    private string Broker(int? port) => string.Create(CultureInfo.InvariantCulture, $"mqtt://127.0.0.1:{port ?? _port}");

    private Dictionary<string, string> Variables(bool keep, params (string Name, string Value)[] more)
    {
        var environment = new Dictionary<string, string>
        {
            ["StreamRnn__Storage__Path"] = Store,
            ["StreamRnn__Storage__Enabled"] = keep ? "true" : "false",
            ["StreamRnn__Storage__CheckpointEvery"] = "00:00:01",
        };
        foreach (var (name, value) in more)
            environment[name] = value;
        return environment;
    }

    private static async Task<SortedDictionary<string, string>> LiveAsync()
    {
        using var broker = await new Mosquitto().StartAsync();
        await using var life = await BeginAsync(broker.Port);
        await using var service = life.Run();
        Assert.Equal("READY=1", await service.NotificationAsync());
        await Script.PublishAsync(life.Subscriber, 0, Script.Rows);
        await Script.EndAsync(life.Subscriber);
        return Script.Alerts(life.Subscriber).Bodies;
    }
}
