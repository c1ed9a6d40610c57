using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace StreamRnn.Tests.Storage.Simulation;

/// <summary>
/// Histories by seed: after any kill, loss of power or error of the disk no alert is lost or altered and nothing that was learned is lost. Long form: <c>STREAMRNN_HISTORIES=20000</c>;
/// one again: <c>STREAMRNN_HISTORY=seed</c>.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private static readonly ulong? One = ulong.TryParse(Environment.GetEnvironmentVariable("STREAMRNN_HISTORY"), CultureInfo.InvariantCulture, out var seed) ? seed : null;
    private static readonly int Count = int.TryParse(Environment.GetEnvironmentVariable("STREAMRNN_HISTORIES"), CultureInfo.InvariantCulture, out var count) ? count : 600;

    public static TheoryData<int> Controls => [.. Enum.GetValues<Control>().Where(c => c != Control.None).Select(c => (int)c)];

    [Fact]
    public async Task WhateverFailsTheAlertsAreThoseOfALifeThatWasNeverInterrupted()
    {
        if (One is { } one)
        {
            if (Simulation.Live(Plan.Of(one)).Problem is { } known)
                Assert.Fail(Report(one, known));
            return;
        }

        var (began, worked) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var lived = new ConcurrentBag<Lived>();
        (ulong Seed, string Problem)? failed = null;
        var last = 0;
        // Threads of their own: other tests wait for those of the pool.
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        var took = Stopwatch.GetElapsedTime(began);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{lived.Count} histories in {took.TotalSeconds:0.0} s, {lived.Count / took.TotalMinutes:0} a minute on {Environment.ProcessorCount} processors, {(Environment.CpuUsage.TotalTime - worked).TotalMilliseconds / lived.Count:0.0} ms of a processor each: "
            + $"{lived.Sum(l => l.Crashes)} kills, of them {lived.Sum(l => l.CrashesStarting)} amid a start and {lived.Sum(l => l.CrashesStopping)} amid a stop, {lived.Sum(l => l.Faults)} errors of the disk; "
            + $"{lived.Sum(l => l.DeliveredAgain)} payloads delivered again; {lived.Sum(l => l.Alerts)} alert events in {lived.Count(l => l.Alerts > 0)} histories, {lived.Sum(l => l.Repeated)} repeated; {lived.Count(l => l.LetGo)} histories let go of entries"));
        if (failed is { } first)
            Assert.Fail(Report(first.Seed, first.Problem));

        // What nothing happens in proves nothing.
        Assert.True(lived.Count(l => l.Alerts > 0) > 0.6 * Count, "too few histories have alerts");
        Assert.True(lived.Count(l => l.Crashes > 0) > 0.5 * Count, "too few histories have kills");
        Assert.True(lived.Count(l => l.LetGo) > 0.1 * Count, "too few histories let go of entries");
        Assert.True(lived.Count(l => l.Faults > 0) > 0.1 * Count, "too few histories have errors of the disk");
        Assert.Contains(lived, l => l.Repeated > 0);
        Assert.Contains(lived, l => l.DeliveredAgain > 0);
        Assert.Contains(lived, l => l.CrashesStarting > 1);
        Assert.Contains(lived, l => l.CrashesStopping > 0);

        void Work()
        {
            while (failed is null && Interlocked.Increment(ref last) is var seed && seed <= Count)
            {
                var (problem, history) = Simulation.Live(Plan.Of((ulong)seed));
                lived.Add(history);
                if (problem is null)
                    continue;
                lock (lived)
                    failed = failed is { } other && other.Seed < (ulong)seed ? other : ((ulong)seed, problem);
            }
        }
    }

    /// <summary>Each is caught within as many histories as are lived in CI.</summary>
    [Theory, MemberData(nameof(Controls))]
    public void WhatIsBrokenOnPurposeIsCaught(int control)
    {
        var caught = Enumerable.Range(1, 400).Select(seed => (Seed: (ulong)seed, Simulation.Live(Plan.Of((ulong)seed), (Control)control).Problem)).FirstOrDefault(p => p.Problem is not null);
        Assert.NotNull(caught.Problem);
        output.WriteLine($"{(Control)control}: history {caught.Seed}: {caught.Problem[..Math.Min(200, caught.Problem.Length)]}");
        Assert.Null(Simulation.Live(Plan.Of(caught.Seed)).Problem);
    }

    [Fact]
    public void ASeedIsTheSameHistoryEachTime()
    {
        for (var seed = 1UL; seed <= 12; seed++)
        {
            var (one, other) = (new List<string>(), new List<string>());
            Simulation.Live(Plan.Of(seed), trace: one);
            Simulation.Live(Plan.Of(seed), trace: other);
            Assert.Equal(one, other);
        }
    }

    [Fact]
    public void AFailureIsMadeSmall()
    {
        var plan = Plan.Of(Enumerable.Range(1, 400).Select(s => (ulong)s).First(s => Simulation.Live(Plan.Of(s), Control.MarksBeforeItIsSent).Problem is not null));
        var (small, problem) = Plan.Shrink(plan, "", Control.MarksBeforeItIsSent);
        Assert.Contains("was not seen", problem, StringComparison.Ordinal);
        Assert.True(small.Readings <= plan.Readings && small.Trouble < plan.Trouble / 2 && small.Faults == 0, $"{small}");
    }

    private static string Report(ulong seed, string problem)
    {
        var trace = new List<string>();
        var (plan, small) = Plan.Shrink(Plan.Of(seed), problem);
        Simulation.Live(plan, trace: trace);
        return $"""
            history {seed}: {problem}
            as small as it becomes: {plan}
            {string.Join("\n", trace)}
            {small}
            again: STREAMRNN_HISTORY={seed} dotnet test tests/StreamRnn.Tests -c Release --filter SimulationTests
            """;
    }
}
