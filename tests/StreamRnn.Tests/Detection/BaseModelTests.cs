using StreamRnn.Detection;
using StreamRnn.Nets;

namespace StreamRnn.Tests.Detection;

public sealed class BaseModelTests
{
    [Fact]
    public void TheShippedModelIsSmallAndNamedByItsWeights()
    {
        using var file = typeof(BaseModel).Assembly.GetManifestResourceStream("StreamRnn.base.model")!;
        Assert.InRange(file.Length, 1, 1 << 20);
        var model = BaseModel.Load();
        Assert.Equal("base", model.Id);
        Assert.Matches("^[0-9a-f]{12}$", model.Version);
    }

    [Fact]
    public void WhatIsSavedIsLoadedBitForBit()
    {
        var layers = ForecastLayers.Create(8, new Seeded(1));
        using var file = new MemoryStream();
        BaseModel.Save(file, layers, "mine", new Dictionary<string, string> { ["training"] = "none" });
        file.Position = 0;
        var loaded = BaseModel.Load(file);
        Assert.Equal("mine", loaded.Id);
        Assert.Equal(layers.Parameters.SelectMany(p => p.Values), loaded.Layers.Parameters.SelectMany(p => p.Values));
    }

    [Theory]
    [InlineData("features", "outlook-0", "outlook-0")]
    [InlineData("units", "many", "'units' is 'many'")]
    [InlineData("units", "9", "lstm.w")]
    public void AModelForOtherFeaturesOrWithOtherShapesIsRefusedWithTheReason(string key, string value, string says)
    {
        var metadata = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["id"] = "mine", ["features"] = "outlook-2", ["units"] = "8", [key] = value };
        using var file = new MemoryStream();
        ModelFile.Write(file, metadata, ForecastLayers.Create(8, new Seeded(1)).Parameters);
        file.Position = 0;
        Assert.Contains(says, Assert.Throws<ModelFileException>(() => BaseModel.Load(file)).Message, StringComparison.Ordinal);
    }
}
