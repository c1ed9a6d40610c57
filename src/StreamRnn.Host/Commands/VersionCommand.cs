using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json;

namespace StreamRnn.Host.Commands;

/// <summary><c>version</c>: what to paste into a bug report.</summary>
internal static class VersionCommand
{
    public static string Version { get; } =
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "One JSON object instead of lines." };
        var verb = new Verb("version", "Show the version, the runtime and the machine: what a bug report needs.")
        {
            Options = { json },
            Examples = [("streamrnn version", "For people."), ("streamrnn version --json", "For scripts.")],
        };
        verb.SetAction(parsed =>
        {
            var facts = Facts();
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                output.WriteLine(JsonSerializer.Serialize(facts));
            else
                foreach (var (name, value) in facts)
                    output.WriteLine($"{name,-10} {value}");
            return ExitCode.Fine;
        });
        return verb;
    }

    private static Dictionary<string, string> Facts() => new()
    {
        ["streamrnn"] = Version,
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["system"] = $"{RuntimeInformation.OSDescription} {RuntimeInformation.RuntimeIdentifier}",
        ["vectors"] = Vector512.IsHardwareAccelerated ? "512 bit" : Vector256.IsHardwareAccelerated ? "256 bit" : Vector128.IsHardwareAccelerated ? "128 bit" : "none",
    };
}
