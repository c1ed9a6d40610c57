using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StreamRnn.Host.Configuration;
using StreamRnn.Host.Service;
using StreamRnn.Mqtt;
using StreamRnn.Storage;
using StreamRnn.Tests.Storage.Simulation;

namespace StreamRnn.Tests.Host;

/// <summary>A store that fails for good while the service runs ends it, with a message of its own.</summary>
public sealed class FailingStoreTests
{
    [Fact]
    public async Task AJournalThatIsDamagedWhileTheServiceRunsEndsItAndTellsWhatToDo()
    {
        using var folder = new Folder();
        using var disk = new Disk(folder.Path);
        using var log = new Lines();
        using var logs = LoggerFactory.Create(builder => builder.AddProvider(log));
        using var life = new Lifetime();
        var settings = new Settings { Mqtt = new MqttOptions { Embedded = new EmbeddedBrokerOptions { Port = 0 } }, Storage = new StorageOptions { Path = folder.Path, Vfs = DiskVfs.Name } };
        var service = new LineService(settings, DeviceGroups.None, TimeProvider.System, logs, life);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await service.StartAsync(limit.Token);
        disk.Asked = (operation, file) => operation == DiskOperation.Write && file.StartsWith(Journal.FileName, StringComparison.Ordinal) ? new DiskAnswer(DiskAnswer.Damaged, 0, Dies: false) : DiskAnswer.Fine;
        await life.Stopping.Task.WaitAsync(limit.Token);
        await service.StopAsync(limit.Token);
        Assert.IsType<StoreException>(service.Failure);
        var said = Assert.Single(log.All, l => l.StartsWith("Critical", StringComparison.Ordinal));
        Assert.Contains("Stopping, because the store failed", said, StringComparison.Ordinal);
        Assert.Contains($"{Journal.FileName} is damaged", said, StringComparison.Ordinal);
        Assert.Contains("Restore a back-up with 'streamrnn restore'", said, StringComparison.Ordinal);
        Assert.DoesNotContain(log.All, l => l.Contains("bug of ours", StringComparison.Ordinal));
    }

    private sealed class Lifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource _never = new();

        public TaskCompletionSource Stopping { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationToken ApplicationStarted => _never.Token;

        public CancellationToken ApplicationStopping => _never.Token;

        public CancellationToken ApplicationStopped => _never.Token;

        public void StopApplication() => Stopping.TrySetResult();

        public void Dispose() => _never.Dispose();
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> All { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => All.Enqueue($"{logLevel} {formatter(state, exception)}");

        public void Dispose()
        {
        }
    }
}
