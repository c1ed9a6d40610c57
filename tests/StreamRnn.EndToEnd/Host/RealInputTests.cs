using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using StreamRnn.EndToEnd.Mqtt;

namespace StreamRnn.EndToEnd.Host;

/// <summary>Real input, through a real broker, by real clients: recorded series line by line from mosquitto_pub, alerts as mosquitto_sub shows them.</summary>
public sealed class RealInputTests
{
    private static readonly string Data = Path.Combine(Repository(), "simulators", "data");

    [SkippableTheory]
    [InlineData("ambient_temperature_system_failure.csv", "office", "temperature")]
    [InlineData("ec2_request_latency_system_failure.csv", "api", "latency")]
    public async Task AnAlertOpensInsideALabelledWindowAndTheStateTopicsAreRetained(string file, string device, string channel)
    {
        Skip.If(Mosquitto.Find("mosquitto_pub") is null || Mosquitto.Find("mosquitto_sub") is null, "mosquitto_pub and mosquitto_sub are not installed (Debian: apt install mosquitto-clients)");
        using var broker = await new Mosquitto().StartAsync();
        await using var service = HostProcess.Start(null, systemd: true, null, "run", "--broker", $"mqtt://127.0.0.1:{broker.Port}");
        Assert.Equal("READY=1", await service.NotificationAsync());
        using var alerts = new Tool("mosquitto_sub", broker.Port, "-t", "streamrnn/alerts/#");
        var rows = File.ReadLines(Path.Combine(Data, file)).Skip(1).Select(l => l.Split(',')).ToList();
        using (var publisher = new Tool("mosquitto_pub", broker.Port, "-q", "1", "-t", $"devices/{device}/{channel}", "-l"))
        {
            foreach (var row in rows)
                publisher.Input.WriteLine($$"""{"timestamp": "{{row[0]}}", "value": {{row[1]}}}""");
            publisher.Input.Close();
            await publisher.ExitAsync();
        }

        var windows = JsonDocument.Parse(File.ReadAllText(Path.Combine(Data, "windows.json"))).RootElement.GetProperty(file).EnumerateArray()
            .Select(w => (Start: w.GetProperty("start").GetDateTimeOffset(), End: w.GetProperty("end").GetDateTimeOffset())).ToList();
        await Eventually.Holds(() => Opened(alerts).Any(at => windows.Exists(w => at >= w.Start && at <= w.End)), $"an alert opened within a labelled window; seen: {string.Join(", ", Opened(alerts))}");

        // A client that comes late sees the state as it is: retained.
        using var late = new Tool("mosquitto_sub", broker.Port, "-t", "streamrnn/devices/+/state", "-t", "streamrnn/status", "-C", "2", "-F", "%r %t %p");
        await late.ExitAsync();
        Assert.Contains("1 streamrnn/status online", late.Lines);
        var state = Assert.Single(late.Lines, l => l.StartsWith($"1 streamrnn/devices/{device}/state ", StringComparison.Ordinal));
        var json = JsonDocument.Parse(state.Split(' ', 3)[2]).RootElement;
        Assert.Contains(json.GetProperty("phase").GetString(), (string[])["ready", "alerting"]);
    }

    private static IEnumerable<DateTimeOffset> Opened(Tool alerts) => alerts.Lines
        .Select(l => JsonDocument.Parse(l).RootElement)
        .Where(e => e.GetProperty("type").GetString() == "io.streamrnn.alert.opened")
        .Select(e => e.GetProperty("data").GetProperty("openedAt").GetDateTimeOffset());

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "StreamRnn.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException($"no StreamRnn.sln above {AppContext.BaseDirectory}");
        return folder.FullName;
    }

    /// <summary>A command-line client of mosquitto.</summary>
    private sealed class Tool : IDisposable
    {
        private readonly Process _process;
        private readonly ConcurrentQueue<string> _lines = new();

        public Tool(string name, int port, params string[] args)
        {
            var start = new ProcessStartInfo(Mosquitto.Find(name)!) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
            foreach (var arg in (string[])["-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), .. args])
                start.ArgumentList.Add(arg);
            _process = new Process { StartInfo = start };
            _process.OutputDataReceived += (_, e) =>
            {
                if (e.Data is not null)
                    _lines.Enqueue(e.Data);
            };
            _process.Start();
            _process.BeginOutputReadLine();
        }

        public StreamWriter Input => _process.StandardInput;

        public IReadOnlyCollection<string> Lines => _lines;

        public async Task ExitAsync()
        {
            using var limit = new CancellationTokenSource(HostProcess.Limit);
            await _process.WaitForExitAsync(limit.Token);
            Assert.Equal(0, _process.ExitCode);
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill();
            _process.Dispose();
        }
    }
}
