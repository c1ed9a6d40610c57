using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using StreamRnn.Mqtt;
using StreamRnn.Pipeline;
using StreamRnn.Readings;

namespace StreamRnn.EndToEnd.Mqtt;

/// <summary>Waiting with a condition and a limit.</summary>
internal static class Eventually
{
    /// <param name="log">Shown where the condition does not come to hold.</param>
    public static async Task Holds(Func<bool> condition, string what, int seconds = 30, TestLog? log = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!condition())
        {
            if (limit.IsCancellationRequested)
                Assert.Fail($"not within {seconds} s: {what}\n{string.Join('\n', log?.Lines ?? [])}");
            await tick.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}

/// <summary>A mosquitto of our own: its own port, its own folder, killed at the end.</summary>
internal sealed class Mosquitto : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("streamrnn-mosquitto-");
    private Process? _process;

    public Mosquitto(string settings = "allow_anonymous true")
    {
        Skip.If(Binary is null, "mosquitto is not installed (Debian: apt install mosquitto mosquitto-clients)");
        Port = Ports.Free();
        File.WriteAllText(Path.Combine(_folder.FullName, "conf"), string.Create(CultureInfo.InvariantCulture, $"""
            listener {Port} 127.0.0.1
            persistence false
            max_queued_messages 0
            set_tcp_nodelay true
            user root
            {settings.Replace("FOLDER", _folder.FullName, StringComparison.Ordinal)}
            """));
    }

    public static string? Binary { get; } = Find("mosquitto");

    public int Port { get; }

