using Microsoft.Extensions.Configuration;
using StreamRnn.Host.Models;
using StreamRnn.Mqtt;
using StreamRnn.Nets;

namespace StreamRnn.Host.Configuration;

/// <summary>The groups of the configuration with their models in memory: what the registry asks for a device's group, and what the detector predicts it with.</summary>
internal sealed class DeviceGroups
{
    private readonly (TopicTemplate Filter, int Model)[] _groups;

    private DeviceGroups((TopicTemplate Filter, int Model)[] groups, IReadOnlyList<NetModel> models) => (_groups, Models) = (groups, models);

    public static DeviceGroups None { get; } = new([], []);

    /// <summary>Each file once, though several groups name it: its devices are stepped together.</summary>
    public IReadOnlyList<NetModel> Models { get; }

    /// <summary>The groups in the order of the configuration.</summary>
    public IEnumerable<(string Match, NetModel Model)> All => _groups.Select(group => (group.Filter.Text, Models[group.Model]));

    /// <summary>The model of a device whose first reading came on this topic: an index into <see cref="Models"/>, or −1.</summary>
    public int Of(ReadOnlySpan<char> topic)
    {
        foreach (var (filter, model) in _groups)
        {
            if (filter.Matches(topic, out _, out _))
                return model;
        }

        return -1;
    }

    /// <summary>Reads the models of all groups.</summary>
    /// <exception cref="ConfigurationException">With every file that is missing, damaged or no model for devices.</exception>
    public static DeviceGroups Load(Settings settings, IConfigurationRoot root)
    {
        var groups = new List<(TopicTemplate, int)>();
        var (models, problems) = (new List<NetModel>(), new List<string>());
        var byPath = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < settings.Groups.Count; i++)
        {
            var group = settings.Groups[i];
            var path = Path.GetFullPath(group.Model, settings.Folder);
            if (!byPath.TryGetValue(path, out var index))
            {
                if (!SavedModel.TryReadForDevices(path, out var model, out var problem))
                {
                    problems.Add(Settings.WithOrigin($"StreamRnn:Groups:{i}:Model is '{group.Model}'; allowed is the path of a model file that 'streamrnn train' wrote: {problem}", root));
                    continue;
                }

                byPath.Add(path, index = models.Count);
                models.Add(model);
            }

            groups.Add((TopicTemplate.Parse(group.Match), index));
        }

        return problems.Count == 0 ? new DeviceGroups([.. groups], models) : throw new ConfigurationException(problems);
    }
}
