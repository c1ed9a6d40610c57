using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StreamRnn.EndToEnd.Host;

/// <summary>The program <c>streamrnn</c> in a process, a working directory and an environment of its own, as systemd or a person would start it.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    /// <summary>Generous: the machine may be busy with other tests.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly DirectoryInfo _folder;
    private readonly Socket? _systemd;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _error = new();

    private HostProcess(Process process, DirectoryInfo folder, Socket? systemd)
    {
        (_process, _folder, _systemd) = (process, folder, systemd);
        process.OutputDataReceived += (_, e) => Keep(_output, e.Data);
        process.ErrorDataReceived += (_, e) => Keep(_error, e.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Output => string.Join('\n', _output);

    public string Error => string.Join('\n', _error);

    /// <param name="settings">Content of appsettings.json, or null for none.</param>
    /// <param name="systemd">Open a notification socket, as systemd does.</param>
    /// <param name="environment">Further variables.</param>
    /// <param name="args">The command line.</param>
    public static HostProcess Start(string? settings, bool systemd, IReadOnlyDictionary<string, string>? environment, params string[] args) =>
        Start("streamrnn.dll", settings, systemd, environment, args);

    /// <summary>One of the roles of <see cref="Faults.Program"/>; it ends at the latest with the test's process.</summary>
    public static HostProcess StartRole(string? settings, bool systemd, IReadOnlyDictionary<string, string>? environment, params string[] args) =>
        Start("StreamRnn.EndToEnd.dll", settings, systemd, environment, args);

    /// <summary>The same as <see cref="Start(string?, bool, IReadOnlyDictionary{string, string}?, string[])"/>, for a limit on the size of files: one that is reached is an error of the writing, not the end of the process.</summary>
    public static HostProcess StartForLimit(string? settings, bool systemd, IReadOnlyDictionary<string, string>? environment, params string[] args) =>
        Start("streamrnn.dll", settings, systemd, environment, args, "sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh");

    private static HostProcess Start(string program, string? settings, bool systemd, IReadOnlyDictionary<string, string>? environment, string[] args, params string[] under)
    {
        var folder = Directory.CreateTempSubdirectory("streamrnn-e2e-");
        if (settings is not null)
            File.WriteAllText(Path.Combine(folder.FullName, "appsettings.json"), settings);
        string[] command = [.. under, "dotnet", Path.Combine(AppContext.BaseDirectory, program), .. args];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = folder.FullName,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["StreamRnn__Storage__Path"] = Path.Combine(folder.FullName, "store");        // no test shares one
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        Socket? socket = null;
        if (systemd)
        {
            var path = Path.Combine(folder.FullName, "notify");
            socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            start.Environment["NOTIFY_SOCKET"] = path;
        }

        return new HostProcess(new Process { StartInfo = start }, folder, socket);
    }

    public static int FreePort()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        return port;
    }

    /// <summary>The next datagram to systemd.</summary>
    public async Task<string> NotificationAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        var buffer = new byte[512];
        try
        {
            return Encoding.UTF8.GetString(buffer, 0, await _systemd!.ReceiveAsync(buffer, limit.Token));
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"nothing was sent to systemd within {Limit}\n{Output}\n{Error}");
        }
    }

    /// <summary>Whether a datagram to systemd is waiting now.</summary>
    public bool HasNotification => _systemd!.Available > 0;

    /// <summary>Waits until the condition holds of what was written so far.</summary>
    public async Task UntilAsync(Func<HostProcess, bool> condition, string what)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition(this))
        {
            if (limit.IsCancellationRequested || _process.HasExited)
                Assert.Fail($"{what}: not so{(_process.HasExited ? $", and it has ended with {_process.ExitCode}" : "")}\n{Output}\n{Error}");
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>A line to its standard input.</summary>
    public void Say(string line) => _process.StandardInput.WriteLine(line);

    /// <summary>kill -9.</summary>
    public Task KillAsync()
    {
        _process.Kill();
        return _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM or SIGINT.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", ["-s", name, _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <returns>The exit code, and how long it took.</returns>
    public async Task<(int Code, TimeSpan Took)> ExitAsync()
    {
        using var limit = new CancellationTokenSource(Limit + TimeSpan.FromMinutes(1));
        var began = Stopwatch.GetTimestamp();
        await _process.WaitForExitAsync(limit.Token);
        return (_process.ExitCode, Stopwatch.GetElapsedTime(began));
    }

    /// <summary>Whether it ends within a time.</summary>
    public async Task<bool> EndsWithinAsync(TimeSpan time)
    {
        using var limit = new CancellationTokenSource(time);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _systemd?.Dispose();
        _folder.Delete(recursive: true);
    }

    private static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
            lines.Enqueue(line);
    }
}
