using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Hosting.WindowsServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using StreamRnn.Host.Configuration;

namespace StreamRnn.Host.Service;

/// <summary>The process around the line: on a console, under systemd or as a Windows service.</summary>
internal static class ServiceHost
{
    // Longer than the line's own graces together.
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(12);

    /// <summary>Where the settings lie: the working directory; for a Windows service, whose working directory is Windows' own, the program's folder.</summary>
    public static string SettingsFolder => WindowsServiceHelpers.IsWindowsService() ? AppContext.BaseDirectory : Directory.GetCurrentDirectory();

    /// <summary>Runs until asked to stop.</summary>
    /// <param name="clock">Default: the system's.</param>
    /// <param name="passed">Is told of milestones; default: nobody.</param>
    /// <returns>The exit code: not 0 when the line died.</returns>
    /// <exception cref="IOException">The embedded broker cannot listen.</exception>
    public static async Task<int> RunAsync(Settings settings, DeviceGroups groups, IConfigurationRoot configuration, CancellationToken cancel, TimeProvider? clock = null, Action<Milestone>? passed = null)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "streamrnn" });
        builder.Services.AddSingleton(settings).AddSingleton(groups).AddSingleton(clock ?? TimeProvider.System);
        if (passed is not null)
            builder.Services.AddSingleton(passed);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = StopWithin);
        builder.Services.Configure<ConsoleLifetimeOptions>(options => options.SuppressStatusMessages = true);
        builder.Services.AddWindowsService(options => options.ServiceName = "StreamRnn");
        builder.Services.AddSingleton<LineService>().AddHostedService(services => services.GetRequiredService<LineService>());
        builder.Services.AddHostedService(services => new Heartbeat(
            new SystemdNotifier(), Heartbeat.WatchdogOf(Environment.GetEnvironmentVariable, Environment.ProcessId),
            () => services.GetRequiredService<LineService>().Progress, services.GetRequiredService<TimeProvider>()));
        AddLogging(builder.Logging, configuration);

        using var host = builder.Build();
        var line = host.Services.GetRequiredService<LineService>();
        try
        {
            await host.StartAsync(cancel).ConfigureAwait(false);
            await host.WaitForShutdownAsync(cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Asked to stop while the broker was still awaited.
            await host.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }

        return line.Failure is null ? ExitCode.Fine : ExitCode.Failure;
    }

    private static void AddLogging(ILoggingBuilder logging, IConfigurationRoot configuration)
    {
        logging.AddConfiguration(configuration.GetSection("Logging"));
        // A start that failed is told by the command line in a sentence, and one that was interrupted is no failure: no stack trace beside them.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        // The journal has a clock of its own and reads a level at the beginning of a line.
        var journal = SystemdHelpers.IsSystemdService() || Environment.GetEnvironmentVariable("JOURNAL_STREAM") is not null;
        logging.AddConsole(options => options.FormatterName = journal ? ConsoleFormatterNames.Systemd : ConsoleFormatterNames.Simple);
        logging.AddSimpleConsole(options => (options.SingleLine, options.TimestampFormat, options.UseUtcTimestamp) = (true, "HH:mm:ss ", true));
        logging.AddSystemdConsole();
        logging.Services.Configure<ConsoleLoggerOptions>(options => options.FormatterName = journal ? ConsoleFormatterNames.Systemd : ConsoleFormatterNames.Simple);
    }
}
