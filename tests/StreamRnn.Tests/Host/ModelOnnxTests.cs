using System.Text.Json;
using StreamRnn.Host;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Host;

/// <summary><c>model export</c> and <c>model import</c>.</summary>
[Collection("environment")]
public sealed class ModelOnnxTests
{
    [Fact]
    public async Task AModelGoesToOnnxAndBackWithAllThatUsingItTakes()
    {
        using var folder = new Folder();
        var (path, onnx, back) = (Path.Combine(folder.Path, "a.model"), Path.Combine(folder.Path, "a.onnx"), Path.Combine(folder.Path, "b.model"));
        var model = Save(path);
        var (code, output, error) = await Run("model", "export", path, "--onnx", onnx);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("x (time, batch, 2) to y (time, batch, 2)", output, StringComparison.Ordinal);
        Assert.Equal(0, (await Run("model", "import", onnx, "--out", back)).Code);

        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(back));
        using var file = File.OpenRead(back);
        var read = NetModel.Load(file);
        Assert.Equal(model.Net.Topology, read.Net.Topology);
        Assert.Equal(model.Columns.AsEnumerable(), read.Columns);
        Assert.Equal(model.Normaliser.Shift.AsEnumerable(), read.Normaliser.Shift);
        Assert.Equal(model.Normaliser.Scale.AsEnumerable(), read.Normaliser.Scale);
        Assert.Equal(("pump", "0.25"), (read.Id, read.Notes["error"]));
        Assert.All(model.Net.Parameters.Zip(read.Net.Parameters), pair => Assert.Equal(pair.First.Values, pair.Second.Values));
    }

    [Fact]
    public async Task AFileOfPyTorchNeedsTheNamesOfItsColumns()
    {
        using var folder = new Folder();
        var (onnx, path) = (Path.Combine(folder.Path, "change.onnx"), Path.Combine(folder.Path, "change.model"));
        using (var resource = typeof(ModelOnnxTests).Assembly.GetManifestResourceStream("OnnxFiles.lstm-change.onnx")!)
        using (var copy = File.Create(onnx))
            await resource.CopyToAsync(copy);

        var (code, _, error) = await Run("model", "import", onnx, "--out", path);
        Assert.Equal(2, code);
        Assert.Contains("name 3 columns", error, StringComparison.Ordinal);
        Assert.False(File.Exists(path));

        Assert.Equal(2, (await Run("model", "import", onnx, "--out", path, "--columns", "a", "b")).Code);
        Assert.Contains("--mean and --spread", (await Run("model", "import", onnx, "--out", path, "--columns", "a", "b", "c", "--mean", "1", "2", "3")).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await Run("model", "import", onnx, "--out", path, "--columns", "a", "b", "c", "--mean", "1", "2", "3", "--spread", "4", "5", "6")).Code);
        using var shown = JsonDocument.Parse((await Run("model", "show", path, "--json")).Output);
        Assert.Equal([("a", 1, 4), ("b", 2, 5), ("c", 3, 6)],
            shown.RootElement.GetProperty("columns").EnumerateArray().Select(c => (c.GetProperty("name").GetString()!, c.GetProperty("mean").GetInt32(), c.GetProperty("spread").GetInt32())));
        Assert.Equal("change", shown.RootElement.GetProperty("id").GetString());
    }

    [Fact]
    public async Task WhatIsNoOnnxFileIsRefusedAndNothingIsWritten()
    {
        using var folder = new Folder();
        var path = Path.Combine(folder.Path, "a.model");
        foreach (var (name, says) in new[] { (folder.Write("a.onnx", "no net at all"), "the file"), (folder.Write("empty.onnx", ""), "empty"), (Path.Combine(folder.Path, "none.onnx"), "there is no file") })
        {
            var (code, _, error) = await Run("model", "import", name, "--out", path, "--columns", "a");
            Assert.Equal(2, code);
            Assert.Contains(says, error, StringComparison.Ordinal);
            Assert.False(File.Exists(path));
        }

        Save(path);
        Assert.Contains("cannot be written", (await Run("model", "export", path, "--onnx", Path.Combine(folder.Path, "nowhere", "a.onnx"))).Error, StringComparison.Ordinal);
    }

    private static NetModel Save(string path)
    {
        var net = new Net(Topology.Parse("""{"layers":[{"type":"gru","units":4},{"type":"dropout","rate":0.1},{"type":"rnnOutput","units":2,"loss":"mae","residual":true}]}"""), 2, new Seeded(1));
        net.Parameters[^1].Values[0] = 0.5f;
        var model = new NetModel(net, ["pressure", "flow"], new Normaliser([1.5, 0.1], [2, 0.3]), "pump", new Dictionary<string, string> { ["error"] = "0.25" });
        using var file = File.Create(path);
        model.Save(file);
        return model;
    }

    private static async Task<(int Code, string Output, string Error)> Run(params string[] args)
    {
        using StringWriter output = new(), error = new();
        var code = await CommandLine.RunAsync(args, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
