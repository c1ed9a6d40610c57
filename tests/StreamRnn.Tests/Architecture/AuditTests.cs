using System.Diagnostics;

namespace StreamRnn.Tests.Architecture;

public sealed class AuditTests
{
    [Theory]
    [InlineData("The given project `A` has no vulnerable packages given the current sources.", 0, 0, "no known weakness")]
    [InlineData("Project `A` has the following vulnerable packages\n > B 1.0 High", 0, 1, "has a known weakness")]
    [InlineData("error NU1301: Unable to load the service index for source", 1, 0, "did not answer")]
    [InlineData("warn : NU1900: error communicating with the package source\nThe given project `A` has no vulnerable packages", 0, 0, "did not answer")]
    [InlineData("", 124, 0, "did not answer")]
    public void TheAuditFailsOnAKnownWeaknessAndOnlyOnThat(string said, int code, int verdict, string says)
    {
        if (OperatingSystem.IsWindows())
            return;                                              // CI's script runs on Linux
        using var audit = Process.Start(new ProcessStartInfo("bash", [Repository.PathOf(".ci/audit"), "--of", code.ToString(System.Globalization.CultureInfo.InvariantCulture)]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        audit.StandardInput.Write(said);
        audit.StandardInput.Close();
        Assert.Contains(says, audit.StandardOutput.ReadToEnd(), StringComparison.Ordinal);
        audit.WaitForExit();
        Assert.Equal(verdict, audit.ExitCode);
    }
}
