using System.Text.RegularExpressions;

namespace StreamRnn.Tests.Security;

/// <summary>What SECURITY.md names is there.</summary>
public sealed partial class SecurityPageTests
{
    [Fact]
    public void EveryTestThatSecurityNamesExists()
    {
        var named = Named().Matches(Repository.Read("SECURITY.md")).Select(m => m.Groups[1].Value).Distinct().ToList();
        Assert.True(named.Count > 10);
        var ours = Directory.EnumerateFiles(Repository.PathOf("tests"), "*Tests.cs", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension).ToHashSet();
        Assert.Equal([], named.Where(name => !ours.Contains(name)));
    }

    [GeneratedRegex(@"`(\w+Tests)`")]
    private static partial Regex Named();
}
