using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;
using StreamRnn.Alerts;
using StreamRnn.Host.Replay;
using StreamRnn.Mqtt;
using StreamRnn.Pipeline;
using StreamRnn.Storage;

namespace StreamRnn.Host.Configuration;

/// <summary>
/// The section <c>StreamRnn</c> of the configuration: one small options record per room. Sources, each over the one before: <c>appsettings.json</c> in the
/// working directory, environment variables such as <c>StreamRnn__Mqtt__Host</c>, the command line. Immutable and checked as a whole.
/// </summary>
internal sealed record Settings
{
    public const string File = "appsettings.json";
    private const string Section = "StreamRnn";

    public MqttOptions Mqtt { get; init; } = new();
    public IngestOptions Ingest { get; init; } = new();
    public DetectionOptions Detection { get; init; } = new();
    public AlertOptions Alerts { get; init; } = new();
    public TopicOptions Topics { get; init; } = new();
    public StorageOptions Storage { get; init; } = new();

    /// <summary>Devices that a net of their own predicts; the first that matches decides. Default: none, so that the base model predicts every device.</summary>
    public IReadOnlyList<GroupOptions> Groups { get; init; } = [];

    /// <summary>Past readings that devices are to know before they are heard, from files named on the command line. No key.</summary>
    internal IReadOnlyList<History> Histories { get; init; } = [];

    /// <summary>Where the file of settings lies or would lie: relative paths begin here. No key.</summary>
    internal string Folder { get; init; } = Directory.GetCurrentDirectory();

    /// <summary>Detection keeps its scores where the score topic is to have them.</summary>
    public DetectionOptions DetectionForPublishing() => Detection with { KeepScores = Detection.KeepScores || Topics.ToScorePublishing() != ScorePublishing.Off };

    /// <summary>Reads, binds and checks.</summary>
    /// <param name="directory">Where <see cref="File"/> lies; it may be absent.</param>
    /// <param name="commandLine">Keys set on the command line, with their full paths; null values are not set.</param>
    /// <exception cref="ConfigurationException">With all that is wrong.</exception>
    public static Settings Load(string directory, IEnumerable<KeyValuePair<string, string?>> commandLine) => From(Read(directory, commandLine));

    /// <inheritdoc cref="Load"/>
    public static IConfigurationRoot Read(string directory, IEnumerable<KeyValuePair<string, string?>> commandLine)
    {
        try
        {
            return new ConfigurationBuilder().SetBasePath(directory)
                .AddJsonFile(File, optional: true)
                .AddEnvironmentVariables()
                .AddInMemoryCollection(commandLine.Where(k => k.Value is not null))
                .Build();
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException([$"{Path.Combine(directory, File)}: {(e.InnerException ?? e).Message}"], e);
        }
    }

    /// <inheritdoc cref="Load"/>
    public static Settings From(IConfigurationRoot root)
    {
        var binder = new StrictBinder(root);
        var settings = binder.Bind<Settings>(Section) with { Folder = FolderOf(root) };
        var problems = binder.Problems.Concat(Strangers(root));
        // A value that could not be read was left at its default: then ranges say nothing new.
        var all = problems.Concat(settings.OutOfRange().Select(p => WithOrigin(p, root))).ToList();
        return all.Count == 0 ? settings : throw new ConfigurationException(all);
    }

    // The folder that the file's provider looks into.
    private static string FolderOf(IConfigurationRoot root) =>
        root.Providers.OfType<FileConfigurationProvider>().Select(p => p.Source.FileProvider).OfType<PhysicalFileProvider>().FirstOrDefault()?.Root ?? Directory.GetCurrentDirectory();

    private IEnumerable<string> OutOfRange()
    {
        foreach (var problem in Mqtt.Validate().Concat(Ingest.Validate()).Concat(Topics.Validate()).Concat(Alerts.Problems()).Concat(Storage.Validate()))
            yield return problem;
        for (var i = 0; i < Groups.Count; i++)
        {
            foreach (var problem in Groups[i].Validate($"{Section}:Groups:{i}"))
                yield return problem;
        }

        if (Detection.FalseAlarmsPerDevicePerWeek is not (>= 0.001 and <= 1000))
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{Section}:Detection:FalseAlarmsPerDevicePerWeek is '{Detection.FalseAlarmsPerDevicePerWeek}'; allowed is 0.001 to 1000");
    }

    // Beside ours, the file may hold what the logging of .NET reads; anything else is a slip. Environment variables are other people's too.
    private static IEnumerable<string> Strangers(IConfigurationRoot root)
    {
        foreach (var file in root.Providers.OfType<FileConfigurationProvider>())
        {
            foreach (var key in file.GetChildKeys([], null).Distinct(StringComparer.OrdinalIgnoreCase))
            {
                if (!key.Equals(Section, StringComparison.OrdinalIgnoreCase) && !key.Equals("Logging", StringComparison.OrdinalIgnoreCase))
                    yield return $"{key} in {file.Source.Path} is not a known section; {(Nearest.To(key, [Section, "Logging"]) is { } near ? $"did you mean {near}?" : $"known here: {Section}, Logging.")}";
            }
        }
    }

    /// <summary>Options say "StreamRnn:Mqtt:Port is '0'; allowed is …": adds where the value stands.</summary>
    internal static string WithOrigin(string problem, IConfigurationRoot root)
    {
        var end = problem.IndexOf(' ', StringComparison.Ordinal);
        var semicolon = problem.IndexOf(';', StringComparison.Ordinal);
        var origin = end < 0 ? "" : new StrictBinder(root).Origin(root.GetSection(problem[..end]));
        return (semicolon < 0 ? problem + origin : problem.Insert(semicolon, origin)) + ".";
    }
}
