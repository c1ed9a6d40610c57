using System.Globalization;
using ScottPlot;
using StreamRnn.Pipeline;

namespace StreamRnn.Host.Replay;

/// <summary>The fleet as points on a plane: the two directions along which the devices' embeddings differ most (principal components, Pearson 1901), coloured by cluster.</summary>
internal static class FleetPlot
{
    private const int Rounds = 100;                   // of the power iteration

    /// <exception cref="UsageException">The file cannot be written.</exception>
    public static void Save(FleetMap map, string path)
    {
        var devices = map.Devices.Where(d => d.Cluster > 0).ToList();
        var (x, y) = Project([.. devices.Select(d => d.Embedding)]);
        var plot = new ScottPlot.Plot();
        var palette = new ScottPlot.Palettes.Category10();
        foreach (var cluster in map.Clusters)
        {
            int[] members = [.. Enumerable.Range(0, devices.Count).Where(n => devices[n].Cluster == cluster.Id)];
            if (members.Length == 0)
                continue;
            var points = plot.Add.ScatterPoints(members.Select(n => x[n]).ToArray(), members.Select(n => y[n]).ToArray(), palette.GetColor(cluster.Id - 1));
            points.MarkerSize = 12;
            points.LegendText = string.Create(CultureInfo.InvariantCulture, $"cluster {cluster.Id}: {members.Length} device{(members.Length == 1 ? "" : "s")}, such as {devices[members[0]].Device.Name}");
        }

        plot.Title(string.Create(CultureInfo.InvariantCulture, $"{devices.Count} devices in {map.Clusters.Count} clusters"), 18);
        plot.XLabel("first principal component of the embeddings");
        plot.YLabel("second");
        plot.Font.Set(Plot.Font);
        plot.ShowLegend(Edge.Right);
        Plot.Write("--plot", path, () => plot.SavePng(path, Plot.Width, Plot.Height));
    }

    /// <summary>Coordinates along the two principal components of the points.</summary>
    internal static (double[] X, double[] Y) Project(IReadOnlyList<IReadOnlyList<float>> points)
    {
        if (points.Count == 0)
            return ([], []);
        var width = points[0].Count;
        double[] mean = [.. Enumerable.Range(0, width).Select(j => points.Average(p => p[j]))];
        double[][] centred = [.. points.Select(p => Enumerable.Range(0, width).Select(j => p[j] - mean[j]).ToArray())];
        var x = Component(centred);
        return (x, Component(centred));
    }

    /// <summary>The points' coordinates along their first component, which is then taken out of them.</summary>
    private static double[] Component(double[][] points)
    {
        var width = points[0].Length;
        double[] direction = [.. Enumerable.Range(0, width).Select(j => 1.0 + (j % 7))];
        for (var round = 0; round < Rounds; round++)
        {
            var next = new double[width];
            foreach (var point in points)
            {
                var along = Dot(point, direction);
                for (var j = 0; j < width; j++)
                    next[j] += along * point[j];
            }

            var length = Math.Sqrt(Dot(next, next));
            if (length < 1e-30)
                break;
            direction = [.. next.Select(value => value / length)];
        }

        double[] coordinates = [.. points.Select(point => Dot(point, direction))];
        for (var n = 0; n < points.Length; n++)
            for (var j = 0; j < width; j++)
                points[n][j] -= coordinates[n] * direction[j];
        return coordinates;
    }

    private static double Dot(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var j = 0; j < a.Length; j++)
            sum += a[j] * b[j];
        return sum;
    }
}
