using StreamRnn.Host;

namespace StreamRnn.Tests.Storage;

/// <summary>What people do with a store: read it while it is in use, copy it, put it back.</summary>
[Collection("environment")]
public sealed class StoreVerbTests
{
    [Fact]
    public async Task ExportWritesEveryReadingOfTheJournalAndOfOneDeviceItsOwn()
    {
        using var history = new History();
        history.Live(_ => Cut.None);
        var (code, output, _) = await RunAsync("export", "--store", history.Folder);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(0, code);
        Assert.Equal("timestamp,device,channel,value", lines[0].Trim());
        var (_, ofA, _) = await RunAsync("export", "--store", history.Folder, "--device", "a");
        var own = ofA.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..];
        Assert.Equal(Enumerable.Range(0, History.Steps).Count(i => i % 5 != 4), own.Length);       // the script's readings of a
        Assert.Equal(lines.Where(l => l.Contains(",a,t,", StringComparison.Ordinal)), own);
        var (refused, _, error) = await RunAsync("export", "--store", history.Folder, "--device", "nobody");
        Assert.Equal(2, refused);
        Assert.Contains("'nobody' is not in the store", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ABackupMadeWhileTheStoreIsInUseHoldsTheSameLife()
    {
        using var history = new History();
        history.Live(_ => Cut.None);
        var folder = Directory.CreateTempSubdirectory("streamrnn-backup-");
        try
        {
            var (copy, again) = (Path.Combine(folder.FullName, "copy"), Path.Combine(folder.FullName, "again"));
            Assert.Equal(0, (await RunAsync("backup", copy, "--store", history.Folder)).Code);
            Assert.Equal(0, (await RunAsync("restore", copy, "--store", again)).Code);
            var (code, alerts, _) = await RunAsync("replay", "--from-journal", "--json", "--store", history.Folder);
            Assert.Equal(1, code);
            Assert.Contains("alert.opened", alerts, StringComparison.Ordinal);
            Assert.Equal(alerts, (await RunAsync("replay", "--from-journal", "--json", "--store", again)).Output);
            Assert.Equal((await RunAsync("export", "--store", history.Folder)).Output, (await RunAsync("export", "--store", again)).Output);

            var (refused, _, error) = await RunAsync("restore", copy, "--store", again);
            Assert.Equal(2, refused);
            Assert.Contains("holds a store already", error, StringComparison.Ordinal);
            Assert.Contains("is not empty", (await RunAsync("backup", copy, "--store", history.Folder)).Error, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task ReplayWantsFilesOrTheJournal()
    {
        Assert.Equal(2, (await RunAsync("replay")).Code);
        Assert.Equal(2, (await RunAsync("replay", "--from-journal", "some.csv")).Code);
        var missing = await RunAsync("replay", "--from-journal", "--store", Path.Combine(Path.GetTempPath(), "streamrnn-no-store"));
        Assert.Equal(2, missing.Code);
        Assert.Contains("is missing", missing.Error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(args, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
