using System.Runtime.InteropServices;

namespace StreamRnn.Host;

/// <summary>What stands in the head of every report that measures.</summary>
internal static class Machine
{
    /// <summary>The processor by name, family and model, where the system tells.</summary>
    public static string Processor
    {
        get
        {
            if (OperatingSystem.IsLinux() && File.Exists("/proc/cpuinfo"))
            {
                var lines = File.ReadAllLines("/proc/cpuinfo");
                string? Of(string key) => lines.FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
                if (Of("model name") is { } model)
                    return $"{model} (family {Of("cpu family")}, model {Of("model\t")}), {RuntimeInformation.ProcessArchitecture}";
            }

            return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
        }
    }

    public static string System => $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription.Split(" #")[0]}, {Environment.ProcessorCount} processors";
}
