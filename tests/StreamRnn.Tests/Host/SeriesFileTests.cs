using StreamRnn.Host;
using StreamRnn.Host.Replay;
using StreamRnn.Readings;

namespace StreamRnn.Tests.Host;

public sealed class SeriesFileTests
{
    [Theory]
    [InlineData("timestamp,value\n2014-04-01 00:00:00,20.5\n")]
    [InlineData("Time;value\n2014-04-01T00:00:00Z;20.5\n")]
    [InlineData("datetime\tvalue\r\n2014-04-01T02:00:00+02:00\t20.5\r\n\r\n")]
    [InlineData("timestamp,value\n1396310400,20.5")]
    [InlineData("timestamp,\"value\"\n\"2014-04-01 00:00:00\",\"20.5\"\n")]
    public void ARowIsATimeInUtcAndValues(string text)
    {
        var (time, values) = Assert.Single(Rows(text));
        Assert.Equal("2014-04-01T00:00:00Z", time.ToString());
        Assert.Equal([20.5], values);
    }

    [Fact]
    public void TheFileNamesTheDeviceAndLabelsAreNotShown()
    {
        using var folder = new Folder();
        using var file = SeriesFile.Open(folder.Write("pump-3.csv", "datetime;Flow Rate;Current;anomaly;changepoint\n2020-02-08 18:47:32;1;2;1.0;0.0\n"));
        Assert.Equal("pump-3", file.Device);
        Assert.Equal(["Flow Rate", "Current"], file.Channels);
        Assert.Equal([1d, 2d], Assert.Single(file.Rows()).Values);
    }

    [Fact]
    public void AnEmptyCellIsAMissingValueAndAnIntegerTimeIsSeconds()
    {
        var rows = Rows("timestamp,a,b,label\n0,1,,0\n1,,NaN,1\n");
        Assert.Equal(Instant.FromSeconds(1), rows[1].Time);
        Assert.Equal([1d, double.NaN], rows[0].Values);
        Assert.Equal([double.NaN, double.NaN], rows[1].Values);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("value,timestamp\n1,2\n", "row 1")]
    [InlineData("timestamp\n1\n", "no channel")]
    [InlineData("timestamp,label\n1,0\n", "no channel")]
    [InlineData("timestamp,a,a\n1,0,0\n", "row 1, column 3")]
    [InlineData("timestamp,a/b\n1,0\n", "row 1, column 2")]
    [InlineData("timestamp,a\n1,2\n2,2,3\n", "row 3: 3 columns")]
    [InlineData("timestamp,a\n1,2\n\n2,1.5 bar\n", "row 4, column 'a': '1.5 bar'")]
    [InlineData("timestamp,a\n1,1e999\n", "row 2, column 'a'")]
    [InlineData("timestamp,a\n03/02/2026,1\n", "row 2, column 'timestamp'")]
    [InlineData("timestamp,a\n1396310400000,1\n", "row 2, column 'timestamp'")]
    [InlineData("timestamp,a\n2014-13-01 00:00:00,1\n", "row 2, column 'timestamp'")]
    [InlineData("timestamp,a\n1,\"2\n", "row 2, character 3")]
    public void AnErrorNamesFileRowAndColumn(string text, string place)
    {
        var message = Assert.Throws<UsageException>(() => Rows(text)).Message;
        Assert.Contains("series.csv", message, StringComparison.Ordinal);
        Assert.Contains(place, message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatIsNotThereIsAUsageError() => Assert.Throws<UsageException>(() => SeriesFile.Open("no such file.csv"));

    private static List<(Instant Time, double[] Values)> Rows(string text)
    {
        using var folder = new Folder();
        using var file = SeriesFile.Open(folder.Write("series.csv", text));
        return [.. file.Rows().Select(r => (r.Time, r.Values.ToArray()))];
    }
}