    public string Folder => _folder.FullName;

    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Concat(["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"])
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    public async Task<Mosquitto> StartAsync()
    {
        for (var attempt = 0; attempt < 20; attempt++)
        {
            _process = Process.Start(new ProcessStartInfo(Binary!, ["-c", Path.Combine(_folder.FullName, "conf")]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            _process.BeginErrorReadLine();
            _process.BeginOutputReadLine();
            await Eventually.Holds(() => _process.HasExited || Ports.Answers(Port), "mosquitto listens");
            if (!_process.HasExited)
                return this;
            await Task.Delay(500);                                            // somebody may have the port for a moment
        }

        throw new InvalidOperationException("mosquitto did not start");
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        if (_process is not { } process)
            return;
        _process = null;
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    public void Stop() => Signal("-STOP");

    public void Continue() => Signal("-CONT");

    public void Dispose()
    {
        Kill();
        _folder.Delete(recursive: true);
    }

    private void Signal(string signal)
    {
        using var kill = Process.Start("kill", [signal, _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}

internal static class Ports
{
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static bool Answers(int port)
    {
        using var client = new TcpClient();
        try
        {
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

/// <summary>Source, door and pump as the service wires them, with the values that came through for the test to look at.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _stopPump = new();
    private readonly ManualResetEventSlim _go = new(true);
    private readonly ManualResetEventSlim _never = new();
    private double _heldFrom = double.PositiveInfinity;
    private readonly Thread _pump;
    private readonly Task _run;
    private readonly TimeSpan _grace;

    public Listener(MqttOptions options, IngestOptions? ingest = null, DeadLetterHandler? deadLetter = null, TimeSpan? grace = null)
    {
        ingest ??= new IngestOptions();
        _grace = grace ?? TimeSpan.FromSeconds(10);
        Registry = new DeviceRegistry(maxDevices: ingest.MaxDevices, maxChannels: ingest.MaxChannelsPerDevice);
        Door = new Door(ingest.ToDoorLimits(), TimeProvider.System);
        Source = new ReadingSource(options, ingest, Registry, Door, "streamrnn", TimeProvider.System, Log, deadLetter);
        Source.ListeningChanged += on => Listening = on;
        Door.Arrivals.Subscribe(OnArrivals);
        _pump = new Thread(Pump) { IsBackground = true, Name = "pump" };
        _pump.Start();
        _run = Source.RunAsync(_grace, _stop.Token);
    }

    public ConcurrentQueue<(string Series, double Value)> Values { get; } = new();

    public TestLog Log { get; } = new();

    public DeviceRegistry Registry { get; }

    public Door Door { get; }

    public ReadingSource Source { get; }

    public bool Listening { get; private set; }

    public bool WasHeard(int value) => Values.Any(v => v.Value == value);

    /// <summary>From now on nothing gets through: a consumer that stands still.</summary>
    public void Stall() => _go.Reset();

    public void Resume() => _go.Set();

    /// <summary>Entries with such a value or a greater one stand still.</summary>
    public void HoldFrom(double value) => Volatile.Write(ref _heldFrom, value);

    public Task SubscribedAsync() => Source.Subscribed.WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>In good order: what is inside gets through and is acknowledged.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>As if the process died: nothing more gets through, nothing more is sent.</summary>
    public async Task DieAsync()
    {
        Stall();
        await Source.DisposeAsync();
        await _stop.CancelAsync();
        await _run.WaitAsync(TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Source.DisposeAsync();
        await _run.WaitAsync(TimeSpan.FromSeconds(30));
        await _stopPump.CancelAsync();
        _go.Set();
        _never.Set();
        _pump.Join();
        Door.Dispose();
    }

    private void OnArrivals(Arrivals arrivals)
    {
        _go.Wait();
        for (var i = 0; i < arrivals.Readings.ReadingCount; i++)
        {
            foreach (var sample in arrivals.Readings[i])
            {
                if (sample.Value >= Volatile.Read(ref _heldFrom))
                    _never.Wait();
            }
        }

        for (var i = 0; i < arrivals.Readings.ReadingCount; i++)
        {
            foreach (var sample in arrivals.Readings[i])
                Values.Enqueue((sample.Channel.ToString(), sample.Value));
        }
    }

    private void Pump()
    {
        try
        {
            Door.Pump(_stopPump.Token);
        }
        catch (ObjectDisposedException)
        {
            // the door went first
        }
    }
}

/// <summary>A client of the test's own, to publish and to subscribe with.</summary>
internal sealed class Client : IAsyncDisposable
{
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();

    public ConcurrentQueue<(string Topic, string Payload, bool Retained)> Received { get; } = new();

    public static async Task<Client> ConnectAsync(int port, MqttProtocolVersion version = MqttProtocolVersion.V500, params string[] filters)
    {
        var client = new Client();
        client._client.ApplicationMessageReceivedAsync += e =>
        {
            client.Received.Enqueue((e.ApplicationMessage.Topic, e.ApplicationMessage.ConvertPayloadToString() ?? "", e.ApplicationMessage.Retain));
            return Task.CompletedTask;
        };
        await client._client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithProtocolVersion(version).WithTimeout(TimeSpan.FromSeconds(10)).Build());
        foreach (var filter in filters)
            await client._client.SubscribeAsync(filter, MqttQualityOfServiceLevel.AtLeastOnce);
        return client;
    }

    public Task PublishAsync(string topic, string payload, bool retain = false, int qos = 1) => PublishAsync(topic, Encoding.UTF8.GetBytes(payload), retain, qos);

    public Task<MqttClientPublishResult> PublishAsync(string topic, byte[] payload, bool retain = false, int qos = 1) => _client.PublishAsync(
        new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(payload).WithRetainFlag(retain).WithQualityOfServiceLevel((MqttQualityOfServiceLevel)qos).Build());

    /// <summary>Many at once, in order.</summary>
    public async Task PublishManyAsync(string topic, IEnumerable<int> values, int qos)
    {
        foreach (var some in values.Chunk(200))
            await Task.WhenAll(some.Select(value => PublishAsync(topic, Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture)), qos: qos)));
    }

    /// <summary>The last payload of a topic.</summary>
    public string? Last(string topic) => Received.LastOrDefault(m => m.Topic == topic).Payload;

    public async ValueTask DisposeAsync()
    {
        if (_client.IsConnected)
            await _client.DisconnectAsync();
        _client.Dispose();
    }
}

internal sealed class TestLog : ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue(formatter(state, exception));

    public bool Says(string text) => Lines.Any(line => line.Contains(text, StringComparison.Ordinal));
}
