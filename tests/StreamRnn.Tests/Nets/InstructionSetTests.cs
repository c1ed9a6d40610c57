using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using StreamRnn.Nets.Kernels;

namespace StreamRnn.Tests.Nets;

/// <summary>This assembly again, in a process whose runtime is told that the processor has less: the bits of every step and of training stay the same.</summary>
public class InstructionSetTests
{
    /// <summary>The switch, and a kernel that must be gone with it: a switch that does nothing would prove nothing.</summary>
    public static TheoryData<string, string> Switches => new()
    {
        { "DOTNET_EnableAVX512", "simd512" },
        { "DOTNET_EnableAVX2", "simd256" },
        { "DOTNET_EnableAVX", "simd128" },
        { "DOTNET_EnableHWIntrinsic", "simd128" },
    };

    [Theory]
    [MemberData(nameof(Switches))]
    public void StepsAndTrainingHaveTheSameBitsWithInstructionSetsSwitchedOff(string variable, string gone)
    {
        var found = Probe(variable, "0");
        if (Sse.IsSupported)
            Assert.DoesNotContain(gone, found[0], StringComparison.Ordinal);
        Assert.Equal(NetsProbe.Results(NetsProbe.Run()), NetsProbe.Results(found));
    }

    [Fact]
    public void EveryKernelThatTheVariableForcesGivesTheSameBitsInTraining()
    {
        var expected = NetsProbe.Results(NetsProbe.Run()).ToList();
        foreach (var kernel in StepKernels.All.Where(kernel => kernel.Name != "reference"))
            Assert.Equal(expected, NetsProbe.Results(Probe(StepKernels.Variable, kernel.Name)));
    }

    private static List<string> Probe(string variable, string value)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            ArgumentList = { typeof(NetsProbe).Assembly.Location, NetsProbe.Verb },
            Environment = { [variable] = value },
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start");
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(60)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"the probe with {variable}={value} did not end within a minute");
        }

        Assert.True(process.ExitCode == 0, $"the probe with {variable}={value} ended with {process.ExitCode}: {error.GetAwaiter().GetResult()}");
        return [.. output.GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
    }
}
