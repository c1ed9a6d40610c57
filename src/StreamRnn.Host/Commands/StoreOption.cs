using System.CommandLine;
using StreamRnn.Host.Configuration;
using StreamRnn.Host.Service;

namespace StreamRnn.Host.Commands;

/// <summary>Which store a verb reads: the one that <c>streamrnn run</c> in this folder uses, unless another is named.</summary>
internal static class StoreOption
{
    public static Option<string?> Create() => new("--store")
    {
        Description = "The folder of the store. Default: that of 'streamrnn run' with the configuration found here (StreamRnn:Storage:Path).",
        HelpName = "DIR",
    };

    public static string FolderOf(string? named, Settings settings) =>
        named is null ? StoreFolder.Of(settings.Storage, settings.Mqtt, settings.Folder, Environment.GetEnvironmentVariable) : Path.GetFullPath(named);
}
