using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using StreamRnn.Detection;
using StreamRnn.Host.Replay;
using StreamRnn.Nets;
using StreamRnn.Pipeline;

namespace StreamRnn.Host.Commands;

/// <summary><c>clusters</c>: which devices of a fleet behave alike, told from the net's hidden states.</summary>
internal static class ClustersCommand
{
    private const int SimulatedDevices = 24;

    public static Command Create()
    {
        var files = new Argument<string[]>("FILE.csv")
        {
            Description = "Recorded series, one device each, as for `replay`. Without files: a simulated fleet of every kind there is.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var radius = new Option<double>("--radius")
        {
            Description = "How far from its cluster's centre a device is still alike.",
            HelpName = "DISTANCE",
            DefaultValueFactory = _ => FleetMap.UsualRadius,
        };
        var json = new Option<bool>("--json") { Description = "One JSON object: clusters and devices, with all distances." };
        var plot = new Option<string?>("--plot") { Description = "Draw the devices as points into this PNG, 1600 x 900.", HelpName = "OUT.png" };
        var verb = new Verb("clusters", "Group the devices of a fleet by how they behave, and tell which is on its own.")
        {
            Arguments = { files },
            Options = { radius, json, plot },
            Examples =
            [
                ("streamrnn clusters", "A simulated fleet: one cluster per kind of device."),
                ("streamrnn clusters fleet/*.csv --plot fleet.png", "Your devices as a table and as a picture."),
            ],
            Notes =
            [
                $"A device's place is the mean of its hidden states over some 500 readings, whatever its units and channels are; it is placed after {FleetMap.WarmUp} readings and moves as its behaviour does. "
                    + "Novelty tells how far its last state was from all that it has known: about 1 as usual.",
            ],
        };
        verb.SetAction((parsed, cancel) => Task.Run(
            () => Run(parsed.GetValue(files) ?? [], parsed.GetValue(radius), parsed.GetValue(json), parsed.GetValue(plot), parsed.InvocationConfiguration, cancel), cancel));
        return verb;
    }

    private static int Run(string[] paths, double radius, bool json, string? plot, InvocationConfiguration console, CancellationToken cancel)
    {
        if (!(radius > 0 && double.IsFinite(radius)))
            throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--radius is {radius}; allowed are numbers above 0."));
        Plot.RequirePng("--plot", plot);
        var model = BaseModel.Load();
        List<SeriesFile> open = [];
        FleetMap map;
        try
        {
            open.AddRange(paths.Select(SeriesFile.Open));
            if (open.GroupBy(file => file.Device).FirstOrDefault(group => group.Count() > 1) is { } twice)
                throw new UsageException($"{string.Join(" and ", twice.Select(file => file.Path))} name the same device, '{twice.Key}'; rename one.");
            using var progress = new ProgressLine(console.Error, "clusters", () => open.Count == 0 ? 0 : open.Average(file => file.Done));
            var readings = open.Count > 0 ? FleetReplayer.Merge(open) : FleetReplayer.Simulate(SimulatedDevices, seed: 1);
            map = FleetReplayer.Play(Told(readings, progress), model, radius, cancel);
        }
        finally
        {
            foreach (var file in open)
                file.Dispose();
        }

        if (map.Devices.Count == 0)
            throw new UsageException($"{string.Join(", ", paths)}: no rows that could be used.");
        if (json)
            WriteJson(map, console.Output);
        else
            WriteTable(map, console.Output, simulated: paths.Length == 0);
        if (plot is null)
            return ExitCode.Fine;
        FleetPlot.Save(map, plot);
        (json ? console.Error : console.Output).WriteLine($"drawn into {plot}");
        return ExitCode.Fine;
    }

    private static IEnumerable<FleetReading> Told(IEnumerable<FleetReading> readings, ProgressLine progress)
    {
        foreach (var reading in readings)
        {
            progress.Show();
            yield return reading;
        }
    }

    private static void WriteTable(FleetMap map, TextWriter output, bool simulated)
    {
        var culture = CultureInfo.InvariantCulture;
        var (clusters, devices) = (map.Clusters, map.Devices);
        if (simulated)
            output.WriteLine($"{SimulatedDevices} simulated devices; name CSV files to see your own.");
        foreach (var cluster in clusters)
        {
            var members = devices.Where(d => d.Cluster == cluster.Id).OrderBy(d => d.DistanceToCentre).ToList();
            var (near, distance) = NearestOther(cluster, clusters);
            output.WriteLine(string.Create(culture,
                $"cluster {cluster.Id}: {members.Count} device{(members.Count == 1 ? "" : "s")}{(near > 0 ? $", nearest is cluster {near} at {distance:0.00}" : "")}"));
            foreach (var member in members)
                output.WriteLine(string.Create(culture, $"  {member.Device.Name,-24} {member.DistanceToCentre:0.00} from the centre, novelty {member.Novelty:0.0}"));
        }

        var young = devices.Where(d => d.Cluster == 0).Select(d => d.Device.Name).ToList();
        if (young.Count > 0)
            output.WriteLine($"not placed, fewer than {FleetMap.WarmUp} readings: {string.Join(", ", young)}");
    }

    private static void WriteJson(FleetMap map, TextWriter output)
    {
        var clusters = map.Clusters;
        output.WriteLine(JsonSerializer.Serialize(new
        {
            clusters = clusters.Select(c =>
            {
                var (near, distance) = NearestOther(c, clusters);
                return new { id = c.Id, devices = c.Members.Count, nearest = near > 0 ? near : (int?)null, distance = near > 0 ? Math.Round(distance, 4) : (double?)null };
            }),
            devices = map.Devices.Select(d => new
            {
                device = d.Device.Name,
                cluster = d.Cluster > 0 ? d.Cluster : (int?)null,
                distance = d.Cluster > 0 ? Math.Round(d.DistanceToCentre, 4) : (double?)null,
                novelty = Math.Round(d.Novelty, 3),
            }),
        }));
    }

    private static (int Id, double Distance) NearestOther(Cluster cluster, IReadOnlyList<Cluster> clusters) => clusters
        .Where(other => other.Id != cluster.Id)
        .Select(other => (other.Id, Distance: Embeddings.Distance([.. cluster.Centre], [.. other.Centre])))
        .DefaultIfEmpty((Id: 0, Distance: double.NaN))
        .MinBy(other => other.Distance);
}
