using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Time.Testing;
using StreamRnn.Host.Service;

namespace StreamRnn.Tests.Host;

/// <summary>The systemd notification protocol, against a datagram socket as systemd opens it.</summary>
[Collection("environment")]
public sealed class HeartbeatTests : IDisposable
{
    private readonly Folder _folder = new();
    private readonly Socket _systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 30_000 };
    private readonly FakeTimeProvider _clock = new();
    private readonly SystemdNotifier _notifier;
    private long _progress;

    public HeartbeatTests()
    {
        if (OperatingSystem.IsWindows())
        {
            _notifier = new SystemdNotifier();
            return;
        }

        var path = Path.Combine(_folder.Path, "notify");
        _systemd.Bind(new UnixDomainSocketEndPoint(path));
        using var environment = new EnvironmentVariable("NOTIFY_SOCKET", path);
        _notifier = new SystemdNotifier();
    }

    [Fact]
    public async Task ReadyIsSentWhenAllHasStartedAndStoppingWhenAskedToStop()
    {
        using var heartbeat = Beating(null);
        await heartbeat.StartingAsync(default);
        await heartbeat.StartAsync(default);
        Assert.Equal(0, _systemd.Available);
        await heartbeat.StartedAsync(default);
        Assert.Equal("READY=1", Receive());
        await heartbeat.StoppingAsync(default);
        Assert.Equal("STOPPING=1", Receive());
    }

    [Fact]
    public async Task TheWatchdogIsFedThreeTimesAPeriodWhileTheLineMakesProgressAndNotWhenItStandsStill()
    {
        using var heartbeat = Beating(TimeSpan.FromSeconds(30));
        await heartbeat.StartedAsync(default);
        Assert.Equal("READY=1", Receive());
        for (var i = 0; i < 3; i++)
        {
            _progress++;
            _clock.Advance(TimeSpan.FromSeconds(10));
            Assert.Equal("WATCHDOG=1", Receive());
        }

        _clock.Advance(TimeSpan.FromSeconds(10));     // no progress: the next datagram is not a sign of life
        await heartbeat.StoppingAsync(default);
        Assert.Equal("STOPPING=1", Receive());
        Assert.Equal(0, _systemd.Available);
    }

    [Theory]
    [InlineData("30000000", "", 30)]
    [InlineData("30000000", "42", 30)]
    [InlineData("30000000", "43", null)]
    [InlineData(null, null, null)]
    [InlineData("0", null, null)]
    [InlineData("soon", null, null)]
    public void TheWatchdogPeriodIsSystemdsAndOnlyForThisProcess(string? microseconds, string? pid, int? seconds)
    {
        var period = Heartbeat.WatchdogOf(name => name == "WATCHDOG_USEC" ? microseconds : name == "WATCHDOG_PID" ? pid : null, processId: 42);
        Assert.Equal(seconds, (int?)period?.TotalSeconds);
    }

    private Heartbeat Beating(TimeSpan? watchdog) => new(_notifier, watchdog, () => Interlocked.Read(ref _progress), _clock);

    private string Receive()
    {
        var buffer = new byte[256];
        return Encoding.UTF8.GetString(buffer, 0, _systemd.Receive(buffer));
    }

    public void Dispose()
    {
        _systemd.Dispose();
        _folder.Dispose();
    }
}
