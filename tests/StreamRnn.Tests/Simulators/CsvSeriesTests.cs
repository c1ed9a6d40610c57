using System.Text;
using StreamRnn.Simulators;

namespace StreamRnn.Tests.Simulators;

public sealed class CsvSeriesTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".csv");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void ARowIsPublishedWithItsOwnTime()
    {
        Assert.Equal(
            ["{\"timestamp\":\"2014-03-07T03:41:00Z\",\"value\":45.868}", "{\"timestamp\":\"2014-03-07T03:46:00Z\",\"value\":-0.5}"],
            Payloads("timestamp,value\n2014-03-07 03:41:00,45.868\n2014-03-07 03:46:00,-0.5\n"));
    }

    [Fact]
    public void ColumnsOfGroundTruthAreLeftOutAndSoAreEmptyCells()
    {
        Assert.Equal(
            ["{\"timestamp\":\"2020-03-09T10:14:33Z\",\"Current\":1.5,\"Volume & Flow\":32}", "{\"timestamp\":\"2020-03-09T10:14:34Z\",\"Volume & Flow\":31}"],
            Payloads("datetime;Current;Volume & Flow;anomaly;changepoint\n2020-03-09 10:14:33;1.5;32;0.0;0.0\n2020-03-09 10:14:34;;31;1;1\n"));
    }

    [Fact]
    public void UnixSecondsAreTimesToo() => Assert.Equal(["{\"timestamp\":\"1970-01-01T00:00:07Z\",\"value\":1}"], Payloads("timestamp,value,label\n7,1,0\n"));

    [Theory]
    [InlineData("timestamp,value\n2014-03-07 03:41:00,1\n2014-03-07 03:46:00,abc\n", "row 3, column 2 (value): found 'abc'")]
    [InlineData("timestamp,a,b\n2014-03-07 03:41:00,1,NaN\n", "row 2, column 3 (b): found 'NaN'")]
    [InlineData("timestamp,a,b\n2014-03-07 03:41:00,1\n", "row 2: found 2 columns, expected 'b' in column 3")]
    [InlineData("timestamp,value\nyesterday,1\n", "row 2, column 1: found 'yesterday'")]
    [InlineData("value,timestamp\n1,2014-03-07 03:41:00\n", "row 1, column 1: found 'value'")]
    [InlineData("timestamp,label\n2014-03-07 03:41:00,1\n", "no channel")]
    [InlineData("", "is empty")]
    public void WhatIsNoSeriesNamesRowAndColumn(string text, string named)
    {
        var error = Assert.Throws<CsvSeriesException>(() => Payloads(text));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains(_path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingFileIsNamed() =>
        Assert.Contains("nowhere.csv", Assert.Throws<CsvSeriesException>(() => CsvSeries.Open("nowhere.csv")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("ambient_temperature_system_failure.csv", 7267, 2)]
    [InlineData("ec2_request_latency_system_failure.csv", 4032, 3)]
    public void TheShippedSeriesAreReadWholeAndTheirWindowsLieWithin(string file, int rows, int windows)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "StreamRnn.sln")))
            folder = folder.Parent!;
        var data = Path.Combine(folder.FullName, "simulators", "data");
        var emissions = CsvSeries.Open(Path.Combine(data, file)).Emissions("devices/x").ToArray();
        Assert.Equal(rows, emissions.Length);
        var labelled = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(Path.Combine(data, "windows.json")))![file]!.AsArray();
        Assert.Equal(windows, labelled.Count);
        Assert.All(labelled, w =>
        {
            var (start, end) = (w!["start"]!.GetValue<DateTimeOffset>(), w["end"]!.GetValue<DateTimeOffset>());
            Assert.Contains(emissions, e => e.Due >= start && e.Due <= end);
            Assert.True(emissions[0].Due < start && end <= emissions[^1].Due);
        });
    }

    private string[] Payloads(string text)
    {
        File.WriteAllText(_path, text);
        return [.. CsvSeries.Open(_path).Emissions("devices/x").Select(e => Encoding.UTF8.GetString(e.Payload))];
    }
}
