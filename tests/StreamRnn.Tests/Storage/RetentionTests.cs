using StreamRnn.Pipeline;
using StreamRnn.Readings;
using StreamRnn.Storage;

namespace StreamRnn.Tests.Storage;

/// <summary>Entries are kept as long as was asked for, within the bytes that were allowed, and always where recovery needs them.</summary>
public sealed class RetentionTests : IDisposable
{
    private static readonly Instant Start = new(1_772_000_000_000_000);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("streamrnn-retention-");
    private readonly Journal _journal;

    public RetentionTests() => _journal = Journal.Open(_folder.FullName, new DeviceRegistry(), durable: false);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(3001)]
    public void EntriesThatAreTooOldGoAtOnceAndNoneOther(int old)
    {
        Tick(4000);
        Prune(4000, Start + TimeSpan.FromSeconds(old), long.MaxValue);
        Assert.Equal(old + 1, _journal.First);
        Assert.Equal(Enumerable.Range(old + 1, 4001 - old).Select(i => (long)i), _journal.ReadFrom(1).Select(e => e.Position));
    }

    [Fact]
    public void WhatRecoveryNeedsStaysHoweverOldItIsAndHoweverLargeTheFile()
    {
        Tick(1000);
        Prune(500, new Instant(long.MaxValue), 1);
        Assert.Equal(500, _journal.First);
    }

    // Between two looks at what is too old come 64 commits, each of some ten ticks where nothing else happens.
    [Fact]
    public void AQuietServiceLosesAsManyEntriesAsItGains()
    {
        for (var round = 0; round < 6; round++)
        {
            Tick(640);
            Prune(_journal.Position, Start + TimeSpan.FromSeconds(_journal.Position - 1000), long.MaxValue);
        }

        Assert.InRange(_journal.Position - _journal.First, 990, 1000);
    }

    [Fact]
    public void AFileThatIsTooLargeBecomesAsSmallAsWasAllowed()
    {
        Tick(4000);
        var allowed = _journal.Bytes / 2;
        for (var round = 0; round < 5; round++)
            Prune(4000, default, allowed);
        Assert.InRange(_journal.Bytes, allowed / 2, allowed);
    }

    public void Dispose()
    {
        _journal.Dispose();
        _folder.Delete(recursive: true);
    }

    private void Tick(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var now = Start + TimeSpan.FromSeconds(_journal.Position);
            _journal.Add(new Arrivals { Now = now, Heard = now });
        }

        _journal.Commit();
    }

    private void Prune(long needed, Instant oldest, long maxBytes)
    {
        _journal.Prune(needed, oldest, maxBytes);
        _journal.Add(new Arrivals { Now = Start + TimeSpan.FromSeconds(_journal.Position), Heard = Start });
        _journal.Commit();
    }
}
