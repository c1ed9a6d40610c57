using Microsoft.Extensions.Configuration;
using StreamRnn.Host;
using StreamRnn.Host.Configuration;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Host;

/// <summary>Groups of devices in the configuration, and the models that predict them.</summary>
[Collection("environment")]
public sealed class DeviceGroupsTests
{
    [Fact]
    public void TheFirstGroupThatMatchesTheTopicDecides()
    {
        using var folder = new Folder(Groups(("devices/pump/#", "a.model"), ("devices/+/flow", "b.model"), ("#", "a.model")));
        Write(folder, "a.model", Model("a"));
        Write(folder, "b.model", Model("b"));
        var groups = Load(folder);
        Assert.Equal(["a", "b"], groups.Models.Select(m => m.Id));
        Assert.Equal("a", Of("devices/pump"));
        Assert.Equal("a", Of("devices/pump/flow"));
        Assert.Equal("b", Of("devices/fan/flow"));
        Assert.Equal("a", Of("elsewhere"));

        string Of(string topic) => groups.Models[groups.Of(topic)].Id;
    }

    [Fact]
    public void WithoutAMatchADeviceHasNoGroup()
    {
        using var folder = new Folder(Groups(("devices/+/flow", "a.model")));
        Write(folder, "a.model", Model("a"));
        Assert.Equal(-1, Load(folder).Of("devices/pump/temperature"));
        Assert.Equal(-1, DeviceGroups.None.Of("devices/pump/flow"));
    }

    [Theory]
    [InlineData("devices/#/flow", "# may only be the last level")]
    [InlineData("devices/pu+mp", "+ and # take a whole level")]
    [InlineData("", "it is empty")]
    [InlineData("devices/{device}", "for any device write + in place of {device}")]
    public void AWrongFilterIsRefusedWithItsKeyAndWhatIsAllowed(string filter, string says)
    {
        using var folder = new Folder(Groups((filter, "a.model")));
        var problem = Assert.Single(Assert.Throws<ConfigurationException>(() => Load(folder)).Problems);
        Assert.StartsWith($"StreamRnn:Groups:0:Match is '{filter}' in appsettings.json; allowed is an MQTT topic filter", problem, StringComparison.Ordinal);
        Assert.Contains(says, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingFileADamagedFileAndAModelForSomethingElseAreRefusedTogether()
    {
        using var folder = new Folder(Groups(("a", "no.model"), ("b", "damaged.model"), ("c", "half.model"), ("d", "good.model")));
        Write(folder, "good.model", Model("good"));
        Write(folder, "half.model", Model("half", outputs: 1));
        Write(folder, "damaged.model", Model("damaged"));
        var path = Path.Combine(folder.Path, "damaged.model");
        var bytes = File.ReadAllBytes(path);
        bytes[^50] ^= 1;
        File.WriteAllBytes(path, bytes);
        var problems = Assert.Throws<ConfigurationException>(() => Load(folder)).Problems;
        Assert.Equal(3, problems.Count);
        Assert.StartsWith("StreamRnn:Groups:0:Model is 'no.model' in appsettings.json; allowed is the path of a model file that 'streamrnn train' wrote: there is no file ", problems[0], StringComparison.Ordinal);
        Assert.StartsWith("StreamRnn:Groups:1:Model is 'damaged.model'", problems[1], StringComparison.Ordinal);
        Assert.Contains("checksum", problems[1], StringComparison.Ordinal);
        Assert.Contains("does not predict the next row", problems[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "Match": "a", "Modell": "x" }""", "did you mean StreamRnn:Groups:0:Model?")]
    [InlineData("""{ "Match": "a" }""", "StreamRnn:Groups:0:Model is missing")]
    [InlineData("""{ "Match": "a", "Model": "" }""", "StreamRnn:Groups:0:Model is ''")]
    public void AnUnknownOrMissingKeyIsNamed(string group, string says)
    {
        using var folder = new Folder($$"""{ "StreamRnn": { "Groups": [ {{group}} ] } }""");
        Assert.Contains(Assert.Throws<ConfigurationException>(() => Load(folder)).Problems, p => p.Contains(says, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ReplayPredictsWithTheModelThatIsNamedAndSaysWhatTheFileLacks()
    {
        using var folder = new Folder();
        var model = Write(folder, "own.model", Model("own"));
        var text = new System.Text.StringBuilder("timestamp,x,y\n");
        var random = new Seeded(3);
        for (var i = 0; i < 400; i++)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{1_700_000_000 + i},{random.NextNormal() + (i == 390 ? 100 : 0):0.###},{random.NextNormal():0.###}\n");
        var whole = folder.Write("whole.csv", text.ToString());
        var (code, output, error) = await Run("replay", whole, "--json", "--model", model);
        Assert.Equal(1, code);
        Assert.Contains("\"id\":\"own\"", output, StringComparison.Ordinal);
        Assert.DoesNotContain("has not sent", error, StringComparison.Ordinal);

        var other = folder.Write("other.csv", text.ToString().Replace("timestamp,x,y", "timestamp,x,z", StringComparison.Ordinal));
        (_, output, error) = await Run("replay", other, "--json", "--model", model);
        Assert.Contains("other: the model own has y, which the device has not sent; until all have come the base model predicts it; z of the device is no column", error, StringComparison.Ordinal);
        Assert.Contains("\"id\":\"base\"", output, StringComparison.Ordinal);

        (code, _, error) = await Run("replay", whole, "--model", whole);
        Assert.Equal(2, code);
        Assert.Contains("whole.csv is no model that can be used: bytes 0 to 7 are", error, StringComparison.Ordinal);
    }

    private static DeviceGroups Load(Folder folder)
    {
        var root = Settings.Read(folder.Path, []);
        return DeviceGroups.Load(Settings.From(root), root);
    }

    private static string Groups(params (string Match, string Model)[] groups) =>
        System.Text.Json.JsonSerializer.Serialize(new { StreamRnn = new { Groups = groups.Select(g => new { g.Match, g.Model }) } });

    private static NetModel Model(string id, int outputs = 2)
    {
        var topology = new Topology(new LayerSpec("lstm") { Units = 4 }, new LayerSpec("rnnOutput") { Units = outputs });
        return new NetModel(new Net(topology, 2, new Seeded(1)), ["x", "y"], Normaliser.None(2), id);
    }

    private static string Write(Folder folder, string name, NetModel model)
    {
        var path = Path.Combine(folder.Path, name);
        using var file = File.Create(path);
        model.Save(file);
        return path;
    }

    private static async Task<(int Code, string Output, string Error)> Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(args, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
