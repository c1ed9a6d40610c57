using Microsoft.Extensions.Time.Testing;
using StreamRnn.Simulators;
using StreamRnn.Simulators.Playing;

namespace StreamRnn.Tests.Simulators;

public sealed class PlaybackTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void AtASpeedSimulatedTimeRunsSoManyTimesAsFast() =>
        Assert.Equal(Noon.AddSeconds(10), Pace.AtSpeed(60).LeavesAt(Noon.AddMinutes(-50), 7, Noon.AddHours(-1), Noon));

    [Fact]
    public void AtARateReadingsLeaveEvenly() =>
        Assert.Equal(Noon.AddSeconds(2.5), Pace.AtRate(4).LeavesAt(Noon.AddDays(-1), 10, Noon.AddDays(-2), Noon));

    [Fact]
    public void NothingLeavesBeforeItsOwnTimeWhateverThePace()
    {
        foreach (var pace in new[] { Pace.AtSpeed(1000), Pace.AtRate(1e6), Pace.AsFastAsPossible, Pace.RealTime })
            Assert.True(pace.LeavesAt(Noon.AddHours(1), 0, Noon.AddHours(-1), Noon) >= Noon.AddHours(1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void APaceThatIsNoneIsRefused(double pace)
    {
        Assert.Throws<ArgumentException>(() => Pace.AtSpeed(pace));
        Assert.Throws<ArgumentException>(() => Pace.AtRate(pace));
    }

    [Fact]
    public async Task SimulatedTimeNeverOvertakesTheClockAndCatchesUpAtTheEnd()
    {
        var clock = new FakeTimeProvider(Noon) { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) };
        var length = TimeSpan.FromHours(2);
        var start = Scenario.StartToEndAtTheClock(Noon, length, speed: 60);
        var scenario = Scenario.Create(1, ["freezer", "market"], 2, start, options: new ScenarioOptions { Length = length });
        var last = TimeSpan.Zero;
        var playing = new Playback(Pace.AtSpeed(60), clock).PlayAsync(scenario.Emissions(), scenario.Start, (emission, _) =>
        {
            last = clock.GetUtcNow() - emission.Due;
            Assert.True(last >= -TimeSpan.FromMilliseconds(2), $"{emission.Due} left at {clock.GetUtcNow()}");
            return ValueTask.CompletedTask;
        }, CancellationToken.None);
        for (var i = 0; i < 1_000_000 && !playing.IsCompleted; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(5));
            await Task.Yield();
        }

        Assert.True(playing.IsCompletedSuccessfully, playing.Exception?.ToString());
        Assert.True(last < TimeSpan.FromMinutes(2), $"{last}");
        Assert.Equal((await playing).Readings, scenario.Emissions().Count());
    }

    [Fact]
    public async Task ProgressCountsReadingsAndLabelsApart()
    {
        var scenario = Scenario.Create(1, ["freezer"], 1, ScenarioTests.Monday, [StreamRnn.Simulators.Faults.Fault.Parse("spike@30m")], ScenarioTests.Hours(1));
        var progress = await new Playback(Pace.AsFastAsPossible).PlayAsync(scenario.Emissions(), null, (_, _) => ValueTask.CompletedTask, CancellationToken.None);
        Assert.Equal((60, 2), (progress.Readings, progress.Labels));
        Assert.Equal(scenario.Emissions().Last().Due, progress.Simulated);
    }

    [Fact]
    public async Task APlaybackIsStopped()
    {
        using var stop = new CancellationTokenSource();
        var endless = Scenario.Create(1, ["freezer"], 1, ScenarioTests.Monday).Emissions();
        var sent = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new Playback(Pace.AsFastAsPossible).PlayAsync(endless, null, (_, _) =>
        {
            if (++sent == 500)
                stop.Cancel();
            return ValueTask.CompletedTask;
        }, stop.Token));
        Assert.Equal(500, sent);
    }
}
