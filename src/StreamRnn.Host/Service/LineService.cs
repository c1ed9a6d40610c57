using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StreamRnn.Host.Configuration;
using StreamRnn.Storage;

namespace StreamRnn.Host.Service;

/// <summary>The line as a hosted service: has started when it is subscribed, ends the host when it dies.</summary>
internal sealed class LineService(Settings settings, DeviceGroups groups, TimeProvider clock, ILoggerFactory logs, IHostApplicationLifetime host, Action<Milestone>? passed = null) : IHostedService
{
    private readonly ILogger _log = logs.CreateLogger<LineService>();
    private Line? _line;

    /// <summary>Changes as long as the line lives.</summary>
    public long Progress => _line?.Entries ?? 0;

    /// <summary>Why the line died, or null.</summary>
    public Exception? Failure { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _line = await Line.StartAsync(settings, groups, clock, logs, passed).ConfigureAwait(false);
        _ = WatchAsync(_line);
        foreach (var (match, model) in groups.All)
            LogMessages.Group(_log, match, model.Id, model.Version, string.Join(", ", model.Columns));
        if (settings.Mqtt.UsesEmbeddedBroker() && settings.Mqtt.Embedded.Users.Count == 0)
            LogMessages.HowToPublish(_log, _line.Broker, settings.Topics.Root);
        else if (!settings.Mqtt.UsesEmbeddedBroker())
            LogMessages.WaitingFor(_log, _line.Broker);
        await _line.Subscribed.WaitAsync(cancellationToken).ConfigureAwait(false);
        LogMessages.Ready(_log, _line.Broker);
    }

    private async Task WatchAsync(Line line)
    {
        Failure = await line.Failed.ConfigureAwait(false);
        if (Failure is StoreException)
            LogMessages.StoreFailed(_log, Failure.Message);
        else
            LogMessages.Died(_log, Failure);
        host.StopApplication();
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_line is not { } line)
            return;
        LogMessages.Stopping(_log);
        await line.DisposeAsync().AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
        LogMessages.Stopped(_log);
    }
}
