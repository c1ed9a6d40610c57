using StreamRnn.Nets;
using Xunit;

namespace StreamRnn.Tests.Nets;

public sealed class NetModelTests
{
    [Fact]
    public void AModelIsTheSameAfterItsFile()
    {
        var model = Model();
        var again = NetModel.Load(new MemoryStream(Saved(model)));
        Assert.Equal(model.Net.Topology, again.Net.Topology);
        Assert.Equal(model.Net.Parameters.SelectMany(p => p.Values), again.Net.Parameters.SelectMany(p => p.Values));
        Assert.Equal(model.Columns.AsEnumerable(), again.Columns);
        Assert.Equal(model.Normaliser.Shift.AsEnumerable(), again.Normaliser.Shift);
        Assert.Equal(model.Normaliser.Scale.AsEnumerable(), again.Normaliser.Scale);
        Assert.Equal("pump", again.Id);
        Assert.Equal("sines", again.Notes["data"]);
        Assert.Equal(model.Version, again.Version);
        Assert.Equal(12, again.Version.Length);
        Assert.True(again.PredictsRows);
    }

    [Fact]
    public void EveryFlippedByteAndEveryTruncationIsRefused()
    {
        var bytes = Saved(Model());
        for (var n = 0; n < bytes.Length; n++)
        {
            bytes[n] ^= 0x10;
            Assert.Throws<ModelFileException>(() => NetModel.Load(new MemoryStream(bytes)));
            bytes[n] ^= 0x10;
            Assert.Throws<ModelFileException>(() => NetModel.Load(new MemoryStream(bytes, 0, n)));
        }

        NetModel.Load(new MemoryStream(bytes));          // and the file itself is good
    }

    [Fact]
    public void AFileOfAnotherKindOrWithContentsThatDisagreeIsRefused()
    {
        Refused("kind", new() { ["kind"] = "base" });
        Refused("'lsmt'", new() { ["topology"] = """{"layers":[{"type":"lsmt","units":3}]}""" });
        Refused("the net needs", new() { ["topology"] = """{"layers":[{"type":"lstm","units":4},{"type":"rnnOutput","units":2}]}""" });
        // 31 layers of 4,096 units with one small tensor: refused before 17 GB are asked for.
        Refused("weights", new() { ["topology"] = $$"""{"layers":[{{string.Join(',', Enumerable.Repeat("{\"type\":\"lstm\",\"units\":4096}", 31))}},{"type":"rnnOutput","units":2}]}""" });
        Refused("control characters", new() { ["id"] = "a\u001b[31m" });
        Refused("inputs", new() { ["inputs"] = "many" });
        Refused("2 values", new() { ["columns"] = """["flow"]""" });
        Refused("JSON array", new() { ["columns"] = "flow" });
        Refused("scales above 0", new() { ["scale"] = "[1,0]" });

        static void Refused(string expected, Dictionary<string, string> changes)
        {
            var file = ModelFile.Read(new MemoryStream(Saved(Model())));
            var metadata = file.Metadata.ToDictionary(pair => pair.Key, pair => changes.GetValueOrDefault(pair.Key, pair.Value));
            var stream = new MemoryStream();
            ModelFile.Write(stream, metadata, file.Tensors);
            stream.Position = 0;
            Assert.Contains(expected, Assert.Throws<ModelFileException>(() => NetModel.Load(stream)).Message, StringComparison.Ordinal);
        }
    }

    private static NetModel Model()
    {
        var net = new Net(new Topology(new LayerSpec("lstm") { Units = 3 }, new LayerSpec("rnnOutput") { Units = 2, Loss = "mse" }), 2, new Seeded(1));
        return new NetModel(net, ["flow", "heat"], new Normaliser([0.1, 1e9], [1 / 3.0, 2]), "pump", new Dictionary<string, string> { ["data"] = "sines" });
    }

    private static byte[] Saved(NetModel model)
    {
        var stream = new MemoryStream();
        model.Save(stream);
        return stream.ToArray();
    }
}
