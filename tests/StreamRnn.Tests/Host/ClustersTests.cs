using System.Text.Json;
using StreamRnn.Detection;
using StreamRnn.Host;
using StreamRnn.Host.Replay;
using StreamRnn.Pipeline;

namespace StreamRnn.Tests.Host;

[Collection("environment")]
public sealed class ClustersTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void SimulatedDevicesOfOneKindAreFoundTogether(long seed)
    {
        var devices = FleetReplayer.Play(FleetReplayer.Simulate(18, seed), BaseModel.Load(), FleetMap.UsualRadius, CancellationToken.None).Devices;
        Assert.All(devices, d => Assert.True(d.Cluster > 0));
        // A kind may fall into two clusters (freezers whose doors are opened, and others), but kinds must not be mixed: chance would give 0.
        var agreement = AdjustedRand(devices.Select(d => (d.Device.Name.Split('-')[0], d.Cluster)).ToList());
        Assert.True(agreement > 0.7, $"{agreement}: {string.Join(", ", devices.Select(d => $"{d.Device.Name} in {d.Cluster}"))}");
    }

    /// <summary>1 when clusters are the kinds, about 0 when they have nothing to do with them (Hubert and Arabie 1985).</summary>
    private static double AdjustedRand(List<(string Kind, int Cluster)> items)
    {
        static double Pairs(int n) => n * (n - 1) / 2.0;
        var both = items.GroupBy(i => i).Sum(g => Pairs(g.Count()));
        var kinds = items.GroupBy(i => i.Kind).Sum(g => Pairs(g.Count()));
        var clusters = items.GroupBy(i => i.Cluster).Sum(g => Pairs(g.Count()));
        var chance = kinds * clusters / Pairs(items.Count);
        return (both - chance) / (((kinds + clusters) / 2) - chance);
    }

    [Fact]
    public async Task FilesAreClusteredTogetherAndToldAsJsonAndAsAPicture()
    {
        using var folder = new Folder();
        string[] files = [.. Enumerable.Range(0, 4).Select(n => folder.Write($"d{n}.csv", Series(n)))];
        var plot = Path.Combine(folder.Path, "fleet.png");
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await CommandLine.RunAsync(["clusters", .. files, "--json", "--plot", plot], output, error);
        Assert.True(code == 0, error.ToString());
        var devices = JsonDocument.Parse(output.ToString()).RootElement.GetProperty("devices").EnumerateArray()
            .ToDictionary(d => d.GetProperty("device").GetString()!, d => d.GetProperty("cluster").GetInt32());
        Assert.Equal(devices["d0"], devices["d2"]);
        Assert.Equal(devices["d1"], devices["d3"]);
        Assert.NotEqual(devices["d0"], devices["d1"]);
        Assert.True(new FileInfo(plot).Length > 5_000);
    }

    [Fact]
    public async Task TwoFilesOfOneDeviceAndABadRadiusAreRefused()
    {
        using var folder = new Folder();
        var file = folder.Write("d.csv", Series(0));
        var error = new StringWriter();
        Assert.Equal(2, await CommandLine.RunAsync(["clusters", file, file], new StringWriter(), error));
        Assert.Contains("same device, 'd'", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, await CommandLine.RunAsync(["clusters", file, "--radius", "0"], new StringWriter(), error));
    }

    /// <summary>Even ones are smooth waves in any unit, odd ones are noise.</summary>
    private static string Series(int n)
    {
        var random = new Random(n);
        var rows = Enumerable.Range(0, 400).Select(t => FormattableString.Invariant(
            $"{60 * t},{(n % 2 == 0 ? (1 + n) * (Math.Sin(0.15 * t) + (0.02 * random.NextDouble())) : (1 + n) * random.NextDouble())}"));
        return "time,value\n" + string.Join('\n', rows) + "\n";
    }
}
