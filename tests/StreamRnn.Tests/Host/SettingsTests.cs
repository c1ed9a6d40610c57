using Microsoft.Extensions.Configuration;
using StreamRnn.Host.Configuration;

namespace StreamRnn.Tests.Host;

[Collection("environment")]
public sealed class SettingsTests
{
    [Fact]
    public void WithoutAFileTheDefaultsHold()
    {
        using var folder = new Folder();
        Assert.Equal(new Settings().Detection, Settings.Load(folder.Path, []).Detection);
    }

    [Fact]
    public void TheCommandLineIsOverTheEnvironmentAndTheEnvironmentOverTheFile()
    {
        const string key = "StreamRnn:Detection:FalseAlarmsPerDevicePerWeek";
        using var folder = new Folder("""{ "StreamRnn": { "Detection": { "FalseAlarmsPerDevicePerWeek": 2, "Silence": false } } }""");
        Assert.Equal(2, Settings.Load(folder.Path, []).Detection.FalseAlarmsPerDevicePerWeek);
        using var environment = new EnvironmentVariable("StreamRnn__Detection__FalseAlarmsPerDevicePerWeek", "3");
        Assert.Equal(3, Settings.Load(folder.Path, []).Detection.FalseAlarmsPerDevicePerWeek);
        var settings = Settings.Load(folder.Path, [new(key, "4")]);
        Assert.Equal(4, settings.Detection.FalseAlarmsPerDevicePerWeek);
        Assert.False(settings.Detection.Silence);
    }

    [Fact]
    public void AnUnknownKeyIsRefusedWithItsPathItsFileAndTheNearestKnownKey()
    {
        var problem = Assert.Single(ProblemsOf("""{ "StreamRnn": { "Detection": { "Silense": true } } }"""));
        Assert.Equal("StreamRnn:Detection:Silense = 'True' in appsettings.json is not a known key; did you mean StreamRnn:Detection:Silence?", problem);
    }

    [Fact]
    public void AnUnknownSectionIsRefused()
    {
        Assert.Contains("StreamRnn:Detektion", Assert.Single(ProblemsOf("""{ "StreamRnn": { "Detektion": { "Silence": true } } }""")), StringComparison.Ordinal);
        Assert.Contains("did you mean StreamRnn?", Assert.Single(ProblemsOf("""{ "StremRnn": { } , "Logging": {} }""")), StringComparison.Ordinal);
    }

    [Fact]
    public void AnUnknownKeyInTheEnvironmentIsNamedAsTheVariableThatHoldsIt()
    {
        using var environment = new EnvironmentVariable("StreamRnn__Detection__Silense", "true");
        Assert.Contains("in the environment variable StreamRnn__Detection__Silense", Assert.Single(ProblemsOf("{}")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", "0.001 to 1000")]
    [InlineData("1001", "0.001 to 1000")]
    [InlineData("\"often\"", "a number")]
    [InlineData("[1]", "a number")]
    public void AValueThatIsNotAllowedIsNamedWithItsKeyAndWhatIsAllowed(string json, string allowed)
    {
        var problem = Assert.Single(ProblemsOf($$"""{ "StreamRnn": { "Detection": { "FalseAlarmsPerDevicePerWeek": {{json}} } } }"""));
        Assert.StartsWith("StreamRnn:Detection:FalseAlarmsPerDevicePerWeek ", problem, StringComparison.Ordinal);
        Assert.Contains("in appsettings.json", problem, StringComparison.Ordinal);
        Assert.Contains(allowed, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void AllProblemsAreToldAtOnce() =>
        Assert.Equal(3, ProblemsOf("""{ "StreamRnn": { "Detection": { "Silence": "perhaps", "X": 1, "FalseAlarmsPerDevicePerWeek": -1 } } }""").Count);

    [Fact]
    public void ABrokenFileIsRefusedWithThePlaceWhereItBreaks() =>
        Assert.Contains("appsettings.json", Assert.Single(ProblemsOf("""{ "StreamRnn": """)), StringComparison.Ordinal);

    [Fact]
    public void CommentsAreAllowedInTheFile() => Assert.Empty(ProblemsOf("""{ /* all of it */ "StreamRnn": { } // nothing }"""[..^2] + "\n}"));

    [Fact]
    public void ListsRecordsAndTimesAreBound()
    {
        var root = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["A:Every"] = "2m",
            ["A:Rooms:0:Name"] = "hall",
            ["A:Rooms:1:Name"] = "attic",
            ["A:Rooms:1:Size"] = "7",
            ["A:Colour"] = "green",
        }).Build();
        var binder = new StrictBinder(root);
        var house = binder.Bind<House>("A");
        Assert.Empty(binder.Problems);
        Assert.Equal(TimeSpan.FromMinutes(2), house.Every);
        Assert.Equal([new Room { Name = "hall" }, new Room { Name = "attic", Size = 7 }], house.Rooms);
        Assert.Equal(Colour.Green, house.Colour);
    }

    [Fact]
    public void AnEnumTakesItsNamesAndNoNumber()
    {
        var binder = new StrictBinder(new ConfigurationBuilder().AddInMemoryCollection([new("A:Colour", "1")]).Build());
        binder.Bind<House>("A");
        Assert.Equal("A:Colour is '1' on the command line; allowed is one of Red, Green.", Assert.Single(binder.Problems));
    }

    [Fact]
    public void ARequiredKeyThatIsMissingIsNamed()
    {
        var binder = new StrictBinder(new ConfigurationBuilder().AddInMemoryCollection([new("A:Rooms:0:Size", "3")]).Build());
        binder.Bind<House>("A");
        Assert.StartsWith("A:Rooms:0:Name is missing", Assert.Single(binder.Problems), StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> ProblemsOf(string json)
    {
        using var folder = new Folder(json);
        try
        {
            Settings.Load(folder.Path, []);
            return [];
        }
        catch (ConfigurationException e)
        {
            return e.Problems;
        }
    }

    public enum Colour { Red, Green }

    public sealed record Room
    {
        public required string Name { get; init; }
        public int Size { get; init; } = 1;
    }

    public sealed record House
    {
        public TimeSpan Every { get; init; }
        public IReadOnlyList<Room> Rooms { get; init; } = [];
        public Colour Colour { get; init; }
    }
}
