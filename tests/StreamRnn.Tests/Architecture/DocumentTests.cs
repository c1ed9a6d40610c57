using System.Reflection;
using System.Text.RegularExpressions;
using StreamRnn.Alerts;
using StreamRnn.Host.Configuration;

namespace StreamRnn.Tests.Architecture;

/// <summary>What the documents say, held against the repository.</summary>
public sealed partial class DocumentTests
{
    public static TheoryData<string> Documents =>
        [.. Directory.EnumerateFiles(Repository.Root, "*.md").Concat(Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/')).Order()];

    [Fact]
    public void TheArchitectureNamesFilesThatExist()
    {
        var named = FileNames().Matches(Repository.Read("ARCHITECTURE.md")).Select(m => m.Groups[1].Value).ToList();
        Assert.True(named.Count(f => f.EndsWith(".cs", StringComparison.Ordinal)) >= 15, $"only {named.Count} files are named");
        Assert.Equal([], named.Where(f => !File.Exists(Repository.PathOf(f)) && !Directory.Exists(Repository.PathOf(f))));
    }

    [Theory, MemberData(nameof(Documents))]
    public void LinksLeadToFilesThatExist(string document)
    {
        var folder = Path.GetDirectoryName(Repository.PathOf(document))!;
        var links = Links().Matches(Repository.Read(document)).Select(m => m.Groups[1].Value).Where(link => !link.Contains("://", StringComparison.Ordinal));
        Assert.Equal([], links.Where(link => !Path.Exists(Path.Combine(folder, link))));
    }

    [Fact]
    public void EveryCommandOfTheReadmeIsRunByCi()
    {
        var readme = Repository.Read("README.md").Split('\n');
        var blocks = Enumerable.Range(0, readme.Length).Where(i => readme[i].StartsWith("```", StringComparison.Ordinal) && readme[i] != "```").ToList();
        Assert.True(blocks.Count > 5);
        Assert.All(blocks, i =>
        {
            Assert.Equal("```sh", readme[i]);
            Assert.Matches(Marker(), readme[i - 1]);
        });
        var ci = Repository.Read(".ci/run");
        Assert.All(blocks.Select(i => Marker().Match(readme[i - 1]).Groups["own"].Value).Where(own => own.Length > 0), own => Assert.Contains($".ci/readme {own}", ci, StringComparison.Ordinal));
        Assert.Contains(".ci/readme script", ci, StringComparison.Ordinal);
    }

    [Fact]
    public void TheReadmeNamesEveryConfigurationKey()
    {
        var readme = Repository.Read("README.md");
        Assert.Equal([], Keys(typeof(Settings), "").Where(key => !readme.Contains($"`{key}`", StringComparison.Ordinal)));
    }

    [Fact]
    public void ReadmeAndAsyncApiNameTheSameTopics()
    {
        var published = Addresses().Matches(Repository.Read("docs/asyncapi.yaml")).Select(m => m.Groups[1].Value).Order().ToList();
        var told = Rows().Matches(Repository.Read("README.md")).Select(m => m.Groups[1].Value).Where(t => t.Contains('/', StringComparison.Ordinal)).Order();
        Assert.Equal(10, published.Count);
        Assert.Equal(told, published);
    }

    [Fact]
    public void TheAsyncApiKnowsTheTypesOfAlertEvents() =>
        Assert.All(Enum.GetValues<AlertStatus>(), status => Assert.Contains(CloudEvent.TypeOf(status), Repository.Read("docs/asyncapi.yaml"), StringComparison.Ordinal));

    // `…:Format` for the keys of a list's entries, the whole path for all others.
    private static IEnumerable<string> Keys(Type options, string path)
    {
        foreach (var property in options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite))
        {
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            var name = path + property.Name;
            if (type.IsGenericType && type.Namespace!.StartsWith("System", StringComparison.Ordinal))
            {
                foreach (var key in Keys(type.GetGenericArguments()[0], ""))
                    yield return key == "Topic" ? $"{name}:0:{key}" : $"…:{key}";
            }
            else if (type.Namespace!.StartsWith("StreamRnn", StringComparison.Ordinal) && !type.IsEnum)
            {
                foreach (var key in Keys(type, name + ":"))
                    yield return key;
            }
            else
                yield return name;
        }
    }

    [GeneratedRegex(@"`((?:src|simulators|tests|docs|deploy)/[\w./-]+)`")]
    private static partial Regex FileNames();

    [GeneratedRegex(@"\]\(([^)#]+)\)")]
    private static partial Regex Links();

    [GeneratedRegex(@"^<!-- ci: (run(, exit \d+)?|background(, until \w+)?|(?<own>[a-z]+)) -->$")]
    private static partial Regex Marker();

    [GeneratedRegex(@"^    address: (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Addresses();

    [GeneratedRegex(@"^\| `((?:devices|streamrnn)/\S+)` \|", RegexOptions.Multiline)]
    private static partial Regex Rows();
}
